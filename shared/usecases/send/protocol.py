"""The draft protocol: submit once, and find out what an unclear answer meant (DESIGN 6.2).

drafts.send consumes the draft (FACTS 5.7; that it does so atomically is inferred). So a draft
that is still there was not sent, and sending it again can deliver at most once. A draft is never
deleted after an unclear outcome: deleting a consumed one may delete the sent message (FACTS 5.8).

An answer is clear where Gmail gave one, or where the request certainly never left. `submitting`
means that a request may have left whose answer is unknown; while a send is only `drafted`, none
has.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shared.domain.google.observations import Kinds, Sightings
from shared.domain.ids import ThreadId
from shared.domain.mail.reading.mail_headers import MARKER_HEADER
from shared.domain.send.entry import DeliveryMode, SendEntry, SendState
from shared.errors import (
    GmailNotFoundError,
    GmailRefusedError,
    GmailUnavailableError,
    PostroomError,
    RepeatNeededError,
)
from shared.ports.clock import Clock
from shared.ports.google.gmail import Draft, GmailObject, GmailSend, Sent
from shared.usecases.send.compose import Composed
from shared.usecases.send.ledger import LedgerEntry

CLOCK_SKEW: Final = timedelta(minutes=2)
MOST_LOOKED_AT: Final = 100
"""Messages read one by one in search of a marker, which no query finds (FACTS 5.5)."""
SETTLING: Final = timedelta(seconds=75)
"""After so long a request whose answer was lost has done whatever it will ever do: longer than
the adapter waits for an answer."""
LOOK_AGAIN: Final = (
    timedelta(seconds=2),
    timedelta(seconds=15),
    timedelta(seconds=60),
    timedelta(minutes=3),
)
"""A sent message may take a while to show (FACTS 3.6, 4.3); together longer than SETTLING."""
DRAFT_GONE: Final = frozenset({400, 404})
LOST: Final = "The request was sent and its answer was lost."

Message = Callable[[], Awaitable[Composed | None]]
"""Returns the composed message, or None where it was not kept."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """Moves one claimed ledger entry towards a final state."""

    gmail: GmailSend
    clock: Clock
    reads: bool
    """Whether the grant lets us look into the mailbox."""
    sightings: Sightings

    async def advance(self, entry: LedgerEntry, message: Message) -> None:
        """Go on from the entry's state until it is final or must be looked at later.

        Raises ConflictError where another worker has the entry now, and what composing, Gmail and
        the store raise; the entry then says whether anything may have been submitted.
        """
        if entry.mode is DeliveryMode.DIRECT:
            await self._direct(entry, message)
            return
        if entry.state is SendState.ACCEPTED:
            await self._draft(entry, message)
        if entry.state is SendState.DRAFTED:
            await self._submit(entry)
        elif entry.state is SendState.SUBMITTING:
            await self._resolve(entry)

    async def _direct(self, entry: LedgerEntry, message: Message) -> None:
        """One attempt, never repeated once the request left (FACTS 5.6)."""
        if entry.state is SendState.SUBMITTING:
            await self._look_for_sent(entry, LOST)
            return
        composed = await _at_hand(message)
        await entry.write(state=SendState.SUBMITTING, tried_at=self.clock.now())
        try:
            sent = await self.gmail.send(composed.raw, composed.thread_id)
        except GmailUnavailableError as error:
            if not error.sent:
                await entry.write(state=SendState.ACCEPTED)
                raise
            await self._look_for_sent(entry, LOST)
        except GmailRefusedError as error:
            await entry.record_refusal(error)
        except PostroomError:  # a limit, no token: nothing was sent
            await entry.write(state=SendState.ACCEPTED)
            raise
        else:
            self.sightings.count_kind(Kinds.SENDS, "answered")
            await entry.record_submission(sent)

    async def _draft(self, entry: LedgerEntry, message: Message) -> None:
        """Create the draft, or adopt the one an earlier attempt may have left."""
        draft = await self._adoptable(entry) if entry.value.attempts > 1 else None
        if draft is None:
            composed = await _at_hand(message)
            try:
                draft = await self.gmail.create_draft(composed.raw, composed.thread_id)
            except GmailRefusedError as error:
                await entry.record_refusal(error)
                return
            except GmailUnavailableError as error:
                # The draft may exist without our knowing: the next attempt looks for its marker.
                draft = await self._adoptable(entry) if error.sent else None
                if draft is None:
                    raise
        await entry.write(
            state=SendState.DRAFTED,
            draft_id=draft.id,
            draft_message_id=draft.message_id,
            thread_id=draft.thread_id,
        )

    async def _adoptable(self, entry: LedgerEntry) -> Draft | None:
        since = (entry.value.started_at or entry.value.created_at) - CLOCK_SKEW
        drafts = await self.gmail.recent_drafts(since)
        for draft in list(reversed(drafts))[:MOST_LOOKED_AT]:  # ours is among the oldest
            try:
                message = await self.gmail.headers(draft.message_id, (MARKER_HEADER,))
            except GmailNotFoundError:
                continue
            if _bears(message, entry.value.marker):
                return draft
        return None

    async def _submit(self, entry: LedgerEntry) -> None:
        """Send the draft for the first time: whatever Gmail answers clearly is the truth."""
        await entry.write(state=SendState.SUBMITTING, tried_at=self.clock.now())
        try:
            sent = await self.gmail.send_draft(entry.value.draft_id or "")
        except GmailRefusedError as error:
            if error.status in DRAFT_GONE:
                await self._refused_or_gone(entry, error)
            else:
                await entry.record_refusal(error)
        except GmailUnavailableError as error:
            if not error.sent:
                await entry.write(state=SendState.DRAFTED)
                raise
            await self._resolve(entry)
        except PostroomError:  # a limit, no token: nothing was sent
            await entry.write(state=SendState.DRAFTED)
            raise
        else:
            self.sightings.count_kind(Kinds.SENDS, "answered")
            await entry.record_submission(sent)

    async def _refused_or_gone(self, entry: LedgerEntry, error: GmailRefusedError) -> None:
        """Tell a draft that a person removed or sent by hand from one that Gmail will not send."""
        draft = await self.gmail.get_draft(entry.value.draft_id or "")
        if draft is not None:
            await entry.record_refusal(error)
            return
        sent = await self._sent_message(entry.value)
        if sent is not None:
            await entry.record_submission(sent)
        else:
            text = "The draft was removed from the mailbox before it was sent."
            await entry.record_failure("draft_removed", text)

    async def _resolve(self, entry: LedgerEntry) -> None:
        """Read what became of the draft; retry only while it is provably unsent."""
        draft = await self.gmail.get_draft(entry.value.draft_id or "")
        if draft is None:
            text = "The draft is gone, and no sent message bears its marker."
            await self._look_for_sent(entry, text)
            return
        settled = (entry.value.tried_at or entry.value.updated_at) + SETTLING
        wait = settled - self.clock.now()
        if wait > timedelta(0):
            await entry.later(wait)
        elif draft.message_id != entry.value.draft_message_id:
            await entry.record_failure("draft_changed", "The draft was edited before it was sent.")
        elif self.clock.now() > entry.value.held_until:
            text = "Gmail did not take the message for a day; its draft is still in the mailbox."
            await entry.record_failure(GmailUnavailableError.code, text)
        else:
            await self._submit_again(entry)

    async def _submit_again(self, entry: LedgerEntry) -> None:
        """Send the untouched draft once more; an earlier request stays unclear all the same."""
        await entry.write(tried_at=self.clock.now(), looks=0)
        try:
            sent = await self.gmail.send_draft(entry.value.draft_id or "")
        except GmailRefusedError as error:
            if error.status in DRAFT_GONE:
                await entry.later(LOOK_AGAIN[0])
            else:
                await entry.record_refusal(error)
        except GmailUnavailableError:
            await self._resolve(entry)
        else:
            self.sightings.count_kind(Kinds.SENDS, "sent.again")
            await entry.record_submission(sent)

    async def _look_for_sent(self, entry: LedgerEntry, otherwise: str) -> None:
        """Conclude by the sent message with our marker; where there is none, look again."""
        if not self.reads:
            await entry.record_unknown(otherwise)
            return
        sent = await self._sent_message(entry.value)
        if sent is not None:
            self.sightings.count_kind(Kinds.SENDS, "found")
            await entry.record_submission(sent)
            return
        looks = entry.value.looks
        if looks < len(LOOK_AGAIN):
            await entry.later(LOOK_AGAIN[looks], looks=looks + 1)
        else:
            self.sightings.count_kind(Kinds.SENDS, "unknown")
            await entry.record_unknown(otherwise)

    async def _sent_message(self, value: SendEntry) -> Sent | None:
        """Return the sent message with our marker: in its thread, else in Sent."""
        if value.thread_id is not None:
            found = _with_marker(await self._thread(value.thread_id), value.marker)
            if found is not None:
                return found
        since = (value.tried_at or value.created_at) - CLOCK_SKEW
        refs = await self.gmail.sent_since(since)
        for ref in list(reversed(refs))[:MOST_LOOKED_AT]:  # ours is among the oldest
            try:
                message = await self.gmail.headers(ref.id, (MARKER_HEADER,))
            except GmailNotFoundError:
                continue
            if _bears(message, value.marker):
                return Sent(ref.id, ref.thread_id)
        return None

    async def _thread(self, thread_id: ThreadId) -> list[GmailObject]:
        try:
            return list(await self.gmail.thread_headers(thread_id, (MARKER_HEADER,)))
        except GmailNotFoundError:
            return []

    async def identify(self, entry: LedgerEntry) -> None:
        """Read the Message-ID Gmail gave it (FACTS 5.4); nice to have, never worth failing for."""
        value = entry.value
        if not self.reads or value.state is not SendState.SUBMITTED or value.message_id is None:
            return
        try:
            message = await self.gmail.headers(value.message_id, ("Message-ID",))
            found = _header(message, "Message-ID")
            if found:
                await entry.record_message_id(found)
        except PostroomError:
            return  # the mail is out: nothing here may say otherwise


async def _at_hand(message: Message) -> Composed:
    composed = await message()
    if composed is None:
        raise RepeatNeededError("The message was too large to keep, and no draft of it is there.")
    return composed


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
