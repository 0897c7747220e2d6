"""Sending: the draft protocol beside the bare calls that it cannot do without."""

import base64
import statistics
import time
from pathlib import Path

from tests.bench.cpu import finished
from tests.bench.figures import Figure
from tests.bench.google_account import access_token
from tests.bench.laptop import EMAIL, Laptop, laptop
from tests.bench.scale import Scale

MAIL = b"From: ada@acme.example\r\nTo: bob@x.example\r\nSubject: Hello\r\n\r\nHello.\r\n"


async def measure(directory: Path, scale: Scale) -> list[Figure]:
    """Alternate a send through Postroom and drafts.create with drafts.send by hand."""
    async with laptop(directory) as machine:
        await machine.control("/mailboxes", {"email": EMAIL, "messages": 20})
        connection = await machine.connect()
        await finished(machine, connection)
        token = await access_token(machine.google, EMAIL, machine.callback)
        await machine.control("/faults", {"fault": "latency", "delay_ms": scale.latency_ms})
        ours, floor, units = [], [], 0
        for number in range(scale.sends):
            before = await _spent(machine)
            ours.append(await _sent(machine, connection, number))
            units = await _spent(machine) - before
            floor.append(await _bare(machine, token))
    mine, bare = (statistics.median(seconds) * 1e3 for seconds in (ours, floor))
    return [
        Figure("send", "exactly-once send, median", mine, "ms"),
        Figure("send", "drafts.create and drafts.send alone, median", bare, "ms"),
        Figure("send", "the one against the other", mine / bare, "x"),
        Figure("send", "units for creating and sending (plain messages.send: 100)", units),
    ]


async def _spent(machine: Laptop) -> int:
    """Units of drafts.* so far: the sync that reads the sent mail is not the send."""
    methods = (await machine.stats())["methods"]
    return sum(tally["units"] for name, tally in methods.items() if ".drafts." in name)


async def _sent(machine: Laptop, connection: str, number: int) -> float:
    body = {"to": "bob@x.example", "subject": f"Number {number}", "body": "Hello."}
    headers = {"Connection-Id": connection, "Idempotency-Key": f"bench-{number}"}
    headers["Provider-Config-Key"] = "google-mail"
    started = time.perf_counter()
    answer = await machine.api.post("/send", json=body, headers=headers)
    answer.raise_for_status()
    return time.perf_counter() - started


async def _bare(machine: Laptop, token: str) -> float:
    headers = {"authorization": f"Bearer {token}"}
    raw = base64.urlsafe_b64encode(MAIL).decode()
    drafts = "/gmail/v1/users/me/drafts"
    started = time.perf_counter()
    draft = await machine.google.post(drafts, json={"message": {"raw": raw}}, headers=headers)
    sent = await machine.google.post(
        f"{drafts}/send", json={"id": draft.json()["id"]}, headers=headers
    )
    sent.raise_for_status()
    return time.perf_counter() - started
