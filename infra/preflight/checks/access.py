"""Who asks: signed in to gcloud and for Terraform, with the rights of an apply."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.preflight.context import Preflight
from infra.preflight.gcloud import GcloudError, Kind
from shared.commands.checks.finding import Finding, failure, ok, warning

OWNER: Final = "roles/owner"
NEARLY: Final = frozenset({"roles/editor", "roles/iam.securityAdmin"})
"""What should do in place of an owner, and was never tried."""
BUDGETS: Final = frozenset({"roles/billing.admin", "roles/billing.costsManager"})
SIGN_IN: Final = "gcloud auth login && gcloud auth application-default login"
Members = Mapping[str, frozenset[str]]


async def caller_is_signed_in(preflight: Preflight) -> Finding:
    """Ask for gcloud's own account, and for the credentials that Terraform takes."""
    active = await preflight.gcloud.ask("auth", "list", "--filter=status:ACTIVE")
    if not active:
        return failure("No account is signed in to gcloud.", SIGN_IN)
    try:
        await preflight.gcloud.ask("auth", "application-default", "print-access-token")
    except GcloudError as error:
        return failure(f"Terraform finds no credentials: {error}", SIGN_IN)
    return ok(f"{active[0]['account']}, and Terraform has credentials")


async def caller_may_deploy(preflight: Preflight) -> Finding:
    """Look for the caller in the policies of the project and of what it lies in."""
    me = _member(await preflight.account())
    members = _members(await _policies(preflight))
    held = {role for role, names in members.items() if me in names}
    if OWNER in held:
        return ok(f"{me} is {OWNER}")
    grant = f"gcloud projects add-iam-policy-binding {preflight.project} --member={me}"
    if held >= NEARLY:
        roles = " and ".join(sorted(NEARLY))
        return warning(f"{me} has {roles}: that should do.", f"{grant} --role={OWNER}")
    groups = sorted(one for one in members.get(OWNER, ()) if one.startswith(("group:", "domain:")))
    if groups:
        return warning(
            f"{me} is {OWNER} only if one of {', '.join(groups)}: members of groups are not seen.",
            f"Make sure of it, or: {grant} --role={OWNER}",
        )
    seen = ", ".join(sorted(held)) or "no role at all"
    return failure(
        f"{me} has {seen}; an apply gives roles and needs {OWNER}.",
        f"An owner runs: {grant} --role={OWNER}",
    )


async def budget_may_be_made(preflight: Preflight) -> Finding:
    """Look for the caller in the policy of the billing account that the budget belongs to."""
    budget = preflight.variables["budget"]
    if budget is None:
        return ok("none is asked for")
    account = budget["billing_account"]
    policy = await preflight.gcloud.ask("billing", "accounts", "get-iam-policy", account)
    me = _member(await preflight.account())
    if any(me in names and role in BUDGETS for role, names in _members([policy]).items()):
        return ok(f"{me} may make budgets of {account}")
    return warning(
        f"{me} is not named among those who make budgets of {account}.",
        f"gcloud billing accounts add-iam-policy-binding {account} --member={me} "
        "--role=roles/billing.costsManager, or budget = null",
    )


async def _policies(preflight: Preflight) -> list[Any]:
    """Return the project's policy and those above it, as far as the caller may read them."""
    try:
        found = await preflight.gcloud.ask(
            "projects", "get-ancestors-iam-policy", preflight.project
        )
    except GcloudError as error:
        if error.kind is not Kind.DENIED:
            raise
        return [await preflight.gcloud.ask("projects", "get-iam-policy", preflight.project)]
    return [one["policy"] for one in found]


def _members(policies: list[Any]) -> Members:
    """Return who has each role; a binding with a condition gives nothing for certain."""
    members: dict[str, frozenset[str]] = {}
    for binding in _bindings(policies):
        role = binding["role"]
        members[role] = members.get(role, frozenset()) | {*binding.get("members", ())}
    return members


def _bindings(policies: list[Any]) -> Iterator[Any]:
    for policy in policies:
        yield from (one for one in policy.get("bindings", ()) if "condition" not in one)


def _member(account: str) -> str:
    kind = "serviceAccount" if account.endswith(".gserviceaccount.com") else "user"
    return f"{kind}:{account}"
