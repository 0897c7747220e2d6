"""One policy of the organisation, as it is in force for the project.

A project without an organisation has none.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from infra.preflight.context import Preflight
from infra.preflight.gcloud import GcloudError, Kind
from shared.commands.checks.finding import Finding, failure, ok, warning

EXCEPTION: Final = (
    "{page}, filter {constraint}, *Manage policy*, *Override parent's policy*, *Add a rule*, "
    "*{rule}*, *Set policy*; it takes an administrator with roles/orgpolicy.policyAdmin, and some "
    "minutes"
)


class Rules:
    """A policy in force: its rules without conditions, since what tags decide is not seen here."""

    def __init__(self, policy: Mapping[str, Any]) -> None:
        rules = policy.get("spec", {}).get("rules", ())
        self._rules: Sequence[Mapping[str, Any]] = [one for one in rules if "condition" not in one]

    @property
    def enforced(self) -> bool:
        """Whether a constraint that is on or off is on."""
        return any(str(one.get("enforce")).lower() == "true" for one in self._rules)

    def allows(self, value: str) -> bool:
        """Whether a constraint with a list of values allows this one."""
        if any(one.get("denyAll") for one in self._rules) or value in self.values("deniedValues"):
            return False
        if any(one.get("allowAll") for one in self._rules):
            return True
        allowed = self.values("allowedValues")
        return not allowed or value in allowed

    def values(self, kind: str) -> set[str]:
        """Return the values of a list, without the prefix that says they are no groups."""
        listed = [value for one in self._rules for value in one.get("values", {}).get(kind, ())]
        return {str(value).removeprefix("is:") for value in listed}

    def parameter(self, name: str) -> set[str]:
        """Return a managed constraint's list of that name."""
        return {
            str(value) for one in self._rules for value in one.get("parameters", {}).get(name, ())
        }


@dataclass(frozen=True, slots=True)
class Policy:
    """One constraint, what keeps the deployment from it, and the rule of an exception."""

    name: str
    constraint: str
    forbids: Callable[[Preflight, Rules], str]
    """Returns what is forbidden, empty where nothing is."""
    rule: str = "Allow all"
    otherwise: str = ""
    """A way round, besides the exception."""


async def policy_allows(preflight: Preflight, policy: Policy) -> Finding:
    """Ask for one policy in force, and whether the deployment gets along with it."""
    if "parent" not in await preflight.describe():
        return ok("the project belongs to no organisation")
    try:
        found = await preflight.ask("org-policies", "describe", policy.constraint, "--effective")
    except GcloudError as error:
        if error.kind is not Kind.ABSENT:
            raise
        return ok(f"{policy.constraint} is not set")
    forbidden = policy.forbids(preflight, Rules(found))
    if not forbidden:
        return ok(f"{policy.constraint} forbids nothing here")
    fix = _fix(preflight, policy)
    if await preflight.list_made():
        return warning(f"{policy.constraint} forbids anew: {forbidden}. What is made stays.", fix)
    return failure(f"{policy.constraint} forbids: {forbidden}.", fix)


def _fix(preflight: Preflight, policy: Policy) -> str:
    page = preflight.console("iam-admin/orgpolicies")
    exception = EXCEPTION.format(page=page, constraint=policy.constraint, rule=policy.rule)
    return f"{policy.otherwise}; or {exception}" if policy.otherwise else exception
