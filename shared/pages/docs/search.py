"""Finding sections by words. `static/docs.js` ranks in the same way in a browser."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from shared.pages.docs.markdown import Section

WORD: Final = re.compile(r"[\w/-]+")
MOST_WORDS: Final = 12
IN_HEADING: Final = 8
IN_TITLE: Final = 4
MOST_COUNTED: Final = 3
"""How often a word counts that stands in a text again and again."""


def find(sections: Iterable[Section], query: str, limit: int) -> Sequence[Section]:
    """Return the sections that hold every word of the query, best first."""
    words = WORD.findall(query.lower())[:MOST_WORDS]
    ranked = [(_score(one, words), one) for one in sections] if words else []
    found = sorted((pair for pair in ranked if pair[0]), key=lambda pair: -pair[0])
    return [section for _, section in found[:limit]]


def _score(section: Section, words: Sequence[str]) -> int:
    heading, title = section.heading.lower(), section.page.title.lower()
    text = section.text.lower()
    total = 0
    for word in words:
        score = (
            IN_HEADING * (word in heading)
            + IN_TITLE * (word in title)
            + min(text.count(word), MOST_COUNTED)
        )
        if not score:
            return 0
        total += score
    return total


def excerpt(section: Section, query: str, length: int = 240) -> str:
    """Return some of a section's text, from around the first word of the query."""
    text = " ".join(section.text.split())
    words = WORD.findall(query.lower())
    at = min((place for word in words if (place := text.lower().find(word)) >= 0), default=0)
    start = max(0, at - length // 3)
    cut = text[start : start + length]
    return f"{'...' if start else ''}{cut}{'...' if start + length < len(text) else ''}"
