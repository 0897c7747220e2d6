"""A sync that fails tells the product: once, with the reason, and again only after it worked."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.adapters.gmail.client import HttpGmailMailboxes
from shared.domain.events.delivery import shown_payload
from shared.domain.ids import ConnectionId
from shared.errors import GrantRevokedError
from tests.usecases.sync.house import House
from tests.usecases.sync.test_trouble import clear, fault

LATER = timedelta(hours=2)


async def told(house: House) -> list[dict[str, Any]]:
    """Return what failures the product is told of, oldest first."""
    events = await house.store.outbox.list(state=None, connection_id=None, limit=100)
    failed = [shown_payload(one) for one in events if not one.payload["success"]]
    return failed[::-1]


async def fail(house: House, times: int) -> None:
    for _ in range(times):
        house.deliver("Unheard")
        house.advance(LATER)
        await house.run()


async def test_a_passing_trouble_is_told_at_the_third_failure_in_a_row(house: House) -> None:
    await house.settle()
    await fault(house, "status_503")
    await fail(house, 2)
    assert await told(house) == []
    await fail(house, 3)
    (event,) = await told(house)
    assert (event["success"], event["error"]["type"]) == (False, "upstream_error")
    assert event["startedAt"] <= event["failedAt"]
    assert (event["syncName"], event["syncType"]) == ("fetch-messages", "INCREMENTAL")
    await clear(house)
    house.advance(LATER)
    await house.settle()
    await fault(house, "status_503")
    await fail(house, 3)
    assert len(await told(house)) == 2


async def test_a_grant_that_ended_is_told_at_once_and_once(house: House) -> None:
    async def revoked(connection_id: ConnectionId, *, rejected: str | None = None) -> str:
        raise GrantRevokedError("The end user must connect again.")

    await house.settle()
    gmail = HttpGmailMailboxes(house.http, revoked, house.clock, "http://google.test")
    house.sync = replace(house.sync, gmail=gmail)
    await fail(house, 3)
    (event,) = await told(house)
    assert event["error"] == {
        "type": "reauth_required",
        "description": "The end user must connect again.",
    }
