"""Reading of Gmail's messages, off the event loop where they are large."""

from collections.abc import Mapping
from typing import Any

from shared.domain.mail.reading.email_message import EmailMessage, read_message
from shared.domain.mail.reading.email_parts import as_count
from shared.usecases.off_loop import AT_ONCE, off_loop


async def read(
    message: Mapping[str, Any], bodies: Mapping[str, bytes] | None = None
) -> EmailMessage:
    """Return what `read_message` does."""
    return await off_loop(weight(message), read_message, message, bodies)


def weight(message: Mapping[str, Any]) -> int:
    """Return how many bytes a message of Gmail's has; one that does not say counts as large."""
    return as_count(message.get("sizeEstimate")) or AT_ONCE + 1
