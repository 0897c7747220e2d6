"""The domain: the caller's own, as Google sees it."""

from infra.preflight.context import Preflight
from shared.commands.checks.finding import Finding, ok, warning


async def domain_is_verified(preflight: Preflight) -> Finding:
    """Ask which domains the caller has proved to own; Branding takes no others."""
    if not preflight.balanced:
        return ok("none is needed")
    domain = str(preflight.variables["domain"])
    listed = await preflight.ask("domains", "list-user-verified")
    verified = {str(one["id"]) for one in listed or ()}
    parts = domain.split(".")
    parents = {".".join(parts[at:]) for at in range(len(parts) - 1)}
    if found := sorted(parents & verified):
        return ok(f"{domain}, under {found[0]}")
    return warning(
        f"The caller has proved none of {', '.join(sorted(parents, key=len))} to be theirs: "
        'Google\'s verification of an external app wants every domain of "Authorized domains" so.',
        f"gcloud domains verify {min(parents, key=len)}; not needed where all mailboxes are of "
        "your own Workspace, or where a colleague has done it",
    )
