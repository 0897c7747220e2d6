"""A sync that fails tells the product: once, with the reason, and again only after it worked."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.adapters.gmail.client import HttpGmailMailboxes
from shared.domain.events.delivery import shown_payload
from shared.domain.ids import ConnectionId
from shared.errors import GrantRevokedError
from tests.harness.syncing import SyncHarness
from tests.usecases.sync.test_trouble import clear, fault

LATER = timedelta(hours=2)


async def told(harness: SyncHarness) -> list[dict[str, Any]]:
    """Return what failures the product is told of, oldest first."""
    events = await harness.store.outbox.list(state=None, connection_id=None, limit=100)
    failed = [shown_payload(one) for one in events if not one.payload["success"]]
    return failed[::-1]


async def fail(harness: SyncHarness, times: int) -> None:
    for _ in range(times):
        harness.deliver("Unheard")
        harness.advance(LATER)
        await harness.run()


async def test_a_passing_trouble_is_told_at_the_third_failure_in_a_row(
    harness: SyncHarness,
) -> None:
    await harness.settle()
    await fault(harness, "status_503")
    await fail(harness, 2)
    assert await told(harness) == []
    await fail(harness, 3)
    (event,) = await told(harness)
    assert (event["success"], event["error"]["type"]) == (False, "upstream_error")
    assert event["startedAt"] <= event["failedAt"]
    assert (event["syncName"], event["syncType"]) == ("fetch-messages", "INCREMENTAL")
    await clear(harness)
    harness.advance(LATER)
    await harness.settle()
    await fault(harness, "status_503")
    await fail(harness, 3)
    assert len(await told(harness)) == 2


async def test_a_grant_that_ended_is_told_at_once_and_once(harness: SyncHarness) -> None:
    async def revoked(connection_id: ConnectionId, *, rejected: str | None = None) -> str:
        raise GrantRevokedError("The end user must connect again.")

    await harness.settle()
    gmail = HttpGmailMailboxes(harness.http, revoked, harness.clock, "http://google.test")
    harness.sync = replace(harness.sync, gmail=gmail)
    await fail(harness, 3)
    (event,) = await told(harness)
    assert event["error"] == {
        "type": "reauth_required",
        "description": "The end user must connect again.",
        "docs": "operating#reauth_required",
    }
    assert (event["coverage"], event["deferred"]) == ("whole", None)
