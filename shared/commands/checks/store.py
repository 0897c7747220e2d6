"""The store: writes, reads back, deletes, and answers the queries that everything lives by."""

import asyncio
from datetime import timedelta
from secrets import token_hex

from shared.adapters.sqlite.database import first_damage
from shared.commands.checks.context import CheckContext, require_file
from shared.commands.checks.finding import Finding, failure, ok
from shared.domain.connect.connect_session import ConnectTicket, token_hash
from shared.errors import PostroomError

SHOWN = 200
"""Characters of what SQLite says of the damage: page and table names."""


async def store_keeps_what_it_is_given(context: CheckContext) -> Finding:
    """Write a ticket that no browser holds, read it, take it away; then ask what is due."""
    try:
        kept = await _keeps_a_ticket(context)
        await context.store.sync_states.due(context.now, 1)
        await context.store.outbox.due(context.now, 1)
        await context.store.sends.due(context.now, 1)
    except PostroomError as error:
        return failure(f"{context.settings.store}: {error}", _fix(context))
    if not kept:
        return failure(f"{context.settings.store} lost what was just written.", _fix(context))
    return ok(context.settings.store)


async def store_file_is_whole(context: CheckContext) -> Finding:
    """Read every page and index of a local file; Firestore keeps its own."""
    path = context.settings.sqlite_path
    if path is None:
        return ok("Firestore looks after its own files.")
    require_file(path)
    damage = await asyncio.to_thread(first_damage, path.resolve())
    if damage is None:
        return ok(f"{path} is whole.")
    return failure(
        f"{path} is damaged: {damage[:SHOWN]}.",
        f"Stop Postroom and keep a copy of {path}* as they are. Then restore a backup, or save "
        f"what can be read: sqlite3 {path} .recover | sqlite3 recovered.sqlite   To begin anew "
        "on a laptop: make clean && make demo.",
    )


async def _keeps_a_ticket(context: CheckContext) -> bool:
    tickets = context.store.connect_tickets
    id = token_hash(token_hex())
    ticket = ConnectTicket(id, "doctor", expires_at=context.now + timedelta(minutes=1))
    await tickets.create(ticket)
    found = await tickets.get(id)
    return found is not None and found.value == ticket and await tickets.delete(found)


def _fix(context: CheckContext) -> str:
    if (path := context.settings.sqlite_path) is not None:
        return (
            f"Is {path} whole (sqlite3 {path} 'PRAGMA integrity_check'), its directory writable, "
            "the disk not full, and no other program holding it open (lsof)? To begin anew on a "
            "laptop: make clean && make demo."
        )
    project, database = context.settings.firestore
    return (
        f"gcloud firestore databases describe --database='{database}' --project={project}   If it "
        "is there: `make deploy` (an index may be missing or still building), and your account "
        "needs roles/datastore.user."
    )
