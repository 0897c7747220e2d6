"""An attached mail: who, when and what about, what it says, and its files' names.

Parts are split at their boundaries, a few levels deep, each level once over its bytes: the time is
linear in the file's length, whatever its author nested.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Final

from shared.domain.mail.reading.charset_text import decode_text
from shared.domain.mail.reading.hidden_text import visible_html
from shared.domain.mail.reading.html_text import html_to_text
from shared.domain.mail.reading.mail_headers import decode_words
from shared.domain.mail.reading.shown_text import file_name

LONGEST_HEAD: Final = 64 << 10
DEEPEST: Final = 6
MOST_PARTS: Final = 200
SHOWN: Final = ("From", "To", "Cc", "Date", "Subject")


@dataclass(slots=True)
class _Found:
    """What the parts of a mail hold, in their order."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    parts: int = 0

    @property
    def text(self) -> str:
        """What a person is shown: the HTML where there is some, without what they cannot see."""
        shown = [html_to_text(visible_html(one)[0]) for one in self.html]
        return "\n\n".join(filter(None, shown)) or "\n\n".join(filter(None, self.plain))


def mail_text(data: bytes) -> str:
    """Return an attached mail as text."""
    data = data.replace(b"\r\n", b"\n")
    head, _ = _split(data)
    found = _Found()
    _gather(data, found, DEEPEST)
    named = ((name, head.get(name)) for name in SHOWN)
    lines = [f"{name}: {decode_words(str(value))}" for name, value in named if value]
    files = [f"Files: {', '.join(found.files)}"] if found.files else []
    return "\n".join([*lines, *files, "", found.text])


def _split(data: bytes) -> "tuple[Message[str, str], bytes]":
    head, _, body = data.partition(b"\n\n")
    if data.startswith(b"\n"):
        head, body = b"", data[1:]
    return BytesHeaderParser(policy=policy.compat32).parsebytes(head[:LONGEST_HEAD]), body


def _gather(data: bytes, found: _Found, deep: int) -> None:
    found.parts += 1
    head, body = _split(data)
    kind, boundary = head.get_content_type(), head.get_boundary()
    if kind.startswith("multipart/") and boundary and deep:
        for part in _parts(body, boundary):
            if found.parts < MOST_PARTS:
                _gather(part, found, deep - 1)
    elif name := file_name(decode_words(head.get_filename("") or "")):
        found.files.append(name)
    elif kind.startswith("text/"):
        into = found.html if kind == "text/html" else found.plain
        into.append(_decoded(body, head))
    elif kind.startswith("message/"):
        found.files.append(kind)


def _parts(body: bytes, boundary: str) -> Iterator[bytes]:
    """Yield what stands between the boundaries, without preamble and epilogue."""
    mark = b"\n--" + boundary.encode("ascii", "replace")
    pieces = (b"\n" + body).split(mark)
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return
        yield piece.partition(b"\n")[2]


def _decoded(body: bytes, head: "Message[str, str]") -> str:
    """Return a text part by its transfer encoding and its charset."""
    part: Message[str, str] = Message(policy=policy.compat32)
    part["Content-Transfer-Encoding"] = head.get("Content-Transfer-Encoding", "8bit")
    part.set_payload(body.decode("ascii", "surrogateescape"))
    payload = part.get_payload(decode=True)
    charset = head.get_content_charset("") or ""
    return decode_text(payload if isinstance(payload, bytes) else b"", charset).strip()
