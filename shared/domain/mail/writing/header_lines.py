"""Header lines as they travel: RFC 2047 words, RFC 2231 parameters, folding (RFC 5322).

They are written here and not by the standard library, whose folding drops spaces between encoded
words and the quotes round a long name, which makes one recipient two, and which encodes or cuts
long message ids and links. Reading needs none of this: any conforming parser gives back what was
given.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Final

from shared.domain.mail.writing.recipients import Mailbox

LINE: Final = 76
"""Characters of a line that holds an encoded word (RFC 2047); nothing needs longer ones."""
LONGEST_TOKEN: Final = 900
"""Characters that may stand in a row: a line has at most 998 (RFC 5322)."""
LONGEST_QUOTED: Final = 60
FOLD: Final = "\r\n "

_WORD: Final = "=?utf-8?{}?{}?="
_WORD_FRAME: Final = len(_WORD.format("q", ""))
_SHORTEST_WORD: Final = _WORD_FRAME + 12
"""Room for a word that holds any one character."""
_SAFE: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/")
"""What an encoded word may hold as it is, in a name too (RFC 2047, 5 (3))."""
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+( [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_PRINTABLE: Final = re.compile(r"[ -~]*")
_QUOTABLE: Final = re.compile(r"[A-Za-z0-9 !#$&()+,.;=@\[\]^_`{}~'-]*")
_ATTRIBUTE_SAFE: Final = frozenset(
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&+-.^_`|~"
)


def text_line(name: str, value: str) -> str:
    """Return `name: value` for free text; white space inside is kept, at the ends it is not."""
    value = value.strip()
    if _travels_plain(value):
        return _folded_text(name, value)
    room = LINE - len(name) - 2
    if room < _SHORTEST_WORD:
        return f"{name}:{FOLD}{FOLD.join(encoded_words(value))}\r\n"
    words = encoded_words(value, room)
    return f"{name}: {FOLD.join(words)}\r\n"


def tokens_line(name: str, tokens: Iterable[str]) -> str:
    """Return `name: tokens` for message ids and the like, which are never cut."""
    return _join(name, list(tokens))


def addresses_line(name: str, mailboxes: Sequence[Mailbox]) -> str:
    """Return an address header; its mailboxes are separated by commas."""
    tokens: list[str] = []
    for mailbox in mailboxes:
        tokens += _mailbox(mailbox, LINE - 1 if tokens else LINE - len(name) - 2)
        tokens[-1] += ","
    if tokens:
        tokens[-1] = tokens[-1].removesuffix(",")
    return _join(name, tokens)


def parameters_line(name: str, value: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Return `name: value; key=...`, long or non-ASCII values by RFC 2231."""
    pieces = [piece for key, given in parameters for piece in _parameter(key, given)]
    return f"{name}: {';'.join([value, *(FOLD + piece for piece in pieces)])}\r\n"


def encoded_words(text: str, first_room: int = LINE - 1) -> list[str]:
    """Cut text into RFC 2047 words of whole characters; the first may have less room."""
    words: list[str] = []
    by_letters = _mostly_safe(text)
    room = max(first_room, _SHORTEST_WORD)
    held, used = "", 0
    for character in text:
        cost = _letters_cost(character) if by_letters else len(character.encode())
        most = min(room, LINE - 1) - _WORD_FRAME
        limit = most if by_letters else most // 4 * 3
        if held and used + cost > limit:
            words.append(_word(held, by_letters=by_letters))
            held, used, room = "", 0, LINE - 1
        held, used = held + character, used + cost
    return [*words, _word(held, by_letters=by_letters)]


def _travels_plain(value: str) -> bool:
    if not _PRINTABLE.fullmatch(value) or "=?" in value:
        return False
    return all(len(run) <= LONGEST_TOKEN for run in re.findall(" *[^ ]+", value))


def _folded_text(name: str, value: str) -> str:
    """Fold before white space, which stays: unfolding gives back exactly what was given."""
    lines, line = [], f"{name}:"
    for number, run in enumerate(re.findall(" *[^ ]+", f" {value}" if value else "")):
        if number and len(line) + len(run) > LINE:
            lines.append(line)
            line = ""
        line += run
    return "\r\n".join([*lines, line]) + "\r\n"


def _join(name: str, tokens: Sequence[str]) -> str:
    lines, line = [], f"{name}:"
    for number, token in enumerate(tokens):
        if number and len(line) + 1 + len(token) > LINE:
            lines.append(line)
            line = ""
        line += f" {token}"
    return "\r\n".join([*lines, line]) + "\r\n"


def _mailbox(mailbox: Mailbox, room: int) -> list[str]:
    if not mailbox.name:
        return [mailbox.address]
    return [*_phrase(mailbox.name, room), f"<{mailbox.address}>"]


def _phrase(name: str, room: int) -> list[str]:
    if "=?" in name or len(name) > LONGEST_QUOTED or not _PRINTABLE.fullmatch(name):
        return encoded_words(name, room)
    if _ATOMS.fullmatch(name):
        return name.split(" ")
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return [f'"{escaped}"']


def _mostly_safe(text: str) -> bool:
    return sum(map(_letters_cost, text)) <= len(text.encode()) * 4 / 3


def _letters_cost(character: str) -> int:
    return 1 if character in _SAFE or character == " " else 3 * len(character.encode())


def _word(text: str, *, by_letters: bool) -> str:
    if not by_letters:
        return _WORD.format("b", b64encode(text.encode()).decode())
    return _WORD.format("q", "".join(map(_letter, text)))


def _letter(character: str) -> str:
    if character in _SAFE:
        return character
    return "_" if character == " " else "".join(f"={byte:02X}" for byte in character.encode())


def _parameter(key: str, value: str) -> list[str]:
    if _QUOTABLE.fullmatch(value) and len(value) <= LONGEST_QUOTED:
        return [f'{key}="{value}"']
    sections = _sections(value)
    if len(sections) == 1:
        return [f"{key}*=utf-8''{sections[0]}"]
    first, *rest = sections
    later = [f"{key}*{number}*={section}" for number, section in enumerate(rest, start=1)]
    return [f"{key}*0*=utf-8''{first}", *later]


def _sections(value: str) -> list[str]:
    """Percent-encode, cut between characters."""
    sections = [""]
    for character in value:
        encoded = "".join(
            chr(byte) if byte in _ATTRIBUTE_SAFE else f"%{byte:02X}" for byte in character.encode()
        )
        if len(sections[-1]) + len(encoded) > LONGEST_QUOTED:
            sections.append("")
        sections[-1] += encoded
    return sections
