"""What stands below a person's words: signatures, and what devices, firms and lists add.

Each line is looked at a constant number of times.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from shared.domain.mail.reply_text.headers import is_rule
from shared.domain.mail.reply_text.words import (
    BRIEF_CLOSINGS,
    CLOSING_PLACES,
    CLOSINGS,
    CONFIDENTIAL,
    DEVICES,
    LEGAL_ALONE,
    LEGAL_HINTS,
    LEGAL_TITLES,
    LIST_WORDS,
    MESSAGES,
    MISDIRECTED,
    SCANNED,
    SENT_WITH,
    SUBSCRIBED,
)

CARD_LINES: Final = 10
CARD_WIDTH: Final = 60
"""What may stand below a closing formula: a name, a firm, a telephone number."""
NAME_WORDS: Final = 6
PARAGRAPH: Final = 4_000
"""Characters of a paragraph that may be a footer."""
BRIEF_NAME_WORDS: Final = 3
UNSIGNED_LINES: Final = 12
UNSIGNED_WIDTH: Final = 100
"""A signature below a mark whose space a program cut off: else it is a line between two parts."""
DEVICE_WIDTH: Final = 90
DEVICE_WORDS: Final = 9
LINKED_WIDTH: Final = 300
"""Characters of such a line with the addresses of its links."""

_ANY: Final = re.IGNORECASE
_LINK: Final = re.compile(r"\s*[<(\[]?(?:https?://|mailto:)[^\s>)\]]*[>)\]]?")
_CLOSING_END: Final = (
    rf"(?:\s?[-,.!;:/\u2013\u3002].{{0,25}}|\s(?:{CLOSING_PLACES})\s.{{1,22}}"
    r"|\s(?-i:[^\W\d_a-z])\S{0,20}(?:\s\S{1,20})?)?\s?"
)
"""A stop, a place or a name."""
_CLOSING: Final = re.compile(rf"(?:{CLOSINGS})(?!\w){_CLOSING_END}", _ANY)
_BRIEF: Final = re.compile(rf"(?:{BRIEF_CLOSINGS})\s?[,.!]*", _ANY)
_POSTSCRIPT: Final = re.compile(r"(?:p\.?\s?p?\.?\s?s\b|n\.?b\.)", _ANY)
_BRACKETS: Final = str.maketrans("", "", "()[]<>")
_SENT: Final = re.compile(SENT_WITH, _ANY)
_DEVICE: Final = re.compile(DEVICES, _ANY)
_CONFIDENTIAL: Final = re.compile(CONFIDENTIAL)
_MISDIRECTED: Final = re.compile(MISDIRECTED)
_MESSAGES: Final = re.compile(MESSAGES)
_LEGAL: Final = re.compile(LEGAL_ALONE)
_LEGAL_HINTS: Final = tuple(f"{CONFIDENTIAL}|{LEGAL_HINTS}".split("|"))
"""Looked for first: a pattern of many words costs fifty times as much."""
_LEGAL_TITLE: Final = re.compile(rf"\W{{0,5}}(?:{LEGAL_TITLES})\W{{0,5}}", _ANY)
_LIST_WORDS: Final = re.compile(LIST_WORDS, _ANY)
_SUBSCRIBED: Final = re.compile(rf"\W{{0,5}}(?:{SUBSCRIBED})", _ANY)
_SCANNED: Final = re.compile(rf"\W{{0,5}}(?:{SCANNED})", _ANY)
_LIST_RULE: Final = re.compile(r"_{20,}\s*")


def without_footers(lines: Sequence[str]) -> list[str]:
    """Return the lines without signature and footers at their end, and without blank ends."""
    first = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    rest = list(lines[first:])
    del rest[_mark(rest) :]
    _drop_paragraphs(rest)
    end = _closing(rest)
    if end < len(rest):
        del rest[end:]
        _drop_paragraphs(rest)
    return rest


def _mark(lines: list[str]) -> int:
    """Return where a signature's mark or a list's rule stands, else the end."""
    for at, line in enumerate(lines):
        if line.startswith("--") and _is_signature(lines, at):
            return at
        if line.startswith("____") and _LIST_RULE.fullmatch(line):
            below = lines[at + 1 : at + 4]
            if any(_LIST_WORDS.search(one[:200]) for one in below):
                return at
    return len(lines)


def _is_signature(lines: list[str], at: int) -> bool:
    """RFC 3676 4.3; programs that cut the space off the mark write short signatures."""
    if lines[at].rstrip("\r") == "-- ":
        return True
    if lines[at].strip() != "--":
        return False
    below = lines[at + 1 : at + 2 + UNSIGNED_LINES]
    return len(below) <= UNSIGNED_LINES and all(len(one) <= UNSIGNED_WIDTH for one in below)


def _drop_paragraphs(lines: list[str]) -> None:
    """Remove the footers that are whole paragraphs or lines at the end, and blank lines there."""
    _drop_while(lines, _is_blank)
    below_legal = False
    while lines:
        first, paragraph = _last_paragraph(lines)
        is_legal = _is_legal(paragraph, below_legal=below_legal)
        if is_legal or _is_list_footer(paragraph) or _is_scanned(paragraph):
            below_legal = below_legal or is_legal
            del lines[first:]
            _drop_while(lines, _is_heading)
        elif _is_device(lines[-1]):
            lines.pop()
            _drop_while(lines, _is_blank)
        else:
            break


def _drop_while(lines: list[str], is_of_kind: Callable[[str], bool]) -> None:
    while lines and is_of_kind(lines[-1]):
        lines.pop()


def _is_blank(line: str) -> bool:
    return not line.strip()


def _is_heading(line: str) -> bool:
    """Whether it only leads to a footer: a blank line, a rule, a title."""
    return _is_blank(line) or is_rule(line) or bool(_LEGAL_TITLE.fullmatch(line[:80].strip()))


def _last_paragraph(lines: list[str]) -> tuple[int, str]:
    """Return where the last paragraph begins, and its words; none where it is long."""
    at, size = len(lines), 0
    while at and size <= PARAGRAPH and lines[at - 1].strip() and not is_rule(lines[at - 1]):
        at -= 1
        size += len(lines[at]) + 1
    if size > PARAGRAPH or at == len(lines):
        return len(lines) - 1, ""
    return at, " ".join(one.strip() for one in lines[at:])


def _is_legal(paragraph: str, *, below_legal: bool) -> bool:
    """Whether it forbids others to read; of several paragraphs the first may only say secret."""
    words = paragraph.lower()
    if not any(hint in words for hint in _LEGAL_HINTS):
        return False
    if _LEGAL.search(words):
        return True
    more = _MESSAGES if below_legal else _MISDIRECTED
    return _CONFIDENTIAL.search(words) is not None and more.search(words) is not None


def _is_list_footer(paragraph: str) -> bool:
    linked = "http" in paragraph or "@" in paragraph or "www." in paragraph
    return linked and _SUBSCRIBED.match(paragraph) is not None


def _is_scanned(paragraph: str) -> bool:
    return _SCANNED.match(paragraph) is not None


def _is_device(line: str) -> bool:
    if len(line) > LINKED_WIDTH:
        return False
    words = _without_links(line).translate(_BRACKETS).strip()
    is_sentence = words.endswith(".") and len(words.split()) > DEVICE_WORDS
    if len(words) > DEVICE_WIDTH or is_sentence:
        return False
    return bool(_SENT.match(words) and _DEVICE.search(words))


def _closing(lines: list[str]) -> int:
    """Return where a closing formula begins that a name or a card follows, else the end."""
    below: list[str] = []
    for at in range(len(lines) - 1, -1, -1):
        line = lines[at].strip()
        if not line:
            continue
        if below and _is_closing(line, below[-1], alone=at == 0):
            return at
        if len(below) == CARD_LINES or not _is_card(line):
            break
        below.append(line)
    return len(lines)


def _is_closing(line: str, name: str, *, alone: bool) -> bool:
    """Whether the line is a formula and the first line below it is a name.

    Thanks are words of one's own where there are no others.
    """
    words = len(name.split())
    if name.endswith(("!", "?", ":", ",")) or words > NAME_WORDS or _CLOSING.fullmatch(name):
        return False
    if len(line) <= CARD_WIDTH and _CLOSING.fullmatch(line):
        return True
    is_name = (
        not alone and words <= BRIEF_NAME_WORDS and not name[0].islower() and not name.endswith(".")
    )
    return is_name and len(line) <= CARD_WIDTH and _BRIEF.fullmatch(line) is not None


def _is_card(line: str) -> bool:
    """Whether the line may stand below a closing formula: short, no question, no postscript."""
    if len(line) > LINKED_WIDTH:
        return False
    words = _without_links(line)
    return len(words) <= CARD_WIDTH and not words.endswith("?") and not _POSTSCRIPT.match(words)


def _without_links(line: str) -> str:
    return _LINK.sub("", line) if "http" in line or "mailto:" in line else line
