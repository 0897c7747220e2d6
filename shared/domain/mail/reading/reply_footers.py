"""What stands below a person's words: signatures, and what devices, firms and lists add.

Each line is looked at a constant number of times.
"""

import re
from collections.abc import Callable
from typing import Final

from shared.domain.mail.reading.reply_headers import is_rule
from shared.domain.mail.reading.reply_words import (
    BRIEF_CLOSINGS,
    CLOSINGS,
    CONFIDENTIAL,
    DEVICES,
    LEGAL_ALONE,
    LEGAL_TITLES,
    LIST_WORDS,
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
DEVICE_WIDTH: Final = 90

_ANY: Final = re.IGNORECASE
_LINK: Final = re.compile(r"\s*[<(\[]?(?:https?://|mailto:)[^\s>)\]]*[>)\]]?")
_CLOSING: Final = re.compile(rf"(?:{'|'.join(CLOSINGS)})(?!\w).{{0,25}}", _ANY)
_BRIEF: Final = re.compile(rf"(?:{BRIEF_CLOSINGS})\s?[,.!]*", _ANY)
_POSTSCRIPT: Final = re.compile(r"(?:p\.?\s?p?\.?\s?s\b|n\.?b\.)", _ANY)
_SENT: Final = re.compile(SENT_WITH, _ANY)
_DEVICE: Final = re.compile(DEVICES, _ANY)
_CONFIDENTIAL: Final = re.compile(CONFIDENTIAL, _ANY)
_MISDIRECTED: Final = re.compile(MISDIRECTED, _ANY)
_LEGAL: Final = re.compile(LEGAL_ALONE, _ANY)
_LEGAL_TITLE: Final = re.compile(rf"\W{{0,5}}(?:{LEGAL_TITLES})\W{{0,5}}", _ANY)
_LIST_WORDS: Final = re.compile(LIST_WORDS, _ANY)
_SUBSCRIBED: Final = re.compile(rf"\W{{0,5}}(?:{SUBSCRIBED})", _ANY)
_SCANNED: Final = re.compile(rf"\W{{0,5}}(?:{SCANNED})", _ANY)
_LIST_RULE: Final = re.compile(r"_{20,}\s*")


def without_footers(lines: list[str]) -> list[str]:
    """Return the lines without signature and footers at their end, and without blank ends."""
    rest = _above_marks(lines)
    rest = _above_paragraphs(rest)
    rest = rest[: _closing(rest)]
    return _trimmed(_above_paragraphs(rest))


def _trimmed(lines: list[str]) -> list[str]:
    """Return the lines without blank ones at either end."""
    first, last = 0, len(lines)
    while last and not lines[last - 1].strip():
        last -= 1
    while first < last and not lines[first].strip():
        first += 1
    return lines[first:last]


def _above_marks(lines: list[str]) -> list[str]:
    """Return what stands above a signature's mark or a list's rule."""
    for at, line in enumerate(lines):
        if line.startswith("--") and _is_signature(lines, at):
            return lines[:at]
        if line.startswith("____") and _LIST_RULE.fullmatch(line):
            below = lines[at + 1 : at + 4]
            if any(_LIST_WORDS.search(one[:200]) for one in below):
                return lines[:at]
    return lines


def _is_signature(lines: list[str], at: int) -> bool:
    """RFC 3676 4.3; programs that cut the space off the mark write short signatures."""
    if lines[at].rstrip("\r") == "-- ":
        return True
    if lines[at].strip() != "--":
        return False
    below = [one for one in lines[at + 1 : at + 40] if one.strip()]
    return at + 40 > len(lines) and len(below) <= 12 and all(len(one) <= 100 for one in below)


def _above_paragraphs(lines: list[str]) -> list[str]:
    """Return the lines without the footers that are whole paragraphs or lines at the end."""
    lines = _trimmed(lines)
    while lines:
        first = _paragraph_start(lines)
        paragraph = " ".join(one.strip() for one in lines[first:])
        if any(is_footer(paragraph) for is_footer in _FOOTERS):
            lines = _above_rules(lines[:first])
        elif _is_device(lines[-1]):
            lines = _trimmed(lines[:-1])
        else:
            break
    return lines


def _paragraph_start(lines: list[str]) -> int:
    at = len(lines)
    while at and lines[at - 1].strip() and not is_rule(lines[at - 1]):
        at -= 1
    return min(at, len(lines) - 1)


def _above_rules(lines: list[str]) -> list[str]:
    lines = _trimmed(lines)
    while lines and (is_rule(lines[-1]) or _LEGAL_TITLE.fullmatch(lines[-1][:80].strip())):
        lines = _trimmed(lines[:-1])
    return lines


def _is_legal(paragraph: str) -> bool:
    if len(paragraph) > PARAGRAPH:
        return False
    if _LEGAL.search(paragraph):
        return True
    return bool(_CONFIDENTIAL.search(paragraph) and _MISDIRECTED.search(paragraph))


def _is_list_footer(paragraph: str) -> bool:
    linked = "http" in paragraph or "@" in paragraph or "www." in paragraph
    return linked and len(paragraph) <= PARAGRAPH and _SUBSCRIBED.match(paragraph) is not None


def _is_scanned(paragraph: str) -> bool:
    return len(paragraph) <= PARAGRAPH and _SCANNED.match(paragraph) is not None


_FOOTERS: Final[tuple[Callable[[str], bool], ...]] = (_is_legal, _is_list_footer, _is_scanned)


def _is_device(line: str) -> bool:
    if len(line) > 3 * DEVICE_WIDTH:
        return False
    words = _LINK.sub("", line).strip()
    return len(words) <= DEVICE_WIDTH and bool(_SENT.match(words) and _DEVICE.search(words))


def _closing(lines: list[str]) -> int:
    """Return where a closing formula begins that a name or a card follows, else the end."""
    below: list[str] = []
    for at in range(len(lines) - 1, 0, -1):
        line = lines[at].strip() if len(lines[at]) <= PARAGRAPH else lines[at]
        if not line:
            continue
        if below and _is_closing(line, below[-1]) and any(one.strip() for one in lines[:at]):
            return at
        if len(below) == CARD_LINES or not _is_card(line):
            break
        below.append(line)
    return len(lines)


def _is_closing(line: str, name: str) -> bool:
    """Whether the line is a formula and the first line below it is a name."""
    words = len(name.split())
    if name.endswith(("!", "?", ":", ",")) or words > NAME_WORDS:
        return False
    if len(line) <= CARD_WIDTH and _CLOSING.fullmatch(line):
        return True
    is_name = words <= 3 and not name[0].islower() and not name.endswith(".")
    return is_name and len(line) <= CARD_WIDTH and _BRIEF.fullmatch(line) is not None


def _is_card(line: str) -> bool:
    """Whether the line may stand below a closing formula: short, no question, no postscript."""
    words = _LINK.sub("", line)
    return len(words) <= CARD_WIDTH and not words.endswith("?") and not _POSTSCRIPT.match(words)
