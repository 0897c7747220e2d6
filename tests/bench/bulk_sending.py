"""A thousand messages under an enforced quota: share of the allowed rate, and what is refused."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.bench.cpu import finished
from tests.bench.figures import Figure
from tests.bench.laptop import EMAIL, Laptop, laptop
from tests.bench.scale import Scale

UNITS_PER_MINUTE = 120_000
"""Google's 6,000 made twenty times larger, so that a thousand messages take a minute."""
NEEDED = 110
"""drafts.create and drafts.send (FACTS 1.3)."""
AIM_PERCENT = 97


async def measure(directory: Path, scale: Scale) -> list[Figure]:
    """Send a bulk with the sync at rest, then one with the sync reading every copy."""
    alone, beside = [
        await _measured(_made(directory / name), scale, synced=name == "beside")
        for name in ("alone", "beside")
    ]
    return [
        Figure(
            "bulk", "share of the allowed rate", alone["share"], "%", AIM_PERCENT, at_least=True
        ),
        Figure("bulk", "calls refused for their rate", alone["refused"], "", 0),
        Figure("bulk", "messages a minute at Google's 6,000 units", alone["rate"] / 20),
        Figure("bulk", "the same while the sync reads every copy", beside["rate"] / 20),
        Figure("bulk", "units of it all for each message then", beside["units"]),
        Figure("bulk", "calls refused then", beside["refused"], "", 0),
    ]


def _made(directory: Path) -> Path:
    directory.mkdir()
    return directory


async def _measured(directory: Path, scale: Scale, *, synced: bool) -> dict[str, float]:
    async with laptop(directory, UNITS_PER_MINUTE) as machine:
        await machine.control("/mailboxes", {"email": EMAIL, "messages": 20})
        connection = await machine.connect()
        await finished(machine, connection)
        if not synced:
            await _sync(machine, connection, "pause")
        return await _bulk(machine, connection, scale.bulk, directory.name)


async def _sync(machine: Laptop, connection: str, verb: str) -> None:
    body = {"provider_config_key": "google-mail", "connection_id": connection, "syncs": []}
    (await machine.api.post(f"/sync/{verb}", json=body)).raise_for_status()


async def _bulk(machine: Laptop, connection: str, count: int, name: str) -> dict[str, float]:
    before = await machine.stats()
    times = await _submitted(machine, connection, count, name)
    after = await machine.stats()
    minutes = (max(times) - min(times)).total_seconds() / 60
    rate = (count - 1) / minutes
    return {
        "rate": rate,
        "share": 100 * rate * NEEDED / UNITS_PER_MINUTE,
        "refused": _limited(after) - _limited(before),
        "units": (after["units"] - before["units"]) / count,
    }


def _limited(stats: dict[str, Any]) -> int:
    """Count refusals for the rate: that a draft is gone by the time it is read is none."""
    reasons: dict[str, int] = stats["refused_by_reason"]
    return sum(count for reason, count in reasons.items() if "ateLimit" in reason)


async def _submitted(machine: Laptop, connection: str, count: int, name: str) -> list[datetime]:
    """Send the bulk; answer when each message was submitted."""
    headers = {"Connection-Id": connection}
    messages = [
        {"idempotency_key": f"{name}-{n}", "to": "bob@x.example", "subject": f"{n}", "body": "Hi."}
        for n in range(count)
    ]
    answer = await machine.api.post("/send/bulk", json={"messages": messages}, headers=headers)
    answer.raise_for_status()
    path, query = f"/send/bulk/{answer.json()['id']}", {"limit": count}
    async with asyncio.timeout(600):
        while True:
            await asyncio.sleep(1)
            bulk: dict[str, Any] = (
                await machine.api.get(path, params=query, headers=headers)
            ).json()
            if bulk["done"]:
                break
    assert bulk["counts"] == {"submitted": count}, bulk["counts"]
    return [datetime.fromisoformat(one["submitted_at"]) for one in bulk["messages"]]
