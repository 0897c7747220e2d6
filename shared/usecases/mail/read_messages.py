"""Messages to read: from the records where they are stored, else from Gmail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from shared.domain.ids import ConnectionId, MessageId, ThreadId
from shared.domain.mail.reading.markup.hidden_text import without_hidden
from shared.domain.mail.reply_text.extract import reply_text
from shared.domain.sync.quota_units import UNITS
from shared.domain.sync.records.record import Record
from shared.errors import GmailNotFoundError
from shared.ports.google.gmail import GmailMailboxes, GmailObject
from shared.ports.sync_store import Records
from shared.usecases.mail.conversations import LONGEST_THREAD, read_thread
from shared.usecases.mail.stored import message_of, read_stored
from shared.usecases.off_loop import off_loop, stored_weight
from shared.usecases.sync.work.reading import read

MESSAGE_UNITS: Final = UNITS["GET", "messages/*"]
THREAD_UNITS: Final = UNITS["GET", "threads/*"]
_SHOWN: Final = ("id", "threadId", "from", "to", "cc", "subject", "date", "labelIds", "isUnread")
_FILE: Final = ("partId", "filename", "mimeType", "size")


@dataclass(frozen=True, slots=True)
class ReadMail:
    """Messages as an agent reads them; `missing` are ids that Gmail has no message of."""

    messages: Sequence[Mapping[str, Any]]
    missing: Sequence[str] = ()
    units: int = 0


@dataclass(frozen=True, slots=True)
class ReadMessages:
    """Reads messages and conversations of one connection."""

    records: Records
    mailboxes: GmailMailboxes = field(repr=False)

    async def __call__(
        self, connection_id: ConnectionId, ids: Sequence[str], *, whole: bool = False
    ) -> ReadMail:
        """Return the messages in the order asked for.

        0 quota units for what is stored, 20 for each that is not. Raises what Gmail raises.
        """
        stored = await read_stored(self.records, connection_id, ids)
        messages: list[Mapping[str, Any]] = []
        missing: list[str] = []
        units = 0
        for id in dict.fromkeys(ids):
            if id in stored:
                messages.append(await _read_record(stored[id], whole=whole))
                continue
            units += MESSAGE_UNITS
            try:
                found = await self.mailboxes.of(connection_id).message(MessageId(id))
            except GmailNotFoundError:
                missing.append(id)
            else:
                messages.append(await _read_gmail(found, whole=whole))
        return ReadMail(messages, missing, units)

    async def thread(
        self, connection_id: ConnectionId, thread_id: str, *, whole: bool = False
    ) -> ReadMail:
        """Return a conversation's messages, oldest first, each once.

        0 quota units where it is stored, else 40. Raises GmailNotFoundError, and what Gmail raises.
        """
        stored = await read_thread(self.records, connection_id, ThreadId(thread_id))
        if stored:
            return ReadMail([await _read_record(one, whole=whole) for one in stored])
        found = await self.mailboxes.of(connection_id).thread(ThreadId(thread_id))
        newest = found[-LONGEST_THREAD:]
        messages = [await _read_gmail(one, whole=whole) for one in newest]
        return ReadMail(messages, units=THREAD_UNITS)


async def _read_record(record: Record, *, whole: bool) -> dict[str, Any]:
    return await off_loop(
        stored_weight(record), lambda: _readable_fields(message_of(record), whole=whole)
    )


async def _read_gmail(message: GmailObject, *, whole: bool) -> dict[str, Any]:
    fields = await read(message)
    return await off_loop(
        len(fields["html"] or ""), lambda: _readable_fields({**fields}, whole=whole)
    )


def _readable_fields(message: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
    """Return what is read of a message: one text, and its files by their part ids."""
    seen = without_hidden(message)
    text = seen.get("text") or ""
    if not whole:
        stored = seen.get("replyText")
        text = reply_text(text) if stored is None else stored
    files = [one for one in seen.get("attachments", ()) if not one.get("inline")]
    return {
        **{name: seen.get(name) for name in _SHOWN},
        "text": text,
        "attachments": [{name: one.get(name) for name in _FILE} for one in files],
        **({"hidden": True} if seen.get("hidden") else {}),
    }
