"""The draft protocol: submit once, and find out what an unclear answer meant (DESIGN 6).

drafts.send consumes the draft (FACTS 5.7; that it does so atomically is inferred). So a draft
that is still there was not sent, and sending it again can deliver at most once. A draft is never
deleted after an unclear outcome: deleting a consumed one may delete the sent message (FACTS 5.8).
"""

from dataclasses import dataclass
from datetime import timedelta

from shared.domain.ids import ThreadId
from shared.domain.send import MARKER_HEADER, DeliveryMode, SendEntry, SendState
from shared.errors import GmailNotFoundError, GmailRefusedError, GmailUnavailableError
from shared.ports.clock import Clock
from shared.ports.gmail import Draft, GmailObject, GmailSend, Sent
from shared.usecases.send.ledger import LedgerEntry

CLOCK_SKEW = timedelta(minutes=5)
LOOK_AGAIN = (
    timedelta(seconds=2),
    timedelta(seconds=15),
    timedelta(seconds=60),
    timedelta(minutes=3),
)
"""A sent message may take a while to show (FACTS 3.6, 4.3)."""
DRAFT_GONE = frozenset({400, 404})


@dataclass(frozen=True, slots=True)
class Protocol:
    """Moves one claimed ledger entry towards a final state."""

    gmail: GmailSend
    clock: Clock

    async def advance(self, entry: LedgerEntry, raw: bytes) -> None:
        """Go on from the entry's state until it is final or must be looked at later.

        Raises ConflictError where another worker has the entry now, and what Gmail raises where
        nothing was submitted.
        """
        if entry.mode is DeliveryMode.DIRECT:
            await self._direct(entry, raw)
            return
        if entry.state is SendState.ACCEPTED:
            await self._draft(entry, raw)
        if entry.state is SendState.DRAFTED:
            await entry.write(state=SendState.SUBMITTING)
            await self._submit(entry)
        elif entry.state is SendState.SUBMITTING:
            await self._resolve(entry)

    async def _direct(self, entry: LedgerEntry, raw: bytes) -> None:
        """One attempt, never repeated once the request left: nothing could tell (FACTS 5.6)."""
        if entry.state is SendState.SUBMITTING:
            await entry.unknown("The request was sent and its answer was lost.")
            return
        await entry.write(state=SendState.SUBMITTING)
        try:
            sent = await self.gmail.send(raw, entry.value.thread_id)
        except GmailUnavailableError as error:
            if error.sent:
                await entry.unknown("The request was sent and its answer was lost.")
                return
            await entry.write(state=SendState.ACCEPTED)
            raise
        except GmailRefusedError as error:
            await entry.refused(error)
        else:
            await self._submitted(entry, sent)

    async def _draft(self, entry: LedgerEntry, raw: bytes) -> None:
        """Create the draft, or adopt the one an earlier attempt may have left."""
        draft = await self._adoptable(entry) if entry.value.attempts > 1 else None
        if draft is None:
            try:
                draft = await self.gmail.create_draft(raw, entry.value.thread_id)
            except GmailRefusedError as error:
                await entry.refused(error)
                return
            except GmailUnavailableError:
                # The draft may exist without our knowing: the next attempt looks for its marker.
                draft = await self._adoptable(entry)
                if draft is None:
                    raise
        await entry.write(
            state=SendState.DRAFTED,
            draft_id=draft.id,
            draft_message_id=draft.message_id,
            thread_id=draft.thread_id,
        )

    async def _adoptable(self, entry: LedgerEntry) -> Draft | None:
        since = entry.value.created_at - CLOCK_SKEW
        for draft in await self.gmail.recent_drafts(since):
            try:
                message = await self.gmail.headers(draft.message_id, (MARKER_HEADER,))
            except GmailNotFoundError:
                continue
            if _bears(message, entry.value.marker):
                return draft
        return None

    async def _submit(self, entry: LedgerEntry) -> None:
        try:
            sent = await self.gmail.send_draft(entry.value.draft_id or "")
        except GmailRefusedError as error:
            if error.status in DRAFT_GONE:
                await self._resolve(entry)
            else:
                await entry.refused(error)
        except GmailUnavailableError:
            await self._resolve(entry)
        else:
            await self._submitted(entry, sent)

    async def _resolve(self, entry: LedgerEntry) -> None:
        """Read what became of the draft; retry only while it is provably unsent."""
        draft = await self.gmail.get_draft(entry.value.draft_id or "")
        if draft is None:
            await self._look_for_sent(entry)
        elif draft.message_id != entry.value.draft_message_id:
            await entry.failed("draft_changed", "The draft was edited before it was sent.")
        else:
            await self._submit_again(entry)

    async def _submit_again(self, entry: LedgerEntry) -> None:
        """Send the untouched draft once more; another unclear answer is for the next look."""
        try:
            sent = await self.gmail.send_draft(entry.value.draft_id or "")
        except (GmailRefusedError, GmailUnavailableError) as error:
            refused = isinstance(error, GmailRefusedError) and error.status not in DRAFT_GONE
            if refused and isinstance(error, GmailRefusedError):
                await entry.refused(error)
            else:
                await entry.later(LOOK_AGAIN[0])
        else:
            await self._submitted(entry, sent)

    async def _look_for_sent(self, entry: LedgerEntry) -> None:
        sent = await self._sent_message(entry.value)
        if sent is not None:
            await self._submitted(entry, sent)
            return
        looks = entry.value.looks
        if looks < len(LOOK_AGAIN):
            await entry.later(LOOK_AGAIN[looks], looks=looks + 1)
        else:
            await entry.unknown("The draft is gone and no sent message bears its marker.")

    async def _sent_message(self, value: SendEntry) -> Sent | None:
        """Answer the sent message with our marker: in the draft's thread, else in Sent."""
        if value.thread_id is not None:
            found = _with_marker(await self._thread(value.thread_id), value.marker)
            if found is not None:
                return found
        for ref in await self.gmail.sent_since(value.created_at - CLOCK_SKEW):
            message = await self.gmail.headers(ref.id, (MARKER_HEADER,))
            if _bears(message, value.marker):
                return Sent(ref.id, ref.thread_id)
        return None

    async def _thread(self, thread_id: ThreadId) -> list[GmailObject]:
        try:
            return list(await self.gmail.thread_headers(thread_id, (MARKER_HEADER,)))
        except GmailNotFoundError:
            return []

    async def _submitted(self, entry: LedgerEntry, sent: Sent) -> None:
        await entry.submitted(sent, await self._real_message_id(sent))

    async def _real_message_id(self, sent: Sent) -> str | None:
        """Read the Message-ID Gmail gave it (FACTS 5.4); nice to have, never worth failing for."""
        try:
            message = await self.gmail.headers(sent.id, ("Message-ID",))
        except Exception:  # noqa: BLE001  the mail is out: nothing here may say otherwise
            return None
        return _header(message, "Message-ID")


def _with_marker(messages: list[GmailObject], marker: str) -> Sent | None:
    for message in messages:
        if "SENT" in message.get("labelIds", ()) and _bears(message, marker):
            return Sent(message["id"], message["threadId"])
    return None


def _bears(message: GmailObject, marker: str) -> bool:
    return _header(message, MARKER_HEADER) == marker


def _header(message: GmailObject, name: str) -> str | None:
    for header in message.get("payload", {}).get("headers", ()):
        if header["name"].lower() == name.lower():
            value: str = header["value"]
            return value
    return None
