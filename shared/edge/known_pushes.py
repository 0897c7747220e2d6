"""Which notifications this instance has already acted on: Pub/Sub delivers some twice.

Memory only, and only an economy: a doubled notification that reaches another instance is looked
at there, and finds nothing new.
"""

from dataclasses import dataclass, field
from typing import Final

from shared.edge.push_envelope import Notification

MOST: Final = 10_000
"""A few MB; the oldest go first."""


@dataclass(slots=True)
class KnownPushes:
    """Notifications acted on and acknowledged, by everything they say."""

    _known: dict[Notification, None] = field(default_factory=dict)

    def __contains__(self, notification: Notification) -> bool:
        return bool(notification.message_id) and notification in self._known

    def add(self, notification: Notification) -> None:
        """Remember one; call only once all it leads to is durable."""
        self._known[notification] = None
        if len(self._known) > MOST:
            del self._known[next(iter(self._known))]
