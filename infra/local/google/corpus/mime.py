"""Assemble RFC 822 messages by formatting bytes: the `email` package is ten times too slow here.

A *part* is bytes that start with MIME headers, then a blank line, then the content. Lines end in
LF until `message` turns the whole into CRLF. Nothing here checks its input: the tables of this
package are the only callers.
"""

import binascii
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

_LINE = 76
_WORD = 63  # room for a payload inside one 75-character encoded word


def base64_lines(data: bytes) -> bytes:
    """Encode as base64 in lines of 76 characters, with a final line feed."""
    flat = binascii.b2a_base64(data, newline=False)
    return b"\n".join([flat[i : i + _LINE] for i in range(0, len(flat), _LINE)]) + b"\n"


@lru_cache(maxsize=8192)
def words(text: str, charset: str = "utf-8") -> bytes:
    """Write header text: as it is when ASCII, else as RFC 2047 encoded words."""
    if text.isascii():
        return text.encode()
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        charset = "utf-8"
    room = _WORD - len(charset)
    return b"\n ".join(_word(chunk, charset) for chunk in _chunks(text, charset, room * 3 // 4))


def _word(chunk: str, charset: str) -> bytes:
    coded = binascii.b2a_base64(chunk.encode(charset), newline=False)
    return b"=?%b?B?%b?=" % (charset.encode(), coded)


def _chunks(text: str, charset: str, limit: int) -> list[str]:
    """Cut where each chunk, encoded alone (shift states included), stays within `limit` bytes."""
    chunks, start = [], 0
    for end in range(1, len(text) + 1):
        if len(text[start:end].encode(charset)) > limit:
            chunks.append(text[start : end - 1])
            start = end - 1
    chunks.append(text[start:])
    return chunks


@lru_cache(maxsize=8192)
def address(name: str, mailbox: str, charset: str = "utf-8") -> bytes:
    """Write `Name <mailbox>`; a name with a comma or full stop is quoted."""
    if not name:
        return mailbox.encode()
    if name.isascii() and any(mark in name for mark in ",.()@:[]"):
        return b'"%b" <%b>' % (name.encode(), mailbox.encode())
    return b"%b <%b>" % (words(name, charset), mailbox.encode())


def date(at: datetime) -> bytes:
    """Write an RFC 5322 date."""
    return format_datetime(at).encode()


def text_part(text: str, charset: str = "utf-8", subtype: str = "plain") -> bytes:
    """Encode text the way senders of that charset do; unencodable text falls back to UTF-8."""
    try:
        data = text.encode(charset)
    except UnicodeEncodeError:
        charset, data = "utf-8", text.encode()
    how, body = _transfer(data, charset)
    head = b'Content-Type: text/%b; charset="%b"\nContent-Transfer-Encoding: %b\n\n'
    return head % (subtype.encode(), charset.encode(), how) + body


def _transfer(data: bytes, charset: str) -> tuple[bytes, bytes]:
    if charset == "iso-2022-jp" or (data.isascii() and b"<" not in data[:1]):
        return b"7bit", data
    dense = charset in _DENSE or len(data) > 3 * len(data.translate(None, _HIGH))
    if dense:
        return b"base64", base64_lines(data.replace(b"\n", b"\r\n"))
    return b"quoted-printable", binascii.b2a_qp(data, istext=True)


_HIGH = bytes(range(128, 256))
_DENSE = frozenset({"shift_jis", "gb18030", "euc-kr", "koi8-r", "windows-1251", "big5"})


def multipart(subtype: str, boundary: str, parts: Sequence[bytes], params: str = "") -> bytes:
    """Join parts under a boundary; `params` are more Content-Type parameters (`; type=...`)."""
    mark = b"--" + boundary.encode()
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"{params}\n\n'.encode()
    inner = b"".join(mark + b"\n" + part.rstrip(b"\n") + b"\n" for part in parts)
    return head + inner + mark + b"--\n"


def attachment(
    mime_type: str, filename: str, encoded: bytes, *, content_id: str = "", style: str = "2231"
) -> bytes:
    """Wrap base64 lines as an attachment, or as an inline image when it has a content id."""
    disposition = "inline" if content_id else "attachment"
    lines = [
        f"Content-Type: {mime_type}; {_parameter('name', filename, 'words')}",
        f"Content-Disposition: {disposition}; {_parameter('filename', filename, style)}",
        "Content-Transfer-Encoding: base64",
    ]
    if content_id:
        lines += [f"Content-ID: <{content_id}>", f"X-Attachment-Id: {content_id}"]
    return "\n".join(lines).encode() + b"\n\n" + encoded


@lru_cache(maxsize=1024)
def _parameter(key: str, value: str, style: str) -> str:
    """Write a file name as RFC 2231 text, as its continuations, or as Outlook's encoded words."""
    if value.isascii():
        return f'{key}="{value}"'
    if style == "words":
        return f'{key}="{words(value).decode()}"'
    coded = quote(value, safe="")
    if style == "2231":
        return f"{key}*=UTF-8''{coded}"
    pieces = [coded[i : i + 42] for i in range(0, len(coded), 42)]
    lines = [f"{key}*0*=UTF-8''{pieces[0]}"]
    lines += [f"{key}*{n}*={piece}" for n, piece in enumerate(pieces[1:], 1)]
    return ";\n ".join(lines)


def crlf(raw: bytes) -> bytes:
    """Give every line the ending mail travels with."""
    return raw.replace(b"\n", b"\r\n")
