"""Address headers of strangers' mail, read by RFC 5322 tokens in one pass.

An address is read whole or not at all: half of one could be another person's. Gmail hands out
headers with their encoded words decoded, so a name may hold anything here. Nothing raises.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple, TypedDict

from shared.domain.mail.reading.mail_headers import decode_words
from shared.domain.mail.reading.shown_text import one_line


class Address(TypedDict):
    """One mailbox; `email` is "" where none can be read, `name` is the raw text then."""

    name: str
    email: str


def format_addresses(addresses: Iterable[Address]) -> str:
    """Return addresses as a header has them."""
    shown = [
        f"{one['name']} <{one['email']}>" if one["name"] else one["email"] for one in addresses
    ]
    return ", ".join(shown)


class Token(NamedTuple):
    """A piece of an address header: quoted, unclosed, angle, comment, space, word, special."""

    kind: str
    text: str


QUOTED: Final = r'"(?:[^"\\]++|\\.)*+"'
ENCODED_WORD: Final = r"=\?[^?\s]{1,75}\?[bBqQ]\?[^?\s]*+\?="
_TOKEN: Final = re.compile(
    rf"(?P<quoted>{QUOTED})"
    r'|(?P<unclosed>".*)'
    rf'|(?P<angle><(?:[^<>"]++|{QUOTED})*+>)'
    r"|(?P<space>\s+)"
    rf'|(?P<word>(?:{ENCODED_WORD}|[^\s"(),:;<>\[\]]|\[[^\s"(),;<>\[\]]*+\])+)'
    r"|(?P<special>.)",
    re.DOTALL,
)
_NESTING: Final = re.compile(r"\\.|[()<>]", re.DOTALL)
_ATOM: Final = r'[^\s\x00-\x20\x7f-\x9f()<>\[\]:;@\\,"]++'
_QUOTED_LOCAL: Final = r'"(?:[^"\\\x00-\x1f\x7f-\x9f]++|\\[ -~])*+"'
_ADDR_SPEC: Final = re.compile(rf"(?:{_ATOM}|{_QUOTED_LOCAL})@(?:{_ATOM}|\[[!-Z^-~]*+\])")
_IN_BRACKETS: Final = re.compile(
    rf"(?:(?:@[^:<>]*+|mailto):)?\s*+({_ADDR_SPEC.pattern}|{_ATOM})", re.IGNORECASE
)
_ONE_MAILBOX: Final = re.compile(
    r"""(?:"([^"\\]*+)"\s*+|([^"<>()\\,;:@]*+))<([\w.!#$%&'*+/^`{|}~-]++@[\w.-]++)>"""
)
"""The form of nearly all headers, read without taking it apart."""
_ADDRESS_LIKE: Final = re.compile(r"[^\s@]@[^\s@]")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_ENCODED: Final = "=?"

_UNMISTAKABLE: Final = re.compile(
    r"[^@<>]*+<[^@<>\s]++@[^@<>\s]++>|[^\s@<>(),:;\"]++@[^\s@<>(),:;\"]++"
)
"""One address and no second at sign: no encoded word that was decoded can have hidden another."""
MAX_NAME_KEPT: Final = 1_000
"""Characters of a name, or of what is no address; Gmail takes 500,000 (FACTS 18.12)."""
MAX_STRAY: Final = 200
"""Characters of a name without an address kept for the mailbox that follows it."""


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of an address header, in time linear in its length."""
    closing = _closing_brackets(text) if "(" in text else {}
    position = 0
    while found := _TOKEN.match(text, position):
        if position in closing:
            end = closing[position] + 1
            yield Token("comment", text[position:end])
        else:
            end = found.end()
            yield Token(found.lastgroup or "", found[0])
        position = end


def unquote(text: str) -> str:
    """Return what a quoted string says."""
    return _ESCAPED.sub(r"\1", text[1:-1])


def read_addresses(values: Iterable[str]) -> list[Address]:
    """Return every mailbox of one header's values; groups are flattened, empty ones vanish."""
    return [address for value in values for address in _addresses(value)]


def read_address(value: str) -> Address:
    """Return the one mailbox that the value names, as From does, or one without an address.

    A message may have two authors, and a decoded name may look like a mailbox of its own. Where the
    last brackets have no name beside them, all that stands before is their name; else a second
    address leaves open which one it is.
    """
    text = value.strip()
    found = _addresses(text)
    if _has_two_authors(found):
        return Address(name=_phrase(text), email="")
    if text.endswith(">") and len(found) != 1:
        name, _, last = text.rpartition("<")
        return Address(name=_phrase(name), email=_in_brackets(last[:-1]) or "")
    if not found:
        return Address(name="", email="")
    email = found[0]["email"]
    if len(found) == 1 and (text.endswith(">") or "@" not in text.replace(email or "\0", "")):
        return found[0]
    return Address(name=_phrase(text), email="")


def _has_two_authors(found: Sequence[Address]) -> bool:
    named = [bool(one["name"]) for one in found if one["email"]]
    return len(named) > 1 and named[-1]


def is_unmistakable(decoded: str) -> bool:
    """Whether a header names the same mailboxes as before its encoded words were decoded."""
    text = decoded.strip()
    return not text or _UNMISTAKABLE.fullmatch(text) is not None


def _addresses(value: str) -> list[Address]:
    text = value.strip()
    if one := _ONE_MAILBOX.fullmatch(text):
        return [Address(name=_phrase(one[1] or one[2] or ""), email=one[3])]
    return list(_mailboxes(_closed_tokens(text)))


def _closed_tokens(text: str) -> Iterator[Token]:
    """Yield the tokens; after a quote that never ends, quotes mean nothing."""
    for token in tokens(text):
        if token.kind == "unclosed":
            yield from tokens(token.text.replace('"', " "))
        else:
            yield token


def _closing_brackets(text: str) -> dict[int, int]:
    """Return where each comment ends by where it begins; none holds an angle bracket."""
    closing: dict[int, int] = {}
    opened: list[int] = []
    for found in _NESTING.finditer(text):
        if found[0] == "(":
            opened.append(found.start())
        elif found[0] == ")" and opened:
            closing[opened.pop()] = found.start()
        elif found[0] in "<>":
            opened.clear()
    return closing


def _mailboxes(found: Iterable[Token]) -> Iterator[Address]:
    """Yield them; `Doe, John <j@x.example>` without its quotes is one mailbox all the same."""
    item: list[Token] = []
    stray, could_be_group = "", True
    for token in chain(found, (Token("special", ","),)):
        if token.text in {",", ";"}:
            text = _text(item)
            if _is_name(item, text):
                stray = _join(stray, text)[-MAX_STRAY:]
            else:
                yield from _read(item, text, stray)
                stray = ""
            item, could_be_group = [], True
        elif token.text == ":" and could_be_group:
            item, stray = [], ""  # a group's name
        else:
            item.append(token)
            could_be_group = could_be_group and token.kind != "angle" and "@" not in token.text
    if stray:
        yield Address(name=_phrase(stray), email="")


def _is_name(item: Sequence[Token], text: str) -> bool:
    return not (_ADDRESS_LIKE.search(text) or any(one.kind == "angle" for one in item))


def _read(item: Sequence[Token], text: str, stray: str) -> Iterator[Address]:
    """Yield what stands between two commas; `stray` is the name before the first of them."""
    plain = [Token("space", " ") if one.kind == "comment" else one for one in item]
    angles = [one for one in plain if one.kind == "angle"]
    comments = " ".join(one.text[1:-1] for one in item if one.kind == "comment")
    if len(angles) == 1 and _text(plain).endswith(angles[0].text):
        email = _in_brackets(angles[0].text[1:-1])
        name = _join(stray, _text(item[: item.index(angles[0])], without_quotes=True)) or comments
        if email is None:
            yield Address(name=_phrase(_join(stray, text)), email="")
        elif name or email:
            yield Address(name=_phrase(name), email=email)
        return
    if stray:
        yield Address(name=_phrase(stray), email="")
    email = _whole(_ADDR_SPEC, _text(plain))
    yield Address(name=_phrase(comments if email else text), email=email or "")


def _in_brackets(text: str) -> str | None:
    """Return the address of a bracket, "" where it is empty, None where it holds no address."""
    return _whole(_IN_BRACKETS, text.strip()) if text.strip() else ""


def _whole(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.fullmatch(text)
    email = found[found.lastindex or 0] if found else None
    return None if email is None or _ENCODED in email else email


def _text(item: Sequence[Token], *, without_quotes: bool = False) -> str:
    parts = (unquote(it.text) if without_quotes and it.kind == "quoted" else it.text for it in item)
    return "".join(parts).strip()


def _join(stray: str, text: str) -> str:
    return f"{stray}, {text}" if stray and text else stray or text


def _phrase(text: str) -> str:
    return " ".join(one_line(decode_words(text)).split())[:MAX_NAME_KEPT]
