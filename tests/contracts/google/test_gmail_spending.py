"""What a mailbox had spent, and had in flight, when Gmail refused it (FACTS 1.1, 1.8)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from shared.adapters.gmail.client import HttpGmail
from shared.adapters.gmail.requests import Call
from shared.adapters.gmail.spending import MOST_KEPT
from shared.domain.google.observations import Amount, Duration, Kinds, Sightings
from shared.domain.ids import MessageId
from shared.errors import RateLimitedError, TooManyConcurrentError
from tests.contracts.google.emulated_google import ADA
from tests.infra.google.emulator import Google

LIMIT = 50


async def refuse(call: Callable[[], Awaitable[object]]) -> int:
    """Call until that is refused, and return how often it was not."""
    for passed in range(LIMIT):
        try:
            await call()
        except RateLimitedError:
            return passed
    raise AssertionError("nothing was refused")


async def refuse_listing(gmail: HttpGmail) -> int:
    return await refuse(lambda: gmail.message_ids(since=None))


def sightings(gmail: HttpGmail) -> Sightings:
    return gmail.requests.sightings


@pytest.fixture
def limited(google: Google) -> Google:
    """Let a mailbox spend 50 units a minute."""
    google.control("POST", "/quota", json={"units_per_minute": LIMIT})
    return google


async def test_a_refusal_for_quota_notes_what_the_minute_had_cost(
    limited: Google, gmail: HttpGmail
) -> None:
    await gmail.profile()
    listed = await refuse_listing(gmail)
    seen = sightings(gmail).amounts[Amount.UNITS_AT_REFUSAL]
    assert seen.count == 1
    assert seen.least == 1 + 5 * listed
    assert sightings(gmail).durations[Duration.WAIT_TOLD].count == 1


async def test_what_was_spent_a_minute_ago_is_not_counted(
    limited: Google, gmail: HttpGmail
) -> None:
    await gmail.profile()
    await gmail.requests.clock.sleep(timedelta(seconds=61))
    listed = await refuse_listing(gmail)
    assert sightings(gmail).amounts[Amount.UNITS_AT_REFUSAL].least == 5 * listed


async def test_the_wait_that_was_enough_is_noted_once(limited: Google, gmail: HttpGmail) -> None:
    await refuse_listing(gmail)
    limited.control("POST", "/quota", json={"units_per_minute": LIMIT * 100})
    await gmail.requests.clock.sleep(timedelta(seconds=7))
    await gmail.profile()
    await gmail.profile()
    enough = sightings(gmail).durations[Duration.WAIT_ENOUGH]
    assert (enough.count, enough.least) == (1, 7)


async def test_one_too_many_notes_how_many_were_in_flight(google: Google, gmail: HttpGmail) -> None:
    google.fault("latency", delay_ms=5)
    google.fault("too_many_concurrent", times=4)
    answers = await asyncio.gather(*(gmail.profile() for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(answer, TooManyConcurrentError) for answer in answers) == 4
    seen = sightings(gmail).amounts[Amount.AT_ONCE_AT_REFUSAL]
    assert seen.count == 4
    assert 4 <= seen.most <= 5
    assert Amount.UNITS_AT_REFUSAL not in sightings(gmail).amounts


async def test_what_is_passed_on_is_noted_too(limited: Google, gmail: HttpGmail) -> None:
    id = MessageId(limited.deliver(ADA, b"Subject: x\r\n\r\nx")["id"])
    passed = await refuse(lambda: gmail.head(id))
    seen = sightings(gmail).amounts[Amount.UNITS_AT_REFUSAL]
    assert (seen.count, seen.least) == (1, 20 * passed)
    assert "403.rateLimitExceeded.rate" in sightings(gmail).kinds[Kinds.REFUSALS]


def test_a_minute_of_calls_is_remembered_and_no_more(gmail: HttpGmail) -> None:
    spending = gmail.requests.spending
    for _ in range(MOST_KEPT * 2):
        spending.begin("GET", Call("GET", "/profile").path, 1)
    begun = spending.begin("GET", "/unknown?x=1", 1)
    assert begun.units == 0
    spending.note_refusal(RateLimitedError("x"), begun, 1)
    assert sightings(gmail).amounts[Amount.UNITS_AT_REFUSAL].most <= MOST_KEPT
