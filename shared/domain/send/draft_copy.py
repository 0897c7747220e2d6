"""A draft as it was read once: what is judged, shown and sent, whatever the draft is later."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.parser import BytesHeaderParser
from email.policy import compat32

from shared.domain.ids import MessageId, ThreadId
from shared.domain.mail.writing.raw_message import MAX_HEADERS
from shared.domain.send.request import SendRequest


@dataclass(frozen=True, slots=True)
class DraftCopy:
    """The bytes of a draft's message; its `message_id` changes at every save (FACTS 3.8)."""

    id: str
    message_id: MessageId
    thread_id: ThreadId
    read_at: datetime
    raw: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """What tells this version of the draft from any other."""
        return f"send-draft:{self.id}:{self.message_id}"

    def request(self) -> SendRequest:
        """Return the send; only an answer joins its thread, which a draft alone takes with it."""
        headers = BytesHeaderParser(policy=compat32).parsebytes(self.raw[:MAX_HEADERS])
        answers = "In-Reply-To" in headers or "References" in headers
        return SendRequest(raw=self.raw, thread_id=self.thread_id if answers else None)

    def freeze(self) -> Mapping[str, str]:
        """Return it as JSON for `thawed_copy`."""
        return {
            "id": self.id,
            "message_id": self.message_id,
            "thread_id": self.thread_id,
            "read_at": self.read_at.isoformat(),
            "raw": b64encode(self.raw).decode(),
        }


def thawed_copy(frozen: Mapping[str, str]) -> DraftCopy:
    """Return a copy from what `freeze` made of it."""
    return DraftCopy(
        id=frozen["id"],
        message_id=MessageId(frozen["message_id"]),
        thread_id=ThreadId(frozen["thread_id"]),
        read_at=datetime.fromisoformat(frozen["read_at"]),
        raw=b64decode(frozen["raw"]),
    )
