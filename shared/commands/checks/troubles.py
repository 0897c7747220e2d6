"""What every connection of the deployment suffers from, as the running functions met it."""

from shared.commands.checks.context import CheckContext
from shared.commands.checks.finding import Finding, failed, ok
from shared.domain.google_trouble import REMEDIES
from shared.domain.trouble_board import BOARD
from shared.domain.troubles import docs_of


async def nothing_troubles_all(context: CheckContext) -> Finding:
    """Read the board that each function writes what it met to."""
    found = await context.store.troubles.get(BOARD)
    lasting = found.value.lasting(context.now) if found else {}
    if not lasting:
        return ok("nothing keeps all connections from working")
    code, one = min(lasting.items(), key=lambda pair: pair[1].since)
    others = f", and {len(lasting) - 1} more" if len(lasting) > 1 else ""
    return failed(
        f"{code} since {one.since:%Y-%m-%d %H:%M} UTC{others}.",
        f"{REMEDIES.get(code, '')} See {docs_of(code)}.",
    )
