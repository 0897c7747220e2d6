"""Words as the text index sees them."""

import html
import re
from typing import Final

IDEOGRAPH: Final = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])"
)
WORD: Final = re.compile(r"\w", re.UNICODE)
MARKUP: Final = re.compile(
    r"<!--.*?(?:-->|\Z)|<(style|script|head|title)\b.*?(?:</\1\s*+>|\Z)|<[a-z/!?][^>]*+(?:>|\Z)",
    re.IGNORECASE | re.DOTALL,
)

ENDLESS: Final = re.compile(r"&#[0-9]{9,};?")
"""A number that no character has, and that Python would refuse to read."""


def indexable(text: str) -> str:
    """Return text for the index: in scripts without spaces each character is a word."""
    return text if text.isascii() else IDEOGRAPH.sub(r" \1 ", text)


def phrase(text: str) -> str | None:
    """Return the index's query for these words in a row, or None if there is no word in it."""
    if not WORD.search(text):
        return None
    return '"' + indexable(text).replace('"', " ") + '"'


def html_to_text(markup: str) -> str:
    """Return the words of an HTML body, without its layout."""
    return html.unescape(ENDLESS.sub("\ufffd", MARKUP.sub(" ", markup)))
