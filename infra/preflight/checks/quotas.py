"""What Cloud Run lets the project have in the region, beside what the environment says."""

from collections.abc import Mapping
from typing import Any, Final

from infra.preflight.context import Preflight
from shared.commands.checks.finding import Finding, NotCheckedError, failure, ok, warning

CPU: Final = "CpuAllocPerProjectRegion"
MILLI: Final = 1_000
LEAST: Final = 12
"""A vCPU for each function, two for sync_mailbox: variables_platform.tf takes no less."""


async def vcpus_are_allowed(preflight: Preflight) -> Finding:
    """Ask for the quota in thousandths of a vCPU; Google checks it at each deployment."""
    found = await preflight.ask(
        "beta", "quotas", "info", "describe", CPU, "--service=run.googleapis.com"
    )
    allowed = _value(found, preflight.region) // MILLI
    wanted = int(preflight.variables["vcpu_quota"])
    page = preflight.console("iam-admin/quotas")
    more = (
        f'{page}, filter "{CPU}", the row of {preflight.region}, *Edit*: ask for {{0}} vCPU '
        f"({{0}}000)"
    )
    if allowed < LEAST:
        return failure(
            f"{preflight.region} gives {allowed} vCPU, and the functions need {LEAST}.",
            f"{more.format(max(wanted, 20))}; or another region",
        )
    if allowed < wanted:
        return failure(
            f"{preflight.region} gives {allowed} vCPU; vcpu_quota says {wanted}.",
            f"vcpu_quota = {allowed}; or {more.format(wanted)}",
        )
    if allowed > wanted:
        return ok(f"{allowed} in {preflight.region}: vcpu_quota = {wanted} could be raised")
    return ok(f"{allowed} in {preflight.region}, as vcpu_quota says")


async def sizes_fit_the_instances(preflight: Preflight) -> Finding:
    """Compare the sizes asked for with instances_quota, which no quota of Google's names."""
    limit = preflight.variables["instances_quota"]
    if limit is None:
        return warning(
            "instances_quota is not set; some new projects get ten instances a function, and no "
            "quota says so (FACTS 18.2).",
            'Nothing, until an apply says "maxScale may not exceed 10": then instances_quota = 10',
        )
    sizes: Mapping[str, Mapping[str, str]] = preflight.variables["sizes"]
    over = [name for name, one in sizes.items() if int(one.get("max_instances", 0)) > limit]
    if over:
        return failure(
            f"More than {limit} instances are asked for: {', '.join(sorted(over))}.",
            "Lower their max_instances in sizes",
        )
    return ok(f"no function has more than {limit} instances")


def _value(found: Mapping[str, Any], region: str) -> int:
    """Return the value for the region: the most specific rows come first."""
    for row in found.get("dimensionsInfos", ()):
        here = (row.get("dimensions") or {}).get("region", region) == region
        places = row.get("applicableLocations", [region])
        if here and region in places:
            return int(row.get("details", {}).get("value", 0))
    raise NotCheckedError(f"Google names no quota {CPU} for {region}.")
