"""Taking a fetched message in: read, packed and gathered, or set aside for what it is."""

import logging
from collections.abc import Mapping

from shared.domain.ids import MessageId
from shared.domain.sync.records.record import QuarantineEntry, RecordHead
from shared.ports.google.gmail import GmailObject
from shared.usecases.sync.work.changes import TOO_COSTLY, UNREADABLE, Changes
from shared.usecases.sync.work.run import Run

log = logging.getLogger(__name__)


async def take_in(
    run: Run,
    changes: Changes,
    message: GmailObject,
    known: RecordHead | None = None,
    bodies: Mapping[str, bytes] | None = None,
    entry: QuarantineEntry | None = None,
) -> bool:
    """Add a message to a commit, `entry` being how it is quarantined so far.

    Whatever its content makes a parser raise is charged to it: it is quarantined, and the rest of
    the commit goes on. False for one that is not kept. Raises FencedOutError.
    """
    message_id = MessageId(message["id"])
    await run.held.beat()
    try:
        kept = await changes.store(message, known, bodies, entry.origin if entry else None)
    except Exception as error:  # noqa: BLE001  no mail may fail the mailbox, however it does it
        log.warning("unreadable message", extra={"error_type": type(error).__name__})
        changes.set_aside(message_id, UNREADABLE, entry)
        return True
    if entry is not None:
        changes.released.append(message_id)
    return kept


async def set_aside_suspect(run: Run) -> None:
    """Quarantine the message that the last worker died of, as one before it had."""
    suspect = run.state.suspect
    if suspect is None:
        return
    found = await run.quarantine.get(run.connection_id, [suspect.message_id])
    changes = run.changes(suspect.origin)
    changes.set_aside(suspect.message_id, TOO_COSTLY, found.get(suspect.message_id))
    await run.commit(changes, lambda state: state)
    run.note("too_costly", run.clock.now())
