"""Where quoted history begins: the lines that mail programs write above what they quote.

Each function looks at a constant number of lines of limited length.
"""

import re
from collections.abc import Sequence
from typing import Final

from shared.domain.mail.reading.reply_words import (
    ATTRIBUTION_STARTS,
    ATTRIBUTION_VERBS,
    FORWARD_LINES,
    HEADER_LABELS,
)

LONGEST: Final = 300
"""Characters of a line that may be a header."""
WRAPPED: Final = 3
"""Lines over which one attribution may be wrapped."""
BLOCK: Final = 16
"""Lines in which the header lines above an earlier mail stand."""

_COLONS: Final = (":", "\uff1a")
_START: Final = re.compile(rf"(?:{ATTRIBUTION_STARTS})(?!\w)|(?:A|\w+,)\s\d")
_DATED_START: Final = re.compile(
    r"\d{4}\s?[-/.\u5e74\ub144]|\d{1,2}[./-]\d{1,2}[./-]\d{2}|[^\W\d]{2,14}\.?,?\s+\d{1,2}[.,\s]"
)
_DATE: Final = re.compile(r"\d{4}|\d{1,2}[./-]\d{1,2}[./-]\d{2}")
_CLOCK: Final = re.compile(r"\d{1,2}\s?[:.h\u6642\u65f6]\s?\d{2}")
_VERBS: Final = "|".join(ATTRIBUTION_VERBS)
_VERB_END: Final = re.compile(rf"(?:{_VERBS})\s*[:\uff1a]$", re.IGNORECASE)
_VERB: Final = re.compile(rf"(?<![^\W_])(?:{_VERBS})(?![^\W_])", re.IGNORECASE)
_ADDRESS_END: Final = re.compile(r"@[^\s<>]+[>)]+\s*[:\uff1a]$")
_LABEL: Final = re.compile(r"[*\s]{0,4}([^\W\d][\w\s]{0,18}?)[*\s]{0,4}[:\uff1a]")
_LABELS: Final = {
    label: kind for kind, labels in HEADER_LABELS.items() for label in labels.split("|")
}
_FORWARD: Final = re.compile(
    rf"(?:[-_*]{{2,40}}\s{{0,4}}(?:{FORWARD_LINES})\s{{0,4}}:?[-_*]{{2,40}}|"
    rf"(?:{FORWARD_LINES})\s?[:\uff1a])",
    re.IGNORECASE,
)
_RULE: Final = re.compile(r"[-_=*\s]{3,}")


def is_marked(line: str) -> bool:
    """Whether the line bears a mark of quotation."""
    return line.startswith((">", " >", "\uff1e"))


def is_rule(line: str) -> bool:
    """Whether the line is drawn with dashes, underscores, equals signs or stars."""
    return _RULE.fullmatch(line) is not None and not line.isspace()


def is_history(lines: Sequence[str], at: int) -> bool:
    """Whether all from here on is an earlier mail: a forward's first line or header lines."""
    line = lines[at].strip() if len(lines[at]) <= LONGEST else ""
    if not line:
        return False
    return _FORWARD.fullmatch(line) is not None or _is_block(lines, at)


def attribution(lines: Sequence[str], at: int) -> tuple[int, bool]:
    """Return how many lines from here say who wrote what is quoted below, 0 where none does.

    And whether they do so beyond doubt, be what follows marked or not.
    """
    words: list[str] = []
    for line in lines[at : at + WRAPPED]:
        word = line.strip() if len(line) <= LONGEST else ""
        if not word or (words and _is_start(word)):
            break
        words.append(word)
        if word.endswith(_COLONS):
            joined = " ".join(words)
            if _is_certain(joined):
                return len(words), True
            if len(words) == 1 and _is_likely(joined):
                return 1, False
    return 0, False


def _is_start(line: str) -> bool:
    return _START.match(line) is not None and any(one.isdigit() for one in line)


def _is_certain(line: str) -> bool:
    """Whether a program wrote it: with an address, or a date and a time, and a known form."""
    if not ("@" in line or (_DATE.search(line) and _CLOCK.search(line))):
        return False
    if _is_start(line):
        return _VERB.search(line) is not None
    if _DATED_START.match(line) and (_VERB_END.search(line) or _ADDRESS_END.search(line)):
        return _CLOCK.search(line) is not None
    return _VERB_END.search(line) is not None


def _is_likely(line: str) -> bool:
    return len(line.split()) <= 12 and _VERB.search(line) is not None


def _is_block(lines: Sequence[str], at: int) -> bool:
    """Whether From, Subject, and Date or To stand here, in the words of any known language."""
    if _kind(lines[at]) != "from":
        return False
    kinds: set[str] = set()
    strangers = 0
    for line in lines[at : at + BLOCK]:
        kind = _kind(line)
        strangers = 0 if kind else strangers + 1
        if strangers > 2:
            return False
        kinds.add(kind)
        if {"from", "subject"} <= kinds and kinds & {"date", "to"}:
            return True
    return False


def _kind(line: str) -> str:
    found = _LABEL.match(line[:40])
    return _LABELS.get(found[1].strip().lower(), "") if found else ""
