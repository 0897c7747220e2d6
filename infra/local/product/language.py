"""The product's words in a reader's language: one for the page, the connect page and quotations."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from starlette.requests import Request

ENGLISH: Final = "en"
TABLES: Final = Path(__file__).parent / "strings"
LANGUAGES: Final = frozenset({ENGLISH, *(path.stem for path in TABLES.glob("*.json"))})


def language_of(request: Request) -> str:
    """Return the first language of the browser's that there is a table of, else English."""
    header = request.headers.get("accept-language", "")[:200]
    tags = (one.partition(";")[0].strip().partition("-")[0].lower() for one in header.split(","))
    return next((tag for tag in tags if tag in LANGUAGES), ENGLISH)


@cache
def texts(language: str) -> Mapping[str, str]:
    """Return each English text in the language; none for English, where a text is itself."""
    if language == ENGLISH:
        return {}
    table: dict[str, str] = json.loads((TABLES / f"{language}.json").read_text("utf-8"))
    return table


def phrase(request: Request, text: str, **words: str) -> str:
    """Say an English text in the reader's language; each {name} in it is filled from `words`."""
    found = texts(language_of(request)).get(text, text)
    return found.format(**words) if words else found
