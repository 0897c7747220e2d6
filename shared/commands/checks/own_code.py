"""The deployment's own actions, projections and syncs: here, and as the deployment serves them."""

from collections import Counter

from shared.actions.loading import built_in_actions, catalogue
from shared.actions.syncs import left_out_syncs, own_syncs
from shared.commands.checks.context import CheckContext
from shared.commands.checks.finding import (
    Finding,
    NotCheckedError,
    count_of,
    failure,
    ok,
    warning,
)
from shared.domain.connect.connection import Connection
from shared.domain.connect.scopes import missing

FIX = "Mend the line; `make bundle` names it too, with what Python says. Then deploy again."
FIX_SYNCS = (
    "Rename it, take another out of `shared/actions/custom/`, or name fewer in POSTROOM_SYNCS."
)


async def own_code_is_served(context: CheckContext) -> Finding:
    """Load `shared/actions/custom/` as it is here, and ask the deployment what it left out."""
    here = [str(fault) for fault in catalogue().faults]
    if here:
        return failure(f"Not served: {'; '.join(here)}.", FIX)
    if there := await _modules_left_out(context):
        return failure(f"The deployment does not serve: {'; '.join(there)}.", FIX)
    syncs = context.settings.syncs
    if left := left_out_syncs(syncs):
        names = "; ".join(f"{one.name}: {one.reason}" for one in left)
        return failure(f"Syncs that never run: {names}.", FIX_SYNCS)
    own = len(catalogue().actions) - len(built_in_actions()) + len(catalogue().projections)
    actions = count_of(own, "own action or projection", "own actions and projections")
    return ok(f"{actions}, {count_of(len(own_syncs(syncs).rows), 'sync')}")


async def own_syncs_run(context: CheckContext) -> Finding:
    """Say which own syncs fail, on how many connections, and which no connection may run."""
    rows = own_syncs(context.settings.syncs).rows
    connections = await context.connections()
    failing = Counter([name for one in connections for name in await _failing(context, one)])
    if failing:
        told = ", ".join(f"{name} ({count})" for name, count in failing.most_common())
        return warning(
            f"Own syncs that fail, by connections: {told}.",
            "`error` and `error_site` in GET /sync/status say where; mend the line and deploy.",
        )
    barred = [
        f"{row.name} ({', '.join(row.scopes)})"
        for row in rows
        if connections and all(missing(row.scopes, one.scopes) for one in connections)
    ]
    if barred:
        return warning(
            f"No connection has the scopes of: {'; '.join(barred)}.",
            "Ask for them in `scopes` of POST /connect/sessions; who is connected reconnects.",
        )
    return ok(f"{count_of(len(rows), 'sync')}, none of which fails")


async def _failing(context: CheckContext, connection: Connection) -> list[str]:
    """Return the connection's own syncs that have not worked since they last failed."""
    states = [one.value for one in await context.store.model_syncs.of_connection(connection.id)]
    return [f"{one.sync}: {one.last_error}" for one in states if one.failing_since]


async def _modules_left_out(context: CheckContext) -> list[str]:
    """Return what the deployment's health names; nothing where it does not answer."""
    try:
        answer = await context.ask("GET", f"{context.settings.public_url}/health")
        told = answer.json().get("faults", ())
    except (NotCheckedError, ValueError, AttributeError):
        return []  # the check `address` says so
    return [f"{one['file']}:{one['line']}: {one['error']}" for one in told]
