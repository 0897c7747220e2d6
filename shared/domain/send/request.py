"""What a caller asks to be sent, before anything of it is looked up or built."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Final

from pydantic import ConfigDict, TypeAdapter

from shared.domain.ids import MessageId, ThreadId
from shared.domain.mail.writing.recipients import Mailbox
from shared.domain.send.entry import DeliveryMode


@dataclass(frozen=True, slots=True)
class AskedAttachment:
    """A file by its bytes, or by the part of a message of the same mailbox."""

    filename: str
    mime_type: str
    content: bytes | None = None
    message_id: MessageId | None = None
    part_id: str | None = None
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class SendRequest:
    """Parsed fields of API 6.3; `raw` is a finished message instead of fields."""

    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    sender: Mailbox | None = None
    subject: str | None = None
    text: str | None = None
    html: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[AskedAttachment, ...] = ()
    reply_to_message_id: MessageId | None = None
    reply_all: bool = False
    forward_message_id: MessageId | None = None
    quote: bool | None = None
    """Whether the message answered (default no) or passed on (default yes) is repeated."""
    thread_id: ThreadId | None = None
    delivery: DeliveryMode | None = None
    send_at: datetime | None = None
    raw: bytes | None = None
    signature: bool | str | None = None
    """Words, HTML or not, or True for that of the sender's settings."""

    @property
    def size(self) -> int:
        """Bytes of its text and files, about."""
        files = sum(len(one.content or b"") for one in self.attachments)
        return files + len(self.text or "") + len(self.html or "") + len(self.raw or b"")

    def fingerprint(self) -> str:
        """Return the same hash for the same request: how a reused key is told from a retry."""
        files = tuple(
            one if one.content is None else replace(one, content=sha256(one.content).digest())
            for one in self.attachments
        )
        raw = None if self.raw is None else sha256(self.raw).digest()
        return sha256(replace(self, attachments=files, raw=raw).freeze()).hexdigest()

    def freeze(self) -> bytes:
        """Return the request as bytes for `thaw`, alike whether or not it could be signed."""
        unsaid = {"signature"} if self.signature is None else set()
        return _ADAPTER.dump_json((self,), exclude={0: unsaid})


def thaw(frozen: bytes | str) -> SendRequest:
    """Return the request that `freeze` made into bytes. Raises ValueError."""
    return _ADAPTER.validate_json(frozen)[0]


# A dataclass takes no configuration from outside; the tuple around it does.
_ADAPTER: Final = TypeAdapter(
    tuple[SendRequest],
    config=ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", defer_build=True),
)
