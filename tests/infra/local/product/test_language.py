"""The sample product in each language: no text without a translation, none mixed."""

import json
import re
from string import Formatter

import pytest

from infra.local.product.app import ROOT
from infra.local.product.language import ENGLISH, LANGUAGES, TABLES
from shared.pages.language import LANGUAGES as OF_CONNECT_PAGES

SCRIPT = re.compile(r"""\bt\("((?:[^"\\]|\\.)+)"[,)]""")
PYTHON = re.compile(r'phrase\(request, "([^"]+)"|^\s+text = "([^"]+)"', re.MULTILINE)
LISTS = re.compile(r'\("[^"]+", (?:"[^"]+", )?"([^"]+)"\)')
"""What the page's own lists hold: a label, or what a key does."""
RAISED = re.compile(r'"\w+", "([A-Z][^"]+\.)"\)|text = "([^"]+)"|None, "([^"]+)"')
OTHERS = sorted(LANGUAGES - {ENGLISH})


def used() -> set[str]:
    """Return every English text that is said to a reader."""
    found: set[str] = set()
    for path in (*(ROOT / "static").glob("*.js"), ROOT / "templates" / "page.html"):
        found |= set(SCRIPT.findall(path.read_text("utf-8")))
    page = (ROOT / "templates" / "page.html").read_text("utf-8")
    found |= set(LISTS.findall(page))
    for name in ("context", "api", "connecting", "app"):
        source = (ROOT / f"{name}.py").read_text("utf-8")
        for groups in (*PYTHON.findall(source), *RAISED.findall(source)):
            found |= {one for one in groups if one}
    return found


def table(language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((TABLES / f"{language}.json").read_text("utf-8"))
    return found


def test_the_product_speaks_what_the_connect_page_speaks() -> None:
    assert {*OF_CONNECT_PAGES} == LANGUAGES


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated_and_no_other(language: str) -> None:
    assert used() == {*table(language)}


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_is_filled_with_the_same_words(language: str) -> None:
    def names(text: str) -> list[str]:
        return sorted(name for _, name, _, _ in Formatter().parse(text) if name)

    for english, other in table(language).items():
        assert names(english) == names(other), english
