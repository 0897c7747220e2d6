"""A parcel for a webhook, and the receiver it goes to."""

from datetime import UTC, datetime

from shared.domain.events.webhook_secret import new_secret
from shared.domain.ids import ConnectionId, EventId
from shared.ports.sinks import OutgoingEvent, Receiver

SECRETS = (new_secret(), new_secret())
BODY = '{"type":"sync","ü":1}'.encode()
TIMEOUT_S = 0.5


def parcel() -> OutgoingEvent:
    at = datetime.now(UTC)
    return OutgoingEvent(EventId("evt_1"), ConnectionId("c-1"), "sync", BODY, at, "ab" * 16)


def receiver(url: str, secrets: tuple[str, ...] = SECRETS) -> Receiver:
    return Receiver("whe_1", url, secrets)
