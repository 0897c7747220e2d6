"""OPERATING and the table of classes say the same, in both directions."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, get_args

import pytest

from infra.archives import ROOT
from shared.domain.google import refusals as google_refusals
from shared.domain.google.refusals import Concern, Meaning
from shared.domain.google.trouble import DEPLOYMENT_CODES, MAILBOX_CODES, REMEDIES
from shared.domain.sync.status import Failure
from shared.domain.troubles import (
    CODES,
    DESCRIPTIONS,
    GRANT_ENDS,
    TREATMENTS,
    Audience,
    Fate,
    docs_of,
    error_object,
)
from shared.edge.api.mail.sync_view import failure_view
from shared.edge.console.connections.health import CONSENT
from shared.errors import RateScope

GUIDE: Final = (ROOT / "infra" / "OPERATING.md").read_text()
SECTION: Final = GUIDE.partition("\n## What Google refuses\n")[2].partition("\n## ")[0]
ENTRY: Final = re.compile(r"^### (\S+)\n\n\*\*You see\*\* .+\n\n\*\*Do\*\* .+$", re.MULTILINE)


def test_every_code_has_its_entry_and_every_entry_its_code() -> None:
    """An entry is a heading, what is seen and what to do; its anchor is the code itself."""
    assert ENTRY.findall(SECTION) == [*CODES]
    assert SECTION.count("\n### ") == len(CODES)
    assert {docs_of(code) for code in CODES} == {f"operating#{code}" for code in CODES}


def rows() -> dict[str, list[str]]:
    lines = [line for line in SECTION.splitlines() if line.startswith("| ")][1:]
    cells = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]
    return {first: rest for first, *rest in cells}


def test_the_table_has_a_row_for_each_class_and_no_other() -> None:
    """A new class cannot be forgotten in the code or in the guide."""
    assert [*rows()] == [one.value for one in TREATMENTS] == [one.value for one in Concern]


WAITS: Final = {
    None: "stands until reconnected",
    timedelta(hours=1): "1 h",
    timedelta(minutes=10): "10 min",
}


@pytest.mark.parametrize("concern", Concern)
def test_each_row_says_what_the_code_does(concern: Concern) -> None:
    """Cell by cell: sync, send, bulk, answer, who hears of it."""
    sync, send, bulk, status, told = rows()[concern.value]
    treated = TREATMENTS[concern]
    assert WAITS[treated.sync_longest] in sync
    assert send == treated.send.value
    assert bulk == ("goes on" if treated.send is Fate.ENDS else "stands still")
    assert status == str(treated.status)
    assert {*filter(None, told.split(", "))} == {one.value for one in treated.told}


def test_every_detail_of_the_refusals_is_a_code_or_a_limit() -> None:
    """What the table of refusals can answer is explained."""
    meanings = [one for one in vars(google_refusals).values() if isinstance(one, Meaning)]
    details = {one.detail for one in meanings if one.detail}
    assert details <= {*CODES} | {*get_args(RateScope)} | {"project"}
    assert {*DEPLOYMENT_CODES, *MAILBOX_CODES} == {*REMEDIES}


def test_every_reason_of_a_dead_grant_is_explained_to_all_who_read_it() -> None:
    """The event, the console and the guide know the same reasons."""
    assert {*CONSENT} <= {*GRANT_ENDS} <= {*DESCRIPTIONS} == {*CODES}
    assert len(Audience) == len({one for row in TREATMENTS.values() for one in row.told})


@pytest.mark.parametrize("code", CODES)
def test_every_code_leads_to_its_entry_from_an_event_and_an_answer(code: str) -> None:
    """One link everywhere: the anchor of the entry."""
    told = error_object(code)
    assert told == {"type": code, "description": DESCRIPTIONS[code], "docs": f"operating#{code}"}
    view = failure_view(Failure(code, datetime(2026, 1, 1, tzinfo=UTC)))
    assert view is not None
    assert (view.description, view.docs) == (told["description"], told["docs"])
