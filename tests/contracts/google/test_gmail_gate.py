"""How many requests a mailbox gets at once (FACTS 1.8)."""

import asyncio

import httpx

from shared.adapters.gmail.client import HttpGmail, HttpGmailMailboxes
from shared.adapters.gmail.requests import CALM_REQUESTS, AdaptiveLimiter
from shared.errors import TooManyConcurrentError
from tests.contracts.google.emulated_google import CONNECTION, HeldTokens, StillClock
from tests.infra.google.emulator import Google


async def test_a_mailbox_gets_five_requests_at_once_and_no_more(
    google: Google, gmail: HttpGmail
) -> None:
    google.fault("latency", delay_ms=5)
    await asyncio.gather(*(gmail.profile() for _ in range(30)))
    assert google.control("GET", "/stats")["max_in_flight"] == 5


async def test_ten_go_out_at_once_in_a_block_that_asks_for_it(
    google: Google, gmail: HttpGmail
) -> None:
    google.fault("latency", delay_ms=5)
    async with gmail.at_once(10):
        await asyncio.gather(*(gmail.profile() for _ in range(30)))
    assert google.control("GET", "/stats")["max_in_flight"] == 10


async def test_after_the_block_it_is_as_narrow_as_before() -> None:
    gate = AdaptiveLimiter(2)
    async with gate.widen(3), gate, gate:
        assert not await is_full(gate)
    async with gate, gate:
        assert await is_full(gate)


async def test_a_complaint_within_a_wide_block_narrows_for_after_it() -> None:
    gate = AdaptiveLimiter(5)
    async with gate.widen(10), gate:
        gate.note_refusal(gate.narrowings)
    assert gate.width == 5
    async with gate:
        gate.note_refusal(gate.narrowings)
    async with gate.widen(10):
        assert gate.width == 2
    async with gate, gate:
        assert gate.inside == 2
        assert await is_full(gate)


async def is_full(gate: AdaptiveLimiter) -> bool:
    """Tell whether one more would have to wait."""

    async def visit() -> None:
        async with gate:
            pass

    more = asyncio.ensure_future(visit())
    for _ in range(5):
        await asyncio.sleep(0)
    return more.cancel()


async def test_complaints_of_one_burst_narrow_once(google: Google, gmail: HttpGmail) -> None:
    google.fault("latency", delay_ms=5)
    google.fault("too_many_concurrent", times=4)
    answers = await asyncio.gather(*(gmail.profile() for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(answer, TooManyConcurrentError) for answer in answers) == 4
    assert gmail.requests.gate.width == 2


async def test_a_gate_narrows_to_one_and_widens_back_slowly() -> None:
    gate = AdaptiveLimiter(4)
    for width in (2, 1, 1):
        async with gate:
            gate.note_refusal(gate.narrowings)
        assert gate.width == width
    while gate.width < 4:
        async with gate:
            gate.note_success()
    async with gate, gate, gate, gate:
        assert gate.inside == 4
    assert gate.narrowings == 2
    assert CALM_REQUESTS > 10


async def test_a_narrow_gate_lets_only_its_width_through() -> None:
    gate, inside, most = AdaptiveLimiter(4), 0, 0
    async with gate:
        gate.note_refusal(gate.narrowings)

    async def visit() -> None:
        nonlocal inside, most
        async with gate:
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(visit() for _ in range(4)))
    most = 0
    await asyncio.gather(*(visit() for _ in range(12)))
    assert most == 2


def test_all_who_ask_for_a_mailbox_share_its_gate() -> None:
    mailboxes = HttpGmailMailboxes(httpx.AsyncClient(), HeldTokens(["t"]), StillClock())
    assert mailboxes.of(CONNECTION).requests.gate is mailboxes.of(CONNECTION).requests.gate
