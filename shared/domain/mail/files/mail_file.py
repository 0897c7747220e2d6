"""An attached mail: who, when and what about, what it says, and its files' names.

Parts are split at their boundaries, a few levels deep, each level once over its bytes: the time is
linear in the file's length, whatever its author nested.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.message import Message
from email.parser import HeaderParser
from typing import Final

from shared.domain.mail.reading.charset_text import decode_text
from shared.domain.mail.reading.mail_headers import decode_words
from shared.domain.mail.reading.markup.hidden_text import visible_html
from shared.domain.mail.reading.markup.html_text import html_to_text
from shared.domain.mail.reading.shown_text import file_name, one_line

LONGEST_HEAD: Final = 64 << 10
DEEPEST: Final = 6
MOST_PARTS: Final = 200
MAILS: Final = frozenset({"message/rfc822", "message/global"})
SHOWN: Final = ("From", "To", "Cc", "Date", "Subject")


@dataclass(slots=True)
class _Found:
    """What the parts of a mail hold, in their order."""

    texts: list[tuple[bool, str]] = field(default_factory=list)
    """Whether it is of HTML, and the text."""
    files: list[str] = field(default_factory=list)
    parts: int = 0

    def take_shown(self, alternatives: "_Found") -> None:
        """Take of alternatives what a person is shown: the HTML where there is some."""
        of_html = [one for one in alternatives.texts if one[0] and one[1]]
        self.texts += of_html or alternatives.texts[:1]
        self.files += alternatives.files
        self.parts += alternatives.parts

    def take_mail(self, mail: bytes, deep: int) -> None:
        """Take a mail inside the mail, as it would be read alone."""
        inner = _Found(parts=self.parts)
        _gather(mail, inner, deep - 1)
        self.texts.append((False, _shown_text(_split(mail)[0], inner)))
        self.parts = inner.parts


def mail_text(data: bytes) -> str:
    """Return an attached mail as text."""
    data = data.replace(b"\r\n", b"\n")
    found = _Found()
    _gather(data, found, DEEPEST)
    return _shown_text(_split(data)[0], found)


def _shown_text(head: "Message[str, str]", found: _Found) -> str:
    named = ((name, head.get(name)) for name in SHOWN)
    lines = [f"{name}: {_line(str(value))}" for name, value in named if value]
    files = [f"Files: {', '.join(found.files)}"] if found.files else []
    text = "\n\n".join(text for _, text in found.texts if text)
    return "\n".join([*lines, *files, "", text])


def _line(value: str) -> str:
    """Return a header's value on one line: a second one would look like another header."""
    return " ".join(one_line(decode_words(value)).split())


def _split(data: bytes) -> "tuple[Message[str, str], bytes]":
    """Return head and body; headers may be in UTF-8 as they are (RFC 6532)."""
    head, _, body = data.partition(b"\n\n")
    if data.startswith(b"\n"):
        head, body = b"", data[1:]
    text = decode_text(head[:LONGEST_HEAD], "")
    return HeaderParser(policy=policy.compat32).parsestr(text), body


def _gather(data: bytes, found: _Found, deep: int) -> None:
    found.parts += 1
    head, body = _split(data)
    kind, boundary = head.get_content_type(), head.get_boundary()
    if kind.startswith("multipart/") and boundary and deep:
        inner = _Found() if kind == "multipart/alternative" else found
        for part in _parts(body, boundary):
            if inner.parts < MOST_PARTS:
                _gather(part, inner, deep - 1)
        if inner is not found:
            found.take_shown(inner)
    elif kind in MAILS and deep and not _is_encoded(head):
        found.take_mail(body, deep)
    elif name := file_name(decode_words(head.get_filename("") or "")):
        found.files.append(name)
    elif kind.startswith("text/"):
        text, of_html = _decode(body, head), kind == "text/html"
        found.texts.append((of_html, html_to_text(visible_html(text)[0]) if of_html else text))
    elif kind.startswith("message/"):
        found.files.append(kind)


def _is_encoded(head: "Message[str, str]") -> bool:
    """Whether an attached mail is in base64 against the rules (RFC 2046, 5.2.1): it is a file."""
    return _encoding(head) not in {"", "7bit", "8bit", "binary"}


def _encoding(head: "Message[str, str]") -> str:
    return str(head.get("Content-Transfer-Encoding", "")).partition(";")[0].strip().lower()


def _parts(body: bytes, boundary: str) -> Iterator[bytes]:
    """Yield what stands between the boundaries, without preamble and epilogue."""
    mark = b"\n--" + boundary.encode("ascii", "replace")
    pieces = (b"\n" + body).split(mark)
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return
        yield piece.partition(b"\n")[2]


def _decode(body: bytes, head: "Message[str, str]") -> str:
    """Return a text part by its transfer encoding and its charset."""
    part: Message[str, str] = Message(policy=policy.compat32)
    part["Content-Transfer-Encoding"] = _encoding(head) or "8bit"
    part.set_payload(body.decode("ascii", "surrogateescape"))
    payload = part.get_payload(decode=True)
    charset = head.get_content_charset("") or ""
    return decode_text(payload if isinstance(payload, bytes) else b"", charset).strip()
