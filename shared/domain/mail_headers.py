"""Header values of mail as the real world writes them: encoded words, addresses, ids, dates.

Everything here takes any text and never raises.
"""

import binascii
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypedDict


class Address(TypedDict):
    """One mailbox of an address header; both are "" where absent."""

    name: str
    email: str


_WORD: Final = re.compile(r"=\?([^?\s]{1,75})\?([bBqQ])\?([^?]*)\?=")
_TOKEN: Final = re.compile(
    r'"(?:[^"\\]|\\.)*"?'  # a quoted string; one that never ends takes the rest
    r"|=\?[^?\s]{1,75}\?[bBqQ]\?[^?]*\?="  # an encoded word may hold commas, against the rules
    r"|\([^()]*\)"
    r"|<[^<>]*>"
    r'|[^",;:<>()=]+'
    r"|.",
    re.DOTALL,
)
_ONE_MAILBOX: Final = re.compile(r'(?:"([^"\\]*)"|([^"<>()\\,;:@]*))\s*<([^<>@\s":]+@[^<>@\s"]+)>')
_ROUTE: Final = re.compile(r"^(?:@[^:]*:|mailto:)\s*")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_MESSAGE_ID: Final = re.compile(r"<[^<>\s]+>")

MAX_STRAY: Final = 200
"""Characters of a name without an address kept for the mailbox that follows it."""

CHARSETS: Final = {
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
}
"""What mailers call a charset, and what they mean by it."""


def decode_text(data: bytes, charset: str) -> str:
    """Decode as the charset claims, else as UTF-8, else as Windows-1252."""
    name = charset.strip(" \t\"';").lower()
    for candidate in (CHARSETS.get(name, name), "utf-8"):
        try:
            return data.decode(candidate)
        except (LookupError, ValueError):  # bytes.decode knows no charset that is not text
            continue
    return data.decode("cp1252", "replace")


def decode_words(value: str) -> str:
    """Decode RFC 2047 encoded words, also where they touch other text.

    Neighbours in one charset are joined before decoding: mailers cut characters in two.
    """
    if "=?" not in value:
        return value
    text: list[str] = []
    held, held_charset, end = b"", "", 0
    for word in _WORD.finditer(value):
        between = value[end : word.start()]
        charset = word[1].partition("*")[0].lower()  # RFC 2231 puts a language behind it
        neighbour = end > 0 and not between.strip()
        if not (neighbour and charset == held_charset):
            text.append(decode_text(held, held_charset))
            held = b""
        if not neighbour:
            text.append(between)
        held, held_charset, end = held + _word_bytes(word[2], word[3]), charset, word.end()
    return "".join([*text, decode_text(held, held_charset), value[end:]])


def _word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    try:
        return binascii.a2b_base64(data + b"===")
    except binascii.Error:
        return data


def read_addresses(values: Iterable[str]) -> list[Address]:
    """Answer every mailbox of one header's values; groups are flattened, empty ones vanish."""
    return [address for value in values for address in _addresses(value)]


def read_address(value: str) -> Address:
    """Answer the first mailbox of the value, or an empty one."""
    return next(iter(_addresses(value)), Address(name="", email=""))


def _addresses(value: str) -> list[Address]:
    if one := _ONE_MAILBOX.fullmatch(value.strip()):
        return [Address(name=_phrase(one[1] or one[2] or ""), email=one[3])]
    tokens = _TOKEN.findall(value)
    if tokens and tokens[-1][:1] == '"' and not _closed(tokens[-1]):
        tokens = _TOKEN.findall(value.replace('"', " "))
    return list(_mailboxes(tokens))


def _closed(token: str) -> bool:
    body = token[1:]
    return body.endswith('"') and (len(body) - len(body[:-1].rstrip("\\"))) % 2 == 1


def _mailboxes(tokens: Iterable[str]) -> Iterator[Address]:
    """Split at commas; `Doe, John <j@x>` without its quotes is one mailbox all the same."""
    item: list[str] = []
    stray = ""
    for token in (*tokens, ","):
        if token in {",", ";"}:
            found = _mailbox(item, stray)
            stray = "" if found["email"] else found["name"][-MAX_STRAY:]
            if found["email"]:
                yield found
            item = []
        elif token == ":" and "@" not in "".join(item):
            item, stray = [], ""  # a group's name
        else:
            item.append(token)
    if stray:
        yield Address(name=stray, email="")


def _mailbox(item: list[str], stray: str) -> Address:
    angle = next((token for token in item if token[0] == "<" and len(token) > 1), "")
    comments = [token[1:-1] for token in item if token[0] == "(" and len(token) > 1]
    text = "".join(_unquoted(token) for token in item if token[0] not in "<(")
    if angle:
        email = _ROUTE.sub("", angle[1:-1].strip())
        return Address(
            name=_phrase(_joined(stray, text)) or _phrase("".join(comments)), email=email
        )
    if bare := next((word for word in text.split() if "@" in word.strip("@")), ""):
        name = _joined(stray, text.replace(bare, "", 1))
        return Address(name=_phrase(name) or _phrase(" ".join(comments)), email=bare.strip("'"))
    return Address(name=_phrase(_joined(stray, text)), email="")


def _joined(stray: str, text: str) -> str:
    return f"{stray}, {text.strip()}" if stray and text.strip() else stray or text


def _unquoted(token: str) -> str:
    return _ESCAPED.sub(r"\1", token[1:-1]) if token[0] == '"' and len(token) > 1 else token


def _phrase(text: str) -> str:
    return " ".join(decode_words(text).split())


def read_message_ids(value: str) -> list[str]:
    """Answer the ids of a References or In-Reply-To header, in order, with their brackets."""
    return _MESSAGE_ID.findall(value) or value.split()


def read_date(value: str) -> datetime | None:
    """Answer a Date header in UTC, or None where it does not say a time."""
    try:
        at = parsedate_to_datetime(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
        return None
