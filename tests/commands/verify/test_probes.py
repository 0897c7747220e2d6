"""Every probe, asked of the emulated Google: it holds, or the table says why it does not."""

import asyncio
import re
from dataclasses import replace

import httpx
import pytest

from infra.local.google.gmail.methods import METHODS
from shared.commands.verify.caller import method_of
from shared.commands.verify.mailbox import Options
from shared.commands.verify.probe import Level, Probe, Verdict
from shared.commands.verify.probes import PROBES
from shared.commands.verify.reading import READERS, unread
from shared.commands.verify.run import as_json, report
from shared.commands.verify_google import BUDGETS
from tests.commands.verify.asked import ADA, EVERYTHING, Asked, ask, furnish
from tests.commands.verify.known import DIFFERENCES, NOT_TRIED
from tests.infra.citations import DOCS
from tests.infra.google.emulator import Google

TAKING_AWAY = 6 * 20 + 5 + 50


@pytest.fixture(scope="module")
def asked(google: Google) -> Asked:
    google.reset()
    furnish(google)
    return asyncio.run(ask(google, PROBES, EVERYTHING))


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_a_probe_holds_or_the_table_says_why_not(asked: Asked, probe: object) -> None:
    (result,) = (one for one in asked.results if one.probe is probe)
    name, finding = result.probe.name, result.finding
    expected = {
        **dict.fromkeys(DIFFERENCES, Verdict.DIFFERS),
        **dict.fromkeys(NOT_TRIED, Verdict.NOT_TRIED),
    }
    assert finding.verdict == expected.get(name, Verdict.HOLDS), finding.seen


def test_postroom_reads_every_whole_answer(asked: Asked) -> None:
    assert unread(asked.exchanges) == []
    assert len({one.method for one in asked.exchanges} & {*READERS}) >= 8


def test_an_answer_that_postroom_cannot_read_is_named(asked: Asked) -> None:
    (first, *_) = (one for one in asked.exchanges if one.method == "history.list")
    changed = replace(first, answer=httpx.Response(200, json={"historyId": None}))
    assert unread([changed]) == [f"{first.probe}: history.list (TypeError)"]


def test_the_table_names_probes_there_are_and_dates_its_reasons() -> None:
    assert {*DIFFERENCES, *NOT_TRIED} <= {one.name for one in PROBES}
    assert all(
        re.match(r"2026-\d\d-\d\d: .{20}", one)
        for one in (*DIFFERENCES.values(), *NOT_TRIED.values())
    )


def test_each_probe_has_a_number_of_its_own_a_fact_and_what_a_difference_means() -> None:
    facts = "".join(page.read_text() for page in (DOCS / "facts").glob("*.md"))
    assert len({one.number for one in PROBES}) == len(PROBES)
    for one in PROBES:
        assert re.search(rf"^### {re.escape(one.fact)} ", facts, re.MULTILINE), one.name
        assert one.claim
        assert one.means.endswith(".")
        assert bool(one.harm) == (one.level is Level.SELF), one.name


def test_reading_changes_nothing_and_fits_its_budget(asked: Asked, google: Google) -> None:
    reading = [one for one in PROBES if one.level is Level.READ]
    before = google.held(ADA)
    again = asyncio.run(ask(google, reading, Options()))
    assert google.held(ADA) == before
    assert {one.verb for one in again.exchanges} == {"GET"}
    assert again.units < BUDGETS[Level.READ]
    assert asked.units < BUDGETS[Level.SELF]


SHARED = {
    Level.READ: 1 + 5 + 5 * 20 + 3 * 2,
    Level.SELF: 2 + 10 + 15 + 100 + 5 + TAKING_AWAY,
}
"""What several probes look at and is made once: profile, first page, a few messages and a live
history id; the label, the mail that was a draft, and taking all of it away."""


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_no_probe_costs_more_than_it_says(google: Google, probe: Probe) -> None:
    asked = asyncio.run(ask(google, [probe], EVERYTHING))
    assert asked.units <= probe.units + SHARED[probe.level]


def test_a_spent_budget_and_an_ended_token_leave_the_rest_untried(google: Google) -> None:
    spent = asyncio.run(ask(google, PROBES[:6], Options(), budget=5))
    assert [one.finding.verdict for one in spent.results[:3]] == [Verdict.HOLDS] * 3
    assert spent.results[-1].finding.verdict is Verdict.NOT_TRIED
    assert "budget of 5" in spent.results[-1].finding.seen
    assert spent.units <= 5


def test_the_second_refusal_by_rate_ends_the_run(google: Google) -> None:
    google.fault("status_429", email=ADA, times=2)
    found = asyncio.run(ask(google, PROBES[:5], Options()))
    google.control("DELETE", "/faults")
    assert len(found.exchanges) == 2
    assert "limited the rate twice" in found.results[-1].finding.seen


def test_what_differs_says_what_it_means_and_whether_postroom_is_wrong(google: Google) -> None:
    dormant = next(one for one in PROBES if one.name == "P02")
    google.fault("history_expired", email=ADA)
    found = asyncio.run(ask(google, [dormant], Options()))
    google.control("DELETE", "/faults")
    (result,) = found.results
    assert (result.finding.verdict, result.breaks) == (Verdict.DIFFERS, True)
    printed = report(found.results, found.units)
    assert "differs   ! P02  FACTS 3.9" in printed
    assert f"-> Postroom: {dormant.means}" in printed
    assert printed.endswith("0 holds, 1 differs, 0 not tried, 3 units")
    assert as_json(found.results, found.units)["units"] == 3


def test_calls_are_named_as_the_discovery_document_names_them() -> None:
    for method in METHODS:
        path = method.path.removeprefix("/gmail/v1/users/{userId}/")
        name = method.id.removeprefix("gmail.users.")
        if not name.startswith("settings.") or name == "settings.sendAs.list":
            assert method_of(method.verb, path) == name
