"""What all connections, or single ones, suffer from, as the running functions met it."""

from collections import Counter
from typing import Final

from shared.commands.checks.context import CheckContext
from shared.commands.checks.finding import Finding, count_of, failure, ok, warning
from shared.domain.connect.connection import Connection
from shared.domain.google.refusals import Concern
from shared.domain.google.trouble import REMEDIES
from shared.domain.sync.status import Failure
from shared.domain.sync.status import failure as failure_of
from shared.domain.trouble_board import BOARD
from shared.domain.troubles import CODES, docs_of

PASSES: Final = {Concern.RATE, Concern.CONCURRENCY, Concern.PASSING}


async def nothing_troubles_all(context: CheckContext) -> Finding:
    """Read the board that each function writes what it met to."""
    found = await context.store.troubles.get(BOARD)
    lasting = found.value.lasting(context.now) if found else {}
    if not lasting:
        return ok("nothing keeps all connections from working")
    code, one = min(lasting.items(), key=lambda pair: pair[1].since)
    others = f", and {len(lasting) - 1} more" if len(lasting) > 1 else ""
    return failure(
        f"{code} since {one.since:%Y-%m-%d %H:%M} UTC{others}.",
        f"{REMEDIES.get(code, '')} See {docs_of(code)}.",
    )


async def each_connection_works(context: CheckContext) -> Finding:
    """Name what keeps single connections from working, but for what passes by itself."""
    connections = await context.connections()
    found = [await _failure(context, one) for one in connections]
    codes = Counter(one.code for one in found if one and CODES.get(one.code) not in PASSES)
    if not codes:
        return ok(f"{count_of(len(connections), 'connection')}, none of which stands still")
    told = ", ".join(f"{code} ({count})" for code, count in codes.most_common())
    guides = ", ".join(filter(None, (docs_of(code) for code, _ in codes.most_common())))
    return warning(
        f"{count_of(codes.total(), 'connection')} of {len(connections)} cannot be synced: {told}.",
        f"See {guides or 'GET /operations'}.",
    )


async def _failure(context: CheckContext, connection: Connection) -> Failure | None:
    state = await context.store.sync_states.get(connection.id)
    return failure_of(connection, state.value if state else None)
