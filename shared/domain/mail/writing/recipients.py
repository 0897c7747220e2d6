"""Addresses that a caller gives, read strictly: what is not clearly an address is refused."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from unicodedata import category, normalize

from shared.domain.mail.reading.address_list import Address, Token, tokens, unquote
from shared.domain.mail.reading.mail_headers import decode_words
from shared.errors import InvalidRecipientError, Problem

MAX_ADDRESS: Final = 254
MAX_NAME: Final = 320
CONTROL: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""What would end a header line somewhere on its way, and what no UTF-8 can carry."""
LOCAL_PART: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+")
MAX_LOCAL: Final = 64
"""Bytes (RFC 5321, 4.5.3.1)."""
DOMAIN: Final = re.compile(
    r"(?=.{1,253}$)(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))+"
)
MAX_LABEL: Final = 63
MAX_RECIPIENTS: Final = 500
"""Per message through the API (FACTS 1.10)."""
MOST_AT_SIGNS: Final = 2 * MAX_RECIPIENTS
"""Of one field, names included: more are too many recipients, and are not read."""

_SPECIAL: Final = re.compile(r'[()<>\[\]:;@\\,"]')
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Letters and marks without a glyph: Default_Ignorable_Code_Point of Unicode 16."""
_PLAIN_SPACE: Final = re.compile(r"[ \t]+")
_PLAIN_COMMENT: Final = re.compile(r"\([\w .'+/-]*\)")
_PHRASE_WORD: Final = re.compile(
    r"""(?!.*=\?)[^@\\\[\]]+|=\?[\w*.-]{1,60}\?[bBqQ]\?[^\s?()<>\[\]:;@\\,"]*\?="""
)
_BOX: Final = r"(?:[qw]*+a|w)"
_GROUP: Final = rf"[qw]++:{_BOX}?+(?:,{_BOX}?+)*+;"
_SHAPE: Final = re.compile(rf"(?:{_GROUP}|{_BOX})?+(?:,(?:{_GROUP}|{_BOX})?+)*+")
"""Kinds of the tokens of an address list, by their first letters."""
_END: Final = Token("special", ",")
_ENCODED: Final = "=?"

NO_ADDRESS: Final = "This is no address: write 'Name <name@example.com>' or name@example.com."
BAD_LOCAL: Final = (
    "This is no address: the part before the @ is missing, too long, or no mail server takes it."
)
BAD_DOMAIN: Final = "This is no address: its domain is not a host name."
TWO_READINGS: Final = "Give this domain in its xn-- form: its letters have two readings."
TOO_MANY: Final = f"A field may name {MAX_RECIPIENTS} recipients."
BROKEN_LINE: Final = "An address must not contain line breaks or control characters."


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name and an address in any script."""

    address: str
    name: str = ""


def parse_mailboxes(value: str | Iterable[str] | None, path: str) -> tuple[Mailbox, ...]:
    """Read one field of recipients: a header-like string, a list of them, "" or None.

    Raises InvalidRecipientError naming each bad one by its place, never by its text.
    """
    if value is None:
        return ()
    single = isinstance(value, str)
    texts = [value] if isinstance(value, str) else list(value)
    if sum(text.count("@") for text in texts) > MOST_AT_SIGNS:
        raise InvalidRecipientError(f"{path}: {TOO_MANY}", code="too_many_recipients")
    found: list[Mailbox] = []
    problems: list[Problem] = []
    for place, text in enumerate(texts):
        try:
            found.extend(Mailbox(it["email"], it["name"]) for it in strict_addresses(text))
        except ValueError as error:
            where = (path,) if single else (path, place)
            problems.append(Problem("invalid_recipient", str(error), where))
    if problems:
        message = f"{path}: {len(problems)} of the addresses cannot be used; see errors."
        raise InvalidRecipientError(message, problems=problems)
    return tuple(found)


def strict_addresses(value: str) -> list[Address]:
    """Return exactly the mailboxes of an unfolded header value, as `checked_address` writes them.

    Encoded words are decoded after the structure was read, and stand in display names only.
    Raises ValueError where two programs might read it in different ways.
    """
    if CONTROL.search(value):
        raise ValueError(BROKEN_LINE)
    pieces = [piece for token in tokens(value) if (piece := _piece(token))]
    if not _SHAPE.fullmatch("".join(map(_letter, pieces))):
        raise ValueError(NO_ADDRESS)
    found: list[Address] = []
    item: list[Token] = []
    for piece in (*pieces, _END):
        if piece.kind != "special":
            item.append(piece)
            continue
        if piece.text == ":":
            _display_name(item)
        elif item:
            found.append(_strict_mailbox(item))
        item = []
    named = value.strip()
    if named and not found and not named.endswith(";"):  # an empty group has no members by design
        raise ValueError(NO_ADDRESS)
    return found


def _piece(token: Token) -> Token | None:
    """Return the token, None for what says nothing. Raises ValueError."""
    if token.kind == "space":
        return None if _PLAIN_SPACE.fullmatch(token.text) else Token("word", " ")
    if token.kind == "comment":
        if _PLAIN_COMMENT.fullmatch(token.text):
            return None
        raise ValueError(NO_ADDRESS)
    return token


def _letter(piece: Token) -> str:
    return piece.text if piece.kind == "special" else piece.kind[0]


def _strict_mailbox(item: Sequence[Token]) -> Address:
    """Return a mailbox whose tokens are `word`, or any words and an `angle`. Raises ValueError."""
    *name, last = item
    email = last.text[1:-1] if last.kind == "angle" else last.text
    if _ENCODED in email:
        raise ValueError(NO_ADDRESS)
    return Address(name=_display_name(name), email=checked_address(email))


def _display_name(words: Sequence[Token]) -> str:
    """Return what a phrase says. Raises ValueError."""
    texts = []
    for word in words:
        text = unquote(word.text) if word.kind == "quoted" else word.text
        if word.kind == "word" and not _PHRASE_WORD.fullmatch(text):
            raise ValueError(NO_ADDRESS)
        if word.kind == "quoted" and _ENCODED in text and _SPECIAL.search(decode_words(text)):
            raise ValueError(NO_ADDRESS)
        texts.append(text)
    return checked_name(decode_words(" ".join(texts)))


def checked_name(name: str) -> str:
    """Return a display name with its white space folded. Raises ValueError.

    An encoded word may hide a line break, so names are checked after decoding.
    """
    if CONTROL.search(name):
        raise ValueError(BROKEN_LINE)
    folded = " ".join(name.split())
    if len(folded) > MAX_NAME:
        raise ValueError(f"A name may have {MAX_NAME} characters.")
    return folded


def checked_address(address: str) -> str:
    """Return the address; its domain is in ASCII, or in letters where its local part is.

    Raises ValueError.
    """
    local, at, domain = address.strip(" \t").rpartition("@")
    if not at or len(address) > MAX_ADDRESS or not LOCAL_PART.fullmatch(local):
        raise ValueError(BAD_LOCAL)
    if local.startswith(".") or local.endswith(".") or ".." in local:
        raise ValueError(BAD_LOCAL)
    if len(local.encode()) > MAX_LOCAL or not all(map(_is_letter, local)):
        raise ValueError(BAD_LOCAL)
    host = ascii_domain(domain)
    return f"{local}@{host if local.isascii() else _in_letters(host)}"


def ascii_domain(domain: str) -> str:
    """Return a domain with its labels in ASCII. Raises ValueError.

    Letters that the two IDNA standards read differently are refused: another host might get the
    mail. Both readers take more than linear time, so what is too long for a host is never given
    to them.
    """
    spelled = normalize("NFKC", domain)
    if len(spelled) > MAX_ADDRESS or any(len(one) > MAX_LABEL for one in spelled.split(".")):
        raise ValueError(BAD_DOMAIN)
    try:
        host = domain if domain.isascii() else _by_both_standards(domain)
    except UnicodeError:
        raise ValueError(BAD_DOMAIN) from None
    if not DOMAIN.fullmatch(host):
        raise ValueError(BAD_DOMAIN)
    return host


def _by_both_standards(domain: str) -> str:
    """Return a domain in letters as IDNA 2003 and IDNA 2008 spell it. Raises ValueError."""
    import idna  # noqa: PLC0415  its tables cost a start, and few addresses need them

    by_2003 = domain.encode("idna").decode("ascii")
    if by_2003.lower() != idna.encode(domain, uts46=True).decode("ascii").lower():
        raise ValueError(TWO_READINGS)
    return by_2003


def _in_letters(host: str) -> str:
    try:
        return host.encode().decode("idna")
    except UnicodeError:
        return host


def _is_letter(character: str) -> bool:
    """Whether it is ASCII, or a letter, mark or digit that is seen: nothing like syntax."""
    if character.isascii():
        return True
    return category(character)[0] in "LMN" and not _INVISIBLE.fullmatch(character)
