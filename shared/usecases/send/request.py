"""What a caller asks to be sent, before anything of it is looked up or built."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from json import dumps
from typing import Any

from shared.domain.ids import MessageId, ThreadId
from shared.domain.outgoing import Attachment, Mailbox
from shared.domain.send import DeliveryMode


@dataclass(frozen=True, slots=True)
class SendRequest:
    """Parsed fields of API 6's `send-email`; `raw` is a finished message instead of fields."""

    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    sender: Mailbox | None = None
    subject: str | None = None
    text: str | None = None
    html: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    reply_to_message_id: MessageId | None = None
    reply_all: bool = False
    thread_id: ThreadId | None = None
    delivery: DeliveryMode | None = None
    send_at: datetime | None = None
    raw: bytes | None = None

    def fingerprint(self) -> str:
        """Answer the same hash for the same request: how a reused key is told from a retry."""
        return sha256(dumps(asdict(self), sort_keys=True, default=_plain).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
