"""What the product hears of a watch: it lapsed, was never armed, is silent, is heard again."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from shared.domain.connect.connection import INTEGRATION
from shared.domain.events.event import EventType, new_event
from shared.domain.sync.mailbox import Mailbox
from shared.domain.troubles import error_object
from shared.ports.clock import Clock
from shared.ports.events import Outbox

SILENT = "silent"
"""The `watch.error` of a watch that lives by its date and announces nothing."""
ENTRIES: Final = {
    "lapsed": "operating#a-watch-lapsed",
    "never_armed": "operating#a-watch-was-never-armed",
    "silent": "operating#a-watch-stays-silent",
}
"""Where it is explained, if its reason has no entry of its own."""


class WatchNews(Enum):
    """What can befall one arming, in this order; the next arming begins above all of it."""

    ARMED = 0, "recovered", None
    """Armed after it had lapsed, or had never been."""
    SILENT = 1, "silent", "The watch was armed anew twice, and still announces nothing."
    HEARD = 2, "recovered", None
    """A push came of one that was silent."""
    LAPSED = 3, "lapsed", "The watch lapsed."
    NEVER_ARMED = 4, "never_armed", "Gmail has not armed the watch yet."

    def __init__(self, rank: int, operation: str, trouble: str | None) -> None:
        self.rank = rank
        self.operation = operation
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class TellWatch:
    """Stores one event for each connection on the mailbox."""

    outbox: Outbox
    clock: Clock

    async def __call__(self, mailbox: Mailbox, news: WatchNews, reason: str | None = None) -> None:
        """Tell the product; `reason` is a code, given with what is wrong."""
        now, version = self.clock.now(), len(WatchNews) * mailbox.armings + news.rank
        entry = {"docs": ENTRIES[news.operation]} if news.operation in ENTRIES else {}
        error = {**entry, **error_object(reason, news.trouble)} if reason else None
        for connection_id in sorted(mailbox.connections):
            payload = {
                "from": "postroom",
                "type": "watch",
                "operation": news.operation,
                "connectionId": connection_id,
                "providerConfigKey": INTEGRATION,
                "success": news.trouble is None,
                "error": error,
            }
            event = new_event(connection_id, EventType.WATCH, payload, now, version=version)
            await self.outbox.create(event)
