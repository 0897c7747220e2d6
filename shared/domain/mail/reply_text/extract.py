"""The text that remains when history, signature and footers are cut from a message."""

import re
from typing import Final

from shared.domain.mail.reply_text.footers import without_footers
from shared.domain.mail.reply_text.headers import (
    attribution,
    attribution_places,
    is_history,
    is_marked,
    is_rule,
)

_COMPARISON: Final = re.compile(r"\s?>\s?[=\d]")
_DIGEST: Final = re.compile(r"-{20,}\s*")


def reply_text(text: str) -> str:
    """Return the text without quoted history, signature, legal footer and list footer.

    Lines marked with `>` go with the line that announces them, and what stands between and below
    stays. Where an earlier mail is announced and not marked, all from there on goes. A text of
    which nothing would be left (a forward without own words) is returned whole, and so is a list's
    digest. Linear in the text's length.
    """
    lines = text.split("\n")
    own = _own_parts(lines)
    rest: list[str] = []
    for part in own:
        words = without_footers(part)
        if words:
            rest += ["", *words] if rest else words
    found = "\n".join(rest)
    return text if not rest or found.strip() == text.strip() else found


def _own_parts(lines: list[str]) -> list[list[str]]:
    """Return the runs of lines that are no quotation; none of a list's digest."""
    parts: list[list[str]] = [[]]
    fenced, places, headed = _fence(lines), attribution_places(lines), False
    at = 0
    while at < len(lines):
        if is_marked(lines[at]) and at not in fenced:
            end = _marked_end(lines, at)
            if headed or not _is_prose(lines[at:end]):
                parts.append([])
            else:
                parts[-1] += lines[at:end]
            at = end
            continue
        if _begins_digest(lines, at):
            return []
        if is_history(lines, at):
            _drop_rules(parts[-1])
            break
        count, certain = attribution(lines, at) if at in places else (0, False)
        if count and _is_marked_below(lines, at + count):
            headed = True
            parts.append([])
        elif certain:
            break
        else:
            count = 1
            parts[-1].append(lines[at])
        at += count
    return parts


def _marked_end(lines: list[str], at: int) -> int:
    while at < len(lines) and is_marked(lines[at]):
        at += 1
    return at


def _is_prose(marked: list[str]) -> bool:
    """Whether marks that nothing announces are the sender's own: a sign, or Python's prompt."""
    if marked[0].startswith(">>> "):
        return True
    return len(marked) == 1 and _COMPARISON.match(marked[0]) is not None


def _is_marked_below(lines: list[str], at: int) -> bool:
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at < len(lines) and is_marked(lines[at])


def _fence(lines: list[str]) -> set[int]:
    """Return the places of lines between two fences of code."""
    fences = [at for at, line in enumerate(lines) if line.startswith("```")]
    return {
        at
        for first, last in zip(fences[::2], fences[1::2], strict=False)
        for at in range(first, last)
    }


def _begins_digest(lines: list[str], at: int) -> bool:
    if not lines[at].startswith("----") or not _DIGEST.fullmatch(lines[at]):
        return False
    return any(one.startswith("Message: ") for one in lines[at + 1 : at + 3])


def _drop_rules(part: list[str]) -> None:
    """Remove the rule that Outlook draws above the earlier mail's headers."""
    while part and (not part[-1].strip() or is_rule(part[-1])):
        part.pop()
