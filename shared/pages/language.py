"""The texts of the pages, one table a language, and which table a reader gets."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLES = Path(__file__).parent / "strings"
LANGUAGES = tuple(sorted(path.stem for path in TABLES.glob("*.json")))
FALLBACK = "en"
WANTED = re.compile(r"\s*([a-zA-Z]{1,8})(?:-[\w-]+)?\s*(?:;\s*q=([\d.]{1,5}))?\s*")


@dataclass(frozen=True, slots=True)
class Strings:
    """One language's texts; `words` fill the braces of every one of them."""

    language: str
    table: Mapping[str, str]
    words: Mapping[str, str]

    def __call__(self, key: str, **words: str | None) -> str:
        """Return the text, unescaped: the template escapes it. Raises KeyError."""
        given = {name: word or "" for name, word in words.items()}
        return self.table[key].format_map({**self.words, **given})

    def knows(self, key: str) -> bool:
        """Whether there is such a text."""
        return key in self.table

    def under(self, prefix: str) -> dict[str, str]:
        """Return every text whose key begins so, by the rest of its key."""
        found = [key for key in self.table if key.startswith(prefix)]
        return {key.removeprefix(prefix): self(key, **_BLANKS) for key in found}


_BLANKS = {"expected": "", "given": "", "email": "", "known": "", "who": "", "why": ""}


def strings_for(asked: str | None, accepted: str | None, **words: str) -> Strings:
    """Return the texts in `asked`, else the best of an Accept-Language header, else English."""
    language = next(
        iter(_supported_languages([asked or "", *_preferences(accepted or "")])), FALLBACK
    )
    return Strings(language, _table(language), words)


def _supported_languages(tags: Iterable[str]) -> Iterable[str]:
    for tag in tags:
        language = tag.partition("-")[0].lower()
        if language in LANGUAGES:
            yield language


def _preferences(header: str) -> list[str]:
    found = [match for part in header[:200].split(",") if (match := WANTED.fullmatch(part))]
    return [match[1] for match in sorted(found, key=_weight, reverse=True)]


def _weight(match: re.Match[str]) -> float:
    try:
        return float(match[2] or 1)
    except ValueError:
        return 0.0


@cache
def _table(language: str) -> Mapping[str, str]:
    table: dict[str, str] = json.loads((TABLES / f"{language}.json").read_text("utf-8"))
    return table
