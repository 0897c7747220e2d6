"""The guides for people name nothing that is not there: no call, no target, no page, no word."""

import json
import re
from functools import cache
from typing import Final

import httpx
import pytest

from infra.archives import ROOT
from shared.domain.events.delivery import Failure
from shared.edge.console.layout.navigation import NAV
from shared.edge.settings.functions import FUNCTIONS, Trigger
from shared.edge.table import whole_table
from shared.edge.web.routes import Access
from shared.ports.queue import QueueName
from tests.conformity import check_request

GUIDE: Final = ROOT / "infra" / "OPERATING.md"
README: Final = ROOT / "README.md"
CALL: Final = re.compile(r"`(GET|POST|PUT|PATCH|DELETE|ANY) (/[^`?\s]*)")
PAGE: Final = re.compile(r"`(/(?:console|connect-ui|mcp|proxy)[^`?\s]*)`")
TARGET: Final = re.compile(r"`make ([a-z-]+)")
PARAMETER: Final = re.compile(r"\{[^}]+\}")


def coming_from_nango() -> str:
    return README.read_text().partition("\n## Coming from Nango\n")[2].partition("\n## ")[0]


GUIDES: Final = {"OPERATING.md": GUIDE.read_text, "Coming from Nango": coming_from_nango}


@cache
def served() -> frozenset[tuple[str, str]]:
    """Return every method and path, whatever its parameters are called."""
    return frozenset(
        (one.method, PARAMETER.sub("{}", one.documented_path)) for one in whole_table()
    )


@pytest.mark.parametrize("guide", GUIDES)
def test_every_call_named_is_served(guide: str) -> None:
    named = CALL.findall(GUIDES[guide]())
    assert named
    for method, path in named:
        methods = ("GET", "POST") if method == "ANY" else (method,)
        shape = PARAMETER.sub("{}", path.replace("...", "{}")).rstrip("/")
        for one in methods:
            assert (one, shape) in served(), f"{method} {path}"


@pytest.mark.parametrize("guide", GUIDES)
def test_every_page_named_is_there(guide: str) -> None:
    pages = {PARAMETER.sub("{}", page).rstrip("/") for page in PAGE.findall(GUIDES[guide]())}
    assert pages
    assert pages <= {path for _, path in served()}


def test_every_page_of_the_consoles_menu_is_explained() -> None:
    rows = re.findall(r"^\| `(/console/[a-z-]+)` \|", GUIDE.read_text(), re.MULTILINE)
    assert rows == [one.path for one in NAV]


@pytest.mark.parametrize("guide", GUIDES)
def test_every_make_target_named_is_one(guide: str) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = {*TARGET.findall(GUIDES[guide]())}
    assert named
    assert named <= {*targets}


def test_every_reason_of_a_dead_letter_that_is_explained_is_one() -> None:
    section = GUIDE.read_text().partition("### Dead letters")[2].partition("**Do**")[0]
    reasons = {*re.findall(r"`([a-z_]+)`", section)} - {"deliveries"}
    assert reasons
    assert reasons <= {one.value for one in Failure}


def test_a_restore_stops_every_job_queue_and_caller_there_is() -> None:
    """One that is forgotten runs over mail that is yet to be erased again."""
    drill = GUIDE.read_text().partition("### Restore the database")[2].partition("# 2.")[0]
    (jobs,) = re.findall(r"for job in (.+?); do", drill)
    (queues,) = re.findall(r"for queue in (.+?); do", drill)
    paths = {route.path for route in whole_table() if route.access is Access.SCHEDULER}
    assert {f"/jobs/{one}" for one in jobs.split()} == paths
    assert {*queues.split()} == {one.value for one in QueueName}
    (services,) = re.findall(r"for service in (.+?); do", drill)
    public = {one.name.replace("_", "-") for one in FUNCTIONS if one.trigger is Trigger.PUBLIC}
    assert {*services.split()} == public


def test_every_terraform_variable_named_is_declared() -> None:
    declared = "".join(file.read_text() for file in (ROOT / "infra" / "terraform").glob("*.tf"))
    for name in (
        *("publishing", "oauth_client_secret_version", "api_key_hashes", "redirect_uri"),
        *("brand_colour", "brand_logo", "console_key_hashes", "console_operators"),
    ):
        assert name in GUIDE.read_text()
        assert f'"{name}"' in declared, name


def test_the_import_that_is_shown_is_one_the_api_takes() -> None:
    (shown,) = re.findall(r"-d '(\{.*\})'$", coming_from_nango(), re.MULTILINE)
    body = json.dumps(json.loads(shown.replace("'", "").replace("$", "")))
    request = httpx.Request("POST", "http://127.0.0.1/connections", content=body)
    assert check_request(request) == "POST /connections"
