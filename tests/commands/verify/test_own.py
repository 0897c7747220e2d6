"""Level `self`: what a run makes is its own, goes to nobody else, and is taken away."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.adapters.google.http_client import new_http_client
from shared.commands.verify.caller import StoppedError
from shared.commands.verify.mailbox import Options
from shared.commands.verify.probe import Level, Verdict
from shared.commands.verify.probes import PROBES
from tests.commands.verify.asked import ADA, EVERYTHING, TOPIC, ask, furnish, mailbox_at
from tests.infra.google.emulator import Google

OWN = [one for one in PROBES if one.level is Level.SELF]
BOB = "bob@demo.example"


@pytest.fixture
def furnished(google: Google) -> Google:
    google.reset()
    google.reset_tokens()
    google.mailbox(BOB)
    furnish(google)
    return google


def outside_trash(google: Google) -> list[dict[str, Any]]:
    return [one for one in google.held(ADA) if "TRASH" not in one["labelIds"]]


def test_the_mailbox_is_as_it_was_but_for_the_trash(furnished: Google) -> None:
    before, labels = furnished.held(ADA), named_labels(furnished)
    asked = asyncio.run(ask(furnished, OWN, EVERYTHING))
    assert outside_trash(furnished) == before
    assert len(furnished.held(ADA)) > len(before)
    assert named_labels(furnished) == labels
    assert furnished.held(BOB) == []
    assert any(one.verb == "DELETE" and "labels" in one.path for one in asked.exchanges)


def named_labels(google: Google) -> list[str]:
    listed = google.call(ADA, "GET", "me/labels").json()["labels"]
    return sorted(one["name"] for one in listed)


def test_a_run_that_stops_half_way_takes_away_what_it_made(furnished: Google) -> None:
    before, labels = furnished.held(ADA), named_labels(furnished)
    asked = asyncio.run(ask(furnished, OWN, EVERYTHING, budget=300))
    assert "budget" in asked.results[-1].finding.seen
    assert outside_trash(furnished) == before
    assert named_labels(furnished) == labels


async def test_no_change_touches_what_was_not_made(furnished: Google) -> None:
    theirs = furnished.held(ADA)[0]["id"]
    async with new_http_client() as http:
        own = mailbox_at(furnished, http, EVERYTHING).own
        for attempt in (
            own.change(f"messages/{theirs}/trash"),
            own.save_draft("r-1", "x"),
            own.send_draft("r-1"),
        ):
            with pytest.raises(StoppedError, match="did not make"):
                await attempt
    assert all("TRASH" not in one["labelIds"] for one in furnished.held(ADA))


@pytest.mark.parametrize("header", ["To", "Cc", "Bcc"])
async def test_no_message_goes_to_another_address(furnished: Google, header: str) -> None:
    async with new_http_client() as http:
        own = mailbox_at(furnished, http, EVERYTHING).own
        with pytest.raises(StoppedError, match="another address"):
            await own.raw(**{header: f"{ADA}, {BOB}"})
        assert await own.raw(**{header: f"Ada <{ADA.upper()}>"})


PUSH = next(one for one in OWN if one.name == "P40")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pushes", "verdict"),
    [
        ([LONG_AGO, LONG_AGO, datetime(2026, 11, 29, tzinfo=UTC)], Verdict.HOLDS),
        ([None, datetime(2026, 11, 29, tzinfo=UTC)], Verdict.HOLDS),
        ([LONG_AGO] * 50, Verdict.DIFFERS),
        ([datetime.now(UTC) + timedelta(hours=1)] * 50, Verdict.NOT_TRIED),
    ],
)
def test_a_push_after_the_watch_is_waited_for(
    furnished: Google, pushes: list[datetime | None], verdict: Verdict
) -> None:
    coming = iter(pushes)

    async def last_push() -> datetime | None:
        return next(coming)

    asked = asyncio.run(ask(furnished, [PUSH], Options(TOPIC, last_push=last_push)))
    assert asked.results[0].finding.verdict is verdict
    assert not any(one.method == "stop" for one in asked.exchanges)
