"""The table of Google's refusals: the last row takes everything, and nothing else reads reasons."""

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from shared.adapters.keys.kms import REFUSED_KEY
from shared.domain.google import refusals as google_refusals
from shared.domain.google.refusals import (
    GMAIL,
    TOKEN,
    Concern,
    Refusal,
    Row,
    meaning_of,
)
from shared.domain.google.trouble import REMEDIES, StoreIndexMissingError
from tests.domain.costs import growth

ROOT: Final = Path(__file__).parents[2] / "shared"
TABLE: Final = ROOT / "domain/google/refusals.py"
OTHERS: Final = {
    "adapters/keys/kms.py": "Cloud KMS, which has errors of its own",
    "adapters/gmail/noticing.py": "refusals of a call by what it says, which are no surprise",
    "commands/checks/oauth_client.py": "the page of the consent screen, for a doctor's advice",
    "edge/connect/page.py": "what an end user said, which is drawn as no error",
    "commands/verify/caller.py": "the probes, which ask whether the table is right",
}


def _plain(text: str) -> str:
    return re.sub("[^a-z]", "", text.lower())


ROWS: Final = (*GMAIL, *TOKEN)
OURS: Final = frozenset(_plain(row.meaning.detail) for row in ROWS)
"""Codes of ours, some of which are spelled like a reason."""
REASONS: Final = {_plain(one) for row in ROWS for one in row.reasons} - OURS


def _judged(path: Path) -> Iterator[str]:
    """Yield every text that a module compares with something, or holds in a set to look it up."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Compare | ast.Set | ast.MatchValue):
            texts = (one.value for one in ast.walk(node) if isinstance(one, ast.Constant))
            yield from (text for text in texts if isinstance(text, str))


MODULES: Final = {
    str(one.relative_to(ROOT)): one
    for one in sorted(ROOT.rglob("*.py"))
    if not one.is_relative_to(ROOT / "client")  # it reads our own API's codes
}


def test_no_other_module_judges_by_a_reason_of_googles() -> None:
    others = MODULES.keys() - {"domain/google/refusals.py", *OTHERS}
    judged = {name: {*_judged(MODULES[name])} for name in others}
    found = {
        name: wrong
        for name, texts in judged.items()
        if (wrong := {text for text in texts if _plain(text) in REASONS})
    }
    assert found == {}
    assert len(judged) > 400


def test_the_table_and_the_exceptions_are_where_reasons_are_judged() -> None:
    for name in OTHERS:
        assert {_plain(text) for text in _judged(MODULES[name])} & REASONS
    assert {_plain(text) for text in _judged(TABLE)} & REASONS


@pytest.mark.parametrize("table", [GMAIL, TOKEN], ids=["gmail", "token"])
def test_every_refusal_has_a_meaning(table: tuple[Row, ...]) -> None:
    for status, readable in product(range(300, 600), (True, False)):
        meaning = meaning_of(Refusal(status, is_readable=readable), table)
        assert meaning.concern in Concern, (status, readable)


@pytest.mark.parametrize("table", [GMAIL, TOKEN], ids=["gmail", "token"])
def test_no_row_stands_behind_one_that_takes_all_of_it(table: tuple[Row, ...]) -> None:
    for number, row in enumerate(table):
        before = [
            one
            for one in table[:number]
            if not one.says
            and one.readable is None
            and (not one.reasons or (row.reasons and {*row.reasons} <= {*one.reasons}))
            and (not one.statuses or (row.statuses and {*row.statuses} <= {*one.statuses}))
        ]
        assert before == [], row


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429])
def test_a_long_message_costs_no_more_than_a_short_one(status: int) -> None:
    for unit in ("account ", "project ", "Gmail is ", "cloud pubsub ", " "):
        for table in (GMAIL, TOKEN):

            def family(size: int, unit: str = unit) -> str:
                return unit * (size // len(unit))

            def parse(text: str, table: tuple[Row, ...] = table) -> object:
                return meaning_of(Refusal(status, frozenset({"invalid_grant"}), text), table)

            assert growth(parse, family) is None


OWN_TROUBLE = {REFUSED_KEY, StoreIndexMissingError.code}
"""Of the deployment, but told by other parts of Google Cloud than Gmail."""


def test_every_detail_that_needs_a_remedy_has_one() -> None:
    needs = {Concern.DEPLOYMENT, Concern.MAILBOX}
    details = {row.meaning.detail for row in ROWS if row.meaning.concern in needs}
    assert details | OWN_TROUBLE == {*REMEDIES}
    assert google_refusals.UNNAMED.concern is Concern.PASSING


def test_the_design_says_what_every_meaning_does() -> None:
    page = (ROOT / "docs/design.md").read_text("utf-8")
    table = page.partition("| concerns | raised as |")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    named = [name for cell in cells for name in re.findall("`([^`]+)`", cell)]
    assert sorted(named) == sorted({str(row.meaning) for row in ROWS})
