"""Send a draft that is kept in the mailbox, at most once.

drafts.send consumes the draft (FACTS 5.7), so a draft that is still there was not sent. Where the
answer is lost, history since just before the call tells whether a sent message took its place.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shared.domain.ids import HistoryId, LabelId, PageToken
from shared.errors import (
    GmailNotFoundError,
    GmailUnavailableError,
    HistoryExpiredError,
    MissingScopeError,
)
from shared.ports.clock import Clock
from shared.ports.google.gmail import Draft, Gmail, Sent

GONE: Final = "This draft is gone: it was sent or deleted. list-drafts shows those that are left."
SENT: Final = LabelId("SENT")
LOOKS: Final = (timedelta(seconds=1), timedelta(seconds=3), timedelta(seconds=6))
"""Pauses before each look: history shows a change a few seconds late (FACTS 3.6)."""


@dataclass(frozen=True, slots=True)
class SendDraft:
    """Sends through one mailbox; keeps nothing itself."""

    gmail: Gmail
    clock: Clock

    async def __call__(self, id: str) -> Sent:
        """Return the sent message.

        Raises GmailNotFoundError where the draft is gone, GmailUnavailableError where the outcome
        could not be read; calling again is safe.
        """
        before = (await self.gmail.profile()).history_id
        draft = await self.gmail.get_draft(id)
        if draft is None:
            raise GmailNotFoundError(GONE)
        try:
            return await self.gmail.send_draft(id)
        except GmailUnavailableError as error:
            if not error.sent:
                raise
            found = await self._outcome(draft, before)
            if found is None:
                raise
            return found

    async def _outcome(self, draft: Draft, before: HistoryId) -> Sent | None:
        """Look for what became of the draft; None where it is still there or nothing tells."""
        for pause in LOOKS:
            await self.clock.sleep(pause)
            if await self.gmail.get_draft(draft.id) is not None:
                continue
            found = await self._sent_since(draft, before)
            if found is not None:
                return found
        return None

    async def _sent_since(self, draft: Draft, before: HistoryId) -> Sent | None:
        """Return the message that was sent in the draft's thread since, if history shows one."""
        page: PageToken | None = None
        try:
            while True:
                history = await self.gmail.history(before, page)
                for message in (added for record in history.records for added in record.added):
                    labels = message.label_ids or frozenset()
                    if message.thread_id == draft.thread_id and SENT in labels:
                        return Sent(message.id, message.thread_id)
                page = history.next_page
                if page is None:
                    return None
        except (HistoryExpiredError, MissingScopeError):
            return None
