"""The region and the database's location: known to every service that runs there."""

from typing import Final

from infra.preflight.context import Preflight
from infra.preflight.gcloud import GcloudError, Kind
from shared.commands.checks.finding import Finding, NotCheckedError, failure, ok

LISTS: Final = {
    "Cloud Run": ("run", "regions", "list"),
    "Cloud Functions": ("functions", "regions", "list"),
    "Cloud Tasks": ("tasks", "locations", "list"),
    "Cloud Scheduler": ("scheduler", "locations", "list"),
    "Cloud KMS": ("kms", "locations", "list"),
    "Artifact Registry": ("artifacts", "locations", "list"),
}
DATABASES: Final = ("firestore", "locations", "list")


async def region_is_everywhere(preflight: Preflight) -> Finding:
    """Ask each service for its regions; one whose API is off cannot be asked yet."""
    known = {name: await _places(preflight, *words) for name, words in LISTS.items()}
    asked = {name: places for name, places in known.items() if places is not None}
    absent = [name for name, places in asked.items() if preflight.region not in places]
    if absent:
        return failure(
            f"{preflight.region} is no region of {', '.join(absent)}.",
            f"region: one of {_choice(asked)}",
        )
    if not asked:
        raise NotCheckedError("No API that knows the regions is on.")
    return ok(f"{preflight.region}, known to {', '.join(asked)}")


async def database_has_a_place(preflight: Preflight) -> Finding:
    """Ask Firestore for its locations: the one that is taken can never be changed."""
    location = preflight.variables["firestore_location"] or preflight.region
    places = await _places(preflight, *DATABASES)
    if places is None:
        raise NotCheckedError("Firestore's API is off, and Terraform switches it on.")
    if location not in places:
        return failure(
            f"{location} is no location of Firestore.",
            f"firestore_location: {preflight.region} or a multi-region, {_choice({'': places})}",
        )
    return ok(f"{location}, for ever")


async def _places(preflight: Preflight, *words: str) -> frozenset[str] | None:
    """Return the ids of a service's locations, None where its API is off."""
    try:
        listed = await preflight.ask(*words)
    except GcloudError as error:
        if error.kind is Kind.API_OFF:
            return None
        raise
    return frozenset(str(one.get("locationId") or one["name"].rpartition("/")[2]) for one in listed)


def _choice(asked: dict[str, frozenset[str]]) -> str:
    return ", ".join(sorted(frozenset.intersection(*asked.values())))
