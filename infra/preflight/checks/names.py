"""Names that something else has already: Terraform would stop at the first, half-way through."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from infra.preflight.context import Preflight
from infra.preflight.gcloud import GcloudError, Kind
from shared.commands.checks.finding import Finding, failure, ok

QUEUES: Final = frozenset({"live", "bulk", "events", "models", "retries"})


async def bucket_is_free(preflight: Preflight) -> Finding:
    """Look for the archives' bucket: such names are taken for all of Google."""
    bucket = f"gs://{preflight.project}-{preflight.name}-archives"
    if "google_storage_bucket" in await preflight.list_made():
        return ok(f"{bucket} is Terraform's")
    try:
        taken = await preflight.exists("storage", "buckets", "describe", bucket)
    except GcloudError as error:
        if error.kind is not Kind.DENIED:
            raise
        return failure(f"{bucket} is another project's.", 'another name, such as name = "mail"')
    if taken:
        return failure(
            f"{bucket} exists, and Terraform's state does not know it.",
            f"gcloud storage rm {bucket} --recursive; or another name",
        )
    return ok(f"{bucket} is free")


async def database_is_free(preflight: Preflight) -> Finding:
    """Look for a database of that name."""
    name = str(preflight.variables["database"])
    if "google_firestore_database" in await preflight.list_made():
        return ok(f"{name} is Terraform's")
    if await preflight.exists("firestore", "databases", "describe", f"--database={name}"):
        return failure(
            f"A database {name} exists, and Terraform's state does not know it.",
            f'database = "{name}-2"; or terraform -chdir=infra/terraform import -var-file=envs/'
            f"{preflight.environment}.tfvars module.state.google_firestore_database.this "
            f"projects/{preflight.project}/databases/{name}",
        )
    return ok(f"{name} is free")


async def keys_are_free_or_adopted(preflight: Preflight) -> Finding:
    """Look for the key ring, which is never deleted, and its key (FACTS 18.6)."""
    ring = str(preflight.variables["key_ring"] or preflight.name)
    if "google_kms_key_ring" in await preflight.list_made():
        return ok(f"{ring} is Terraform's")
    place = f"--location={preflight.region}"
    taken = await preflight.exists("kms", "keyrings", "describe", ring, place)
    adopt = bool(preflight.variables["adopt_keys"])
    if taken and not adopt:
        return failure(
            f"A key ring {ring} exists; none can be deleted.",
            f'key_ring = "{ring}2"; or adopt_keys = true, to take it over with its key',
        )
    if not adopt:
        return ok(f"{ring} is free")
    key = ("kms", "keys", "describe", "grants", f"--keyring={ring}", place)
    if not (taken and await preflight.exists(*key)):
        return failure(
            f"adopt_keys is true, and there is no key grants in a ring {ring}.",
            "adopt_keys = false",
        )
    return _living(await preflight.ask(*key), ring, preflight)


def _living(key: Any, ring: str, preflight: Preflight) -> Finding:
    state = key.get("primary", {}).get("state", "absent")
    if state == "ENABLED":
        return ok(f"{ring} and its key are adopted")
    return failure(
        f"The key grants of {ring} has no living version (primary: {state}).",
        f"gcloud kms keys versions create --key=grants --keyring={ring} "
        f"--location={preflight.region} --project={preflight.project} --primary",
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """One kind of thing that can be listed, and which of its names would be in the way."""

    thing: str
    type: str
    words: Callable[[Preflight], Sequence[str]]
    field: str = "name"


LISTED: Final = (
    Listed(
        "queue",
        "google_cloud_tasks_queue",
        lambda one: ("tasks", "queues", "list", f"--location={one.region}"),
    ),
    Listed("topic", "google_pubsub_topic", lambda _: ("pubsub", "topics", "list")),
    Listed("secret", "google_secret_manager_secret", lambda _: ("secrets", "list")),
    Listed(
        "account",
        "google_service_account",
        lambda _: ("iam", "service-accounts", "list"),
        "email",
    ),
    Listed(
        "function",
        "google_cloudfunctions2_function",
        lambda one: ("functions", "list", f"--regions={one.region}"),
    ),
    Listed(
        "repository",
        "google_artifact_registry_repository",
        lambda one: ("artifacts", "repositories", "list", f"--location={one.region}"),
    ),
)


async def other_names_are_free(preflight: Preflight) -> Finding:
    """List what the project has of each kind that Terraform makes."""
    made = await preflight.list_made()
    taken = [
        f"{kind.thing} {name}"
        for kind in LISTED
        if kind.type not in made
        for name in await _names(preflight, kind)
        if name in QUEUES or name.startswith(f"{preflight.name}-")
    ]
    if taken:
        return failure(
            f"Made by something else than this state: {', '.join(taken)}.",
            "One deployment a project: take another project, delete them, or terraform import "
            'each; all but queues also get out of the way with another name = "..."',
        )
    return ok("no queue, topic, secret, account, function or repository is in the way")


async def _names(preflight: Preflight, kind: Listed) -> Sequence[str]:
    try:
        listed = await preflight.ask(*kind.words(preflight))
    except GcloudError as error:
        if error.kind is Kind.API_OFF:
            return ()
        raise
    return [*_last_parts(listed, kind.field)]


def _last_parts(listed: Sequence[Any], field: str) -> Iterator[str]:
    for one in listed:
        yield str(one[field]).rpartition("/")[2].partition("@")[0]
