"""What the pages of the documentation say of the code is so: tables, calls, names."""

import re
from pathlib import Path
from typing import Final, get_args

import pytest

from shared.actions.gmail.message_fields import SendFields
from shared.actions.loading import actions
from shared.adapters.firestore.indexes import COMPOSITE, SINGLE_FIELD, TTL
from shared.domain.crash import ActionCrashedError
from shared.domain.events.event import EventType
from shared.domain.keys.approval import ApprovedCallFailedError
from shared.domain.keys.policy import Policy
from shared.domain.sync import plan
from shared.edge.api.mail.record_models import EmailMessage
from shared.edge.settings.functions import FUNCTIONS
from shared.edge.table import ROUTES_OF, whole_table
from shared.edge.web.routes import Permission, Route
from shared.edge.web.status import STATUS
from shared.errors import (
    ConnectRefusedError,
    PostroomError,
    SendFailedError,
)
from shared.usecases.sync.explain import Verdict
from tests.infra.citations import DOCS, ROOT

API: Final = (DOCS / "api.md").read_text("utf-8")
DESIGN: Final = (DOCS / "design.md").read_text("utf-8")
FACTS: Final = sorted(one for one in (DOCS / "facts").glob("*.md") if one.stem != "index")
INDEX: Final = (DOCS / "facts" / "index.md").read_text("utf-8")
CALL: Final = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`?\s]*)")
PARAMETER: Final = re.compile(r"\{[^}]+\}")
HIDDEN: Final = STATUS[PostroomError]
"""The status whose errors tell a caller nothing but `internal`."""
WITH_CODES_OF_THEIR_OWN: Final = {SendFailedError, ApprovedCallFailedError, ConnectRefusedError}
"""Errors of which each says by its code why."""


def section(page: str, title: str) -> str:
    """Return what a page says below a heading, to the next one of any level."""
    below = page.partition(f"\n{title}\n")[2]
    assert below, title
    return below.partition("\n#")[0]


def quoted(text: str) -> set[str]:
    """Return what stands between backticks."""
    return {*re.findall(r"`([^`]+)`", text)}


def first_cells(text: str) -> set[str]:
    """Return what stands between backticks in the first column of a table."""
    return {name for row in re.findall(r"^\|([^|]+)\|", text, re.MULTILINE) for name in quoted(row)}


def shape(path: str) -> str:
    return PARAMETER.sub("{}", path)


SERVED: Final = {(one.method, shape(one.documented_path)) for one in whole_table()}


def test_every_call_of_the_api_page_is_served() -> None:
    for method, path in CALL.findall(API):
        assert (method, shape(path)) in SERVED, f"{method} {path}"


@pytest.mark.parametrize(
    "route",
    [one for one in whole_table() if one.documented and not one.path.startswith("/proxy/")],
    ids=lambda route: route.name,
)
def test_the_api_page_names_every_documented_call(route: Route) -> None:
    named = {(method, shape(path)) for method, path in CALL.findall(API)}
    assert (route.method, shape(route.documented_path)) in named


def test_the_api_page_names_every_permission() -> None:
    named = first_cells(section(API, "### 1.1 Keys and permissions"))
    assert named == {*Permission, "*"}


def test_the_api_page_names_every_code_of_an_error_with_its_status() -> None:
    table = section(API, "### 1.3 Errors")
    rows = re.findall(r"^\| ([\d, ]+) \| ([^|]+) \|", table, re.MULTILINE)
    named = {
        (int(status), code)
        for statuses, codes in rows
        for status in statuses.split(",")
        for code in quoted(codes)
    }
    made = {
        (status, kind.code)
        for kind, status in STATUS.items()
        if kind not in WITH_CODES_OF_THEIR_OWN and (status != HIDDEN or kind is ActionCrashedError)
    }
    assert made - {(503, "internal")} <= named
    assert (HIDDEN, "internal") in named
    known = "".join(path.read_text("utf-8") for path in (ROOT / "shared").rglob("*.py"))
    assert [code for _, code in named if f'"{code}"' not in known] == []


def test_the_api_page_names_every_action() -> None:
    own = {name for name, one in actions().items() if "custom" not in one.run.__module__}
    assert first_cells(section(API, "### 6.1 Running an action")) == own


def test_the_api_page_names_every_type_of_event() -> None:
    assert first_cells(section(API, "### 7.2 Bodies")) == {*EventType}


def test_the_api_page_names_every_rule_of_a_policy() -> None:
    assert {*Policy.model_fields} <= quoted(section(API, "### 8.3 Policies"))


def test_the_api_page_names_every_verdict_on_a_message() -> None:
    assert {*Verdict} <= quoted(section(API, "### 5.3 Is every message here?"))


def test_the_api_page_names_the_fields_of_a_record_and_of_a_send() -> None:
    record = quoted(section(API, "### 4.3 EmailMessage"))
    shown = {one.alias or name for name, one in EmailMessage.model_fields.items()}
    assert shown <= record
    fields = {one.alias or name for name, one in SendFields.model_fields.items()}
    assert fields <= quoted(section(API, "### 6.3 The fields of a message"))


def test_the_index_of_the_facts_leads_to_each_section() -> None:
    rows = re.findall(r"^\| ([\d, ]+) \|.*\]\(([\w-]+\.md)\)", INDEX, re.MULTILINE)
    led = {(number, page) for numbers, page in rows for number in numbers.split(", ")}
    there = {
        (number, page.name)
        for page in FACTS
        for number in re.findall(r"^## (\d+) ", page.read_text("utf-8"), re.MULTILINE)
    }
    assert led == there


@pytest.mark.parametrize("page", FACTS, ids=lambda page: page.stem)
def test_every_fact_says_how_it_is_known(page: Path) -> None:
    words = {*re.findall(r"^\| ([A-Z][a-z-]+) \|", INDEX, re.MULTILINE)}
    above, *sections = re.split(r"^## ", page.read_text("utf-8"), flags=re.MULTILINE)
    for one in sections:
        about, *facts = re.split(r"^### ", one, flags=re.MULTILINE)
        for fact in facts:
            told = fact.strip().splitlines()[-1]
            said = told if told.startswith("*") else above + about
            assert words & {*re.findall(r"[A-Z][a-z-]+", said)}, fact.splitlines()[0]


def test_the_design_names_every_function_and_what_it_serves() -> None:
    table = section(DESIGN, "### 2.1 Functions")
    assert first_cells(table) == {*ROUTES_OF}
    for one in FUNCTIONS:
        (row,) = re.findall(rf"^\| `{one.name}` \|.*$", table, re.MULTILINE)
        for prefix in one.prefixes:
            assert prefix == "/" or f"`{prefix}`" in row or "`/jobs/...`" in row, prefix


def test_the_design_names_every_step_of_a_sync() -> None:
    drawn = section(DESIGN, "### 4.1 One use case")
    for step in get_args(plan.Step):
        assert f"     {step.__name__} " in drawn, step


def test_the_design_names_every_room_of_shared() -> None:
    rooms = {one.parent.name for one in (ROOT / "shared").glob("*/__init__.py")}
    assert rooms <= quoted(section(DESIGN, "### 2.2 Two axes"))


def test_the_design_names_every_kind_of_document() -> None:
    table = section(DESIGN, "### 3.1 Documents")
    named = {part for name in first_cells(table) for part in name.split("/")}
    indexed = {one.collection for one in (*COMPOSITE, *SINGLE_FIELD)}
    assert indexed | {*TTL} <= named
