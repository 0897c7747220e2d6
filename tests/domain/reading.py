"""An independent reading of MIME: the standard library's older parser, without header types."""

from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header
from email.message import EmailMessage, Message
from email.policy import compat32, default
from email.utils import collapse_rfc2231_value, getaddresses
from typing import Any


def unfolded(value: str) -> str:
    """Undo folding as RFC 5322 2.2.3 says: the line break goes, the white space stays."""
    return value.replace("\r\n", "").replace("\n", "")


def words(value: str) -> str:
    """Decode encoded words."""
    return "".join(
        part.decode(charset or "ascii") if isinstance(part, bytes) else part
        for part, charset in decode_header(unfolded(value))
    )


@dataclass(frozen=True)
class Part:
    kind: str
    filename: str | None
    content: bytes
    disposition: str
    content_id: str | None


def _attached(part: "Message[Any, Any]") -> bytes:
    inner = part.get_payload(0)
    assert isinstance(inner, Message)
    return inner.as_bytes()


class Reading:
    """One message as its recipient's program would take it apart."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.old: Message[Any, Any] = message_from_bytes(raw, policy=compat32)
        self.new: EmailMessage = message_from_bytes(raw, policy=default)

    def text(self, name: str) -> str:
        return words(self.old[name])

    def header(self, name: str) -> str:
        return unfolded(self.old[name])

    def addresses(self, name: str) -> list[tuple[str, str]]:
        found = getaddresses([unfolded(value) for value in self.old.get_all(name, [])])
        return [(" ".join(words(display).split()), address) for display, address in found]

    def body(self, kind: str) -> str | None:
        part = self.new.get_body(preferencelist=(kind,))
        return None if part is None else str(part.get_content()).replace("\r\n", "\n")

    def files(self) -> list[Part]:
        found = []
        for part in self.old.walk():
            disposition = part.get_content_disposition()
            if disposition is None:
                continue
            name = part.get_param("filename", header="content-disposition")
            payload = part.get_payload(decode=True)
            content = payload if isinstance(payload, bytes) else _attached(part)
            found.append(
                Part(
                    part.get_content_type(),
                    None if name is None else collapse_rfc2231_value(name),
                    content,
                    disposition,
                    part["content-id"],
                )
            )
        return found

    def longest_line(self) -> int:
        return max(map(len, self.raw.split(b"\r\n")))
