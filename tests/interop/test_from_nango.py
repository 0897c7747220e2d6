"""The page for those who come from Nango says what a run of its clients comes to."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from infra.local.connecting import NotConnectedError, _walk, connect
from infra.local.environment import API_KEY, INTEGRATION
from infra.local.system import LocalSystem
from tests.adapters.listener import listening
from tests.functions.test_main_job import ADA, BOB, backfilled
from tests.interop.calls import CALLS, Ground, Seen, outcome
from tests.interop.from_nango import PAGE, Found, rendered
from tests.interop.nango import running_client
from tests.interop.packages import HERE, installed
from tests.interop.schemas import generated
from tests.interop.test_webhooks import PATIENT, Receiver
from tests.interop.versions import clients

pytestmark = pytest.mark.asyncio(loop_scope="module")
WRITE = "POSTROOM_WRITE_PAGES"
OTHER_AUTH = {"create": "/auth/unauthenticated/google-mail"}
"""Methods of the frontend that need no window, and what they ask."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def receiver(system: LocalSystem) -> AsyncIterator[Receiver]:
    made = Receiver()
    async with listening(made):
        url = f"http://127.0.0.1:{made.port}/hooks"
        asked = {"url": url, "secret": API_KEY, "flavour": "nango"}
        (await system.client.post("/webhook-endpoints", json=asked)).raise_for_status()
        yield made


async def methods_of(package: str) -> list[str]:
    """Return the public methods that a client declares."""
    node = shutil.which("node")
    assert node is not None
    process = await asyncio.create_subprocess_exec(
        node, "methods.mjs", package, cwd=HERE, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    found: list[str] = json.loads(out)
    return found


async def run_of(system: LocalSystem, receiver: Receiver, package: str) -> Mapping[str, Seen]:
    """Call every method of one client on a connection of its own."""
    methods = await methods_of(package)
    assert {*methods} <= {*CALLS}, "a method that no call is written for"
    id = await connect(system.client, system.google, BOB)
    await backfilled(system, id)
    ground = Ground(id, BOB, receiver.sent[-1])
    seen: dict[str, Seen] = {}
    async with running_client(package=package, host=system.url, secretKey=API_KEY) as client:
        for method in CALLS:
            if method in methods:
                seen[method] = await outcome(client, method, ground)
                await system.settle()
    return seen


async def trouble(system: LocalSystem) -> None:
    """Let a consent be denied and a sync fail: what is told of these has fields of its own."""
    session = await system.client.post(
        "/connect/sessions", json={"end_user": {"id": "u-denied", "email": ADA}}
    )
    await system.control("/consent", {"email": ADA, "decision": "deny"})
    with pytest.raises(NotConnectedError):
        await _walk(session.json()["data"]["connect_link"])
    id = await connect(system.client, system.google, ADA)
    await backfilled(system, id)
    await system.control("/faults", {"fault": "status_503", "email": ADA})
    body = {"provider_config_key": INTEGRATION, "connection_id": id, "syncs": []}
    for _ in range(PATIENT):
        await system.client.post("/sync/trigger", json=body)
        await system.advance(7_200)
        await system.settle()
    await system.google.delete("/_control/faults")


async def test_the_page_says_what_the_run_comes_to(system: LocalSystem, receiver: Receiver) -> None:
    installed()
    await trouble(system)
    methods = {
        version: await run_of(system, receiver, package)
        for version, package in clients("node").items()
    }
    absent: dict[str, Any] = {}
    for method, path in OTHER_AUTH.items():
        answer = await system.client.post(path, json={})
        assert answer.status_code == 404
        absent[method] = answer.json()["error"]["payload"]["instead"]
    bodies = [json.loads(body) for body, _ in receiver.sent]
    page = rendered(Found(methods, [*clients("frontend")], absent, bodies), generated())
    if os.environ.get(WRITE) == "1":
        PAGE.write_text(page, "utf-8")
    assert PAGE.read_text("utf-8") == page, f"{WRITE}=1 writes the page anew"
