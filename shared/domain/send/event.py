"""The `send` event of API 7.2: what became of a send, or that it came back."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from shared.domain.connect.connection import INTEGRATION
from shared.domain.events.event import Event, EventType, new_event
from shared.domain.ids import MessageId
from shared.domain.mail.reading.bounce import FailedRecipient
from shared.domain.send.entry import SendEntry, SendState
from shared.domain.troubles import error_object

BOUNCED = "bounced"


def send_event(entry: SendEntry, operation: str, now: datetime, **more: Any) -> Event:
    """Return the event; `operation` is submitted, failed, unknown or bounced."""
    payload: dict[str, Any] = {
        "from": "postroom",
        "type": EventType.SEND.value,
        "operation": operation,
        "connectionId": entry.connection_id,
        "providerConfigKey": INTEGRATION,
        "success": operation == SendState.SUBMITTED,
        "send": {
            "id": entry.message_id,
            "threadId": entry.thread_id,
            "idempotencyKey": entry.idempotency_key,
            "bulkId": entry.bulk_id,
        },
        **more,
    }
    if entry.error is not None and entry.state.final:
        payload["error"] = error_object(entry.error, entry.error_message)
    return new_event(
        entry.connection_id,
        EventType.SEND,
        payload,
        now,
        trace_id=entry.trace_id,
        version=1 + len(entry.bounces),
    )


def bounce_event(
    entry: SendEntry, notice: MessageId, recipients: Iterable[FailedRecipient], now: datetime
) -> Event:
    """Return the event for a delivery-status message, `notice` being that message."""
    failed = [{"address": one.address, "status": one.status} for one in recipients]
    bounce = {"messageId": notice, "recipients": failed}
    return send_event(entry, BOUNCED, now, bounce=bounce)
