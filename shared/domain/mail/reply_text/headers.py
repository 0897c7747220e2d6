"""Where quoted history begins: the lines that mail programs write above what they quote.

Each function looks at a constant number of lines of limited length.
"""

import re
from collections.abc import Sequence
from typing import Final

from shared.domain.mail.reply_text.words import (
    ATTRIBUTION_MIDDLES,
    ATTRIBUTION_STARTS,
    ATTRIBUTION_VERBS,
    FORWARD_LINES,
    HEADER_LABELS,
    PRONOUNS_AFTER,
    PRONOUNS_BEFORE,
)

LONGEST: Final = 300
"""Characters of a line that may be a header."""
LIKELY_WORDS: Final = 12
"""Words of a line that names no time and no address, and yet says who wrote what follows."""
WRAPPED: Final = 3
"""Lines over which one attribution may be wrapped."""
BLOCK: Final = 16
"""Lines in which the header lines above an earlier mail stand."""
BETWEEN: Final = 2
"""Lines that may stand between two of them: one goes on, one is blank."""

_COLONS: Final = (":", "\uff1a")
_START: Final = re.compile(rf"(?:{ATTRIBUTION_STARTS})(?!\w)|A\s\d")
_DATED_START: Final = re.compile(
    r"\d{4}\s?[-/.\u5e74\ub144]|\d{1,2}[./-]\d{1,2}[./-]\d{2}|[^\W\d]{2,14}\.?,?\s+\d{1,2}[.,\s]"
    r"|\d{1,2}\.?\s+[^\W\d]{3,12}\.?\s+\d{4}|\d{1,2}:\d{2}[\s,]"
)
_DATE: Final = re.compile(r"\d{4}|\d{1,2}[./-]\d{1,2}[./-]\d{2}")
_CLOCK: Final = re.compile(r"\d{1,2}\s?[:.h\u6642\u65f6]\s?\d{2}")
_VERBS: Final = f"(?:{ATTRIBUTION_VERBS}|{ATTRIBUTION_MIDDLES})"
_NO_PRONOUN: Final = "".join(rf"(?<!\b{one}\s)" for one in PRONOUNS_BEFORE)
_VERB_END: Final = re.compile(rf"{_NO_PRONOUN}{_VERBS}\s*[:\uff1a]$", re.IGNORECASE)
_VERB_MIDDLE: Final = re.compile(
    rf"(?<!\w)(?:{ATTRIBUTION_MIDDLES})\s+(?!(?:{PRONOUNS_AFTER})\b)", re.IGNORECASE
)
_ADDRESS_END: Final = re.compile(r"@[^\s<>]+[>)]+\s*[:\uff1a]$")
_DASHED: Final = re.compile(rf"-{{3,40}}[^-].{{1,200}}\s{_VERBS}\s?-{{3,40}}", re.IGNORECASE)
_DIRECTION: Final = re.compile("[\u200e\u200f\u202a-\u202e]")
_ADDRESS_REST: Final = re.compile(r">[\w\s()]{0,30}[:\uff1a]")
"""What is left of an attribution that was wrapped before the end of its address."""
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
    if not (":" in line or "\uff1a" in line or line.startswith(("-", "_", "*"))):
        return False
    return _FORWARD.fullmatch(line) is not None or _is_block(lines, at)


def attribution_places(lines: Sequence[str]) -> set[int]:
    """Return where an attribution may begin: at most two lines above one that ends in a colon."""
    ends = [
        at
        for at, line in enumerate(lines)
        if line.rstrip().endswith(_COLONS) or line.startswith("---")
    ]
    return {at - above for at in ends for above in range(WRAPPED)}


def attribution(lines: Sequence[str], at: int) -> tuple[int, bool]:
    """Return how many lines from here say who wrote what is quoted below, 0 where none does.

    And whether they do so beyond doubt, be what follows marked or not.
    """
    words: list[str] = []
    for line in lines[at : at + WRAPPED]:
        word = line.strip() if len(line) <= LONGEST else ""
        if not word or (words and _begins_anew(words, word)):
            break
        if is_marked(line) and not (words and "<" in words[-1] and _ADDRESS_REST.fullmatch(word)):
            break
        words.append(word)
        if word.endswith(_COLONS):
            joined = " ".join(words)
            if _is_certain(joined, names_first=_is_name_first(words)):
                return len(words), True
            if len(words) == 1 and _is_likely(joined):
                return 1, False
        elif len(words) == 1 and _DASHED.fullmatch(word):
            return 1, True
    return 0, False


def _begins_anew(above: Sequence[str], line: str) -> bool:
    """Whether an attribution begins with this line, and not with those above it."""
    if _is_start(line):
        return True
    goes_on = above[-1].endswith(",") or _is_start(above[0])
    return not goes_on and _DATED_START.match(line) is not None


def _is_start(line: str) -> bool:
    return _START.match(line) is not None and any(one.isdigit() for one in line)


def _is_name_first(words: Sequence[str]) -> bool:
    """Whether a name and an address stand first, the address perhaps on the next line."""
    return "@" in words[0] or (words[1:2] != [] and words[1].startswith("<"))


def _is_certain(line: str, *, names_first: bool) -> bool:
    """Whether a program wrote it: with an address, or a date and a time, and a known form."""
    timed = _CLOCK.search(line) is not None
    if not ("@" in line or (timed and _DATE.search(line))):
        return False
    if _is_start(line):
        return _has_verb(line)
    if _DATED_START.match(line):
        return timed and (_has_verb(line) or _ADDRESS_END.search(line) is not None)
    return names_first and (_has_verb(line) if timed else _VERB_END.search(line) is not None)


def _has_verb(line: str) -> bool:
    """Whether it says that a person who is named wrote, in one language or another."""
    return bool(_VERB_END.search(line) or _VERB_MIDDLE.search(line))


def _is_likely(line: str) -> bool:
    return len(line.split()) <= LIKELY_WORDS and _has_verb(line)


def _is_block(lines: Sequence[str], at: int) -> bool:
    """Whether From, Subject, and Date or To stand here, in the words of any known language.

    Programs that leave an empty subject out still give an address.
    """
    if _kind(lines[at]) not in {"from", "date", "subject"}:
        return False
    addressed = False
    kinds: set[str] = set()
    strangers = 0
    for line in lines[at : at + BLOCK]:
        kind = _kind(line)
        strangers = 0 if kind else strangers + 1
        if strangers > BETWEEN:
            return False
        kinds.add(kind)
        addressed = addressed or (kind == "from" and "@" in line)
        if _is_enough(kinds, addressed=addressed):
            return True
    return False


def _is_enough(kinds: set[str], *, addressed: bool) -> bool:
    if {"from", "subject"} <= kinds:
        return bool(kinds & {"date", "to"})
    return addressed and {"from", "date", "to"} <= kinds


def _kind(line: str) -> str:
    found = _LABEL.match(_DIRECTION.sub("", line[:60]))
    return _LABELS.get(" ".join(found[1].lower().split()), "") if found else ""
