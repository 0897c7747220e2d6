"""Cold start to its end: a function's first answer that read Firestore and called Google.

Run it with `make bench ARGS=tests/bench/test_whole_cold_start.py`. Each function starts as a
process of its own on Firestore's emulator and the emulated Google; beside them, one that imports
functions-framework and Firestore's client and reads a document. Times are this machine's: compare
them with one another.
"""

import asyncio
import base64
import json
import os
import sys
import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from infra.archives import ROOT
from infra.local.connecting import connect
from infra.local.environment import API_KEY, PUSH_ACCOUNT, SCHEDULER_ACCOUNT, TASKS_ACCOUNT
from infra.local.id_tokens import IdTokens
from infra.local.system import LocalSystem
from shared.domain.events.event import EventState
from shared.ports.events import Outbox

EMAIL = "ada@acme.example"
MAIL = b"From: bo@example.org\r\nTo: ada@acme.example\r\nSubject: Tea\r\n\r\nAt four?"
ROUNDS = 3
PARTS = ("import", "compose", "connect", "serve")
REFERENCE = """
import asyncio, json, sys, time
import functions_framework.aio
from google.cloud import firestore

async def main():
    imported = time.time()
    await firestore.AsyncClient(project="demo").document("troubles/board").get()
    print(json.dumps({"status": 200, "at": [imported, imported, time.time(), time.time()]}))

asyncio.run(main())
"""
FUNCTION = """
import asyncio, json, os, sys, time
from datetime import timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

name, request = sys.argv[1], json.loads(sys.argv[2])
spec = spec_from_file_location("main", Path("functions") / name / "main.py")
module = module_from_spec(spec)
spec.loader.exec_module(module)
imported, said = time.time(), []

async def receive():
    return {"type": "http.request", "body": request["body"].encode(), "more_body": False}

async def send(message):
    said.append(message)

async def main():
    from shared.adapters.sqlite.queue import SqliteQueue
    from shared.adapters.system_clock import AdjustableClock
    from shared.edge.composition.container import container_for
    from shared.ports.clock import Clock
    from shared.ports.queue import Queue
    from shared.ports.store import Store

    began = time.time()
    container, clock = container_for(module.SETTINGS), AdjustableClock()
    clock.advance(timedelta(seconds=request["ahead_s"]))
    container.bind(Clock, clock)
    container.bind(Queue, SqliteQueue(Path(request["queue"]), clock))
    bound = time.time() - began
    app = await module.compose()
    composed = time.time()
    await container.use(Store).troubles.get("board")
    connected = time.time()
    path, _, query = request["path"].partition("?")
    headers = [(key.lower().encode(), value.encode()) for key, value in request["headers"].items()]
    scope = {
        "type": "http", "http_version": "1.1", "method": request["method"], "path": path,
        "raw_path": path.encode(), "query_string": query.encode(), "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1), "scheme": "http", "root_path": "",
        "asgi": {"version": "3.0"},
    }
    await app(scope, receive, send)
    marks = [imported, composed - bound, connected - bound, time.time() - bound]
    print(json.dumps({"status": said[0]["status"], "at": marks}))

asyncio.run(main())
"""


@pytest.mark.emulators
@pytest.mark.timeout(600)
async def test_each_function_gives_its_first_whole_answer(
    tmp_path: Path, firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    environ = {
        "POSTROOM_STORE": f"firestore:demo-{uuid4().hex[:12]}/(default)",
        "POSTROOM_QUEUE": "cloud-tasks:projects/demo/locations/local",
    }
    best: dict[str, list[float]] = {}
    async with LocalSystem.start(tmp_path, environ=environ, jobs=()) as system:
        asked = Asked(system, await connected(system))
        for _ in range(ROUNDS):
            for name in ("reference", *asked.NAMES):
                parts = await started(system, name, await asked.request(name))
                if name not in best or sum(parts) < sum(best[name]):
                    best[name] = parts
    reference = sum(best["reference"])
    for name, parts in best.items():
        split = ", ".join(f"{part} {took:.0f}" for part, took in zip(PARTS, parts, strict=True))
        print(f"{name:<14} {sum(parts):6.0f} ms, {sum(parts) / reference:.2f} x ({split})")


async def connected(system: LocalSystem) -> str:
    await system.control("/mailboxes", {"email": EMAIL, "messages": 3})
    connection = await connect(system.client, system.google, EMAIL)
    await system.settle()
    endpoint = {"url": f"{system.url}/health"}
    assert (await system.client.post("/webhook-endpoints", json=endpoint)).is_success
    return connection


class Asked:
    """The first request of each function: one that reads the store and calls Google."""

    NAMES = ("gmail_push", "deliver_event", "sync_mailbox", "send", "api", "renew_watches")

    def __init__(self, system: LocalSystem, connection: str) -> None:
        self.system, self.connection = system, connection

    async def request(self, name: str) -> Mapping[str, Any]:
        make = getattr(self, f"_{name}", None)
        made: dict[str, Any] = await make() if make else {}
        return {
            "method": "POST",
            "body": "{}",
            "headers": {},
            "ahead_s": (self.system.clock.now().timestamp() - time.time()),
            "queue": str(self.system.directory / f"{uuid4().hex}.sqlite"),
            **made,
        }

    async def _gmail_push(self) -> dict[str, Any]:
        told = {"emailAddress": EMAIL, "historyId": int(await self._deliver())}
        data = base64.b64encode(json.dumps(told).encode()).decode()
        message = {"message": {"data": data, "messageId": uuid4().hex}, "subscription": "s"}
        audience = self.system.environ["POSTROOM_PUSH_AUDIENCE"]
        return {
            "path": "/push/gmail",
            "body": json.dumps(message),
            "headers": await self._signed(PUSH_ACCOUNT, audience),
        }

    async def _deliver_event(self) -> dict[str, Any]:
        outbox = self.system.container.use(Outbox)
        (event, *_) = await outbox.list(state=EventState.PENDING, connection_id=None, limit=1)
        return await self._task("/tasks/deliver", {"event_id": event.id})

    async def _sync_mailbox(self) -> dict[str, Any]:
        await self._deliver()
        body = {"provider_config_key": "google-mail", "connection_id": self.connection}
        state = await self.system.client.post("/sync/trigger", json={**body, "syncs": []})
        assert state.is_success, state.text
        return await self._task("/tasks/sync", {"connection_id": self.connection})

    async def _send(self) -> dict[str, Any]:
        message = {"to": "bo@example.org", "subject": "Tea", "body": "At four."}
        headers = {**self._tenant(), "Idempotency-Key": uuid4().hex}
        return {"path": "/send", "body": json.dumps(message), "headers": headers}

    async def _api(self) -> dict[str, Any]:
        body = {"action_name": "get-profile", "input": {}}
        return {
            "path": "/action/trigger",
            "body": json.dumps(body),
            "headers": self._tenant(),
        }

    async def _renew_watches(self) -> dict[str, Any]:
        audience = self.system.environ["POSTROOM_TASKS_AUDIENCE"]
        return {
            "path": "/jobs/renew-watches",
            "headers": await self._signed(SCHEDULER_ACCOUNT, audience),
        }

    async def _deliver(self) -> str:
        """Deliver a mail that no push announces, and return its history ID."""
        await self.system.control("/faults", {"fault": "push_drop", "times": 1})
        path = f"/_control/mailboxes/{EMAIL}/messages"
        answer = await self.system.google.post(path, content=MAIL)
        return str(answer.json()["historyId"])

    async def _task(self, path: str, body: Mapping[str, str]) -> dict[str, Any]:
        audience = self.system.environ["POSTROOM_TASKS_AUDIENCE"]
        headers = await self._signed(TASKS_ACCOUNT, audience)
        headers["X-CloudTasks-QueueName"] = "live"
        return {"path": path, "body": json.dumps(body), "headers": headers}

    async def _signed(self, account: str, audience: str) -> dict[str, str]:
        async with httpx.AsyncClient() as client:
            google = self.system.environ["POSTROOM_GOOGLE_URL"]
            token = await IdTokens(client, google, self.system.clock)(
                service_account=account, audience=audience
            )
        return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def _tenant(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {API_KEY}",
            "Content-Type": "application/json",
            "Connection-Id": self.connection,
            "Provider-Config-Key": "google-mail",
        }


async def started(system: LocalSystem, name: str, request: Mapping[str, Any]) -> list[float]:
    """Return the milliseconds of each part."""
    code = (REFERENCE,) if name == "reference" else (FUNCTION, name, json.dumps(request))
    began = time.time()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        *code,
        cwd=ROOT,
        env={**os.environ, **system.environ, "PYTHONPATH": str(ROOT), "K_SERVICE": name},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()[-2_000:]
    told = json.loads(printed.decode().splitlines()[-1])
    assert told["status"] < 300, (name, printed.decode())
    marks = [began, *told["at"]]
    return [(after - before) * 1e3 for before, after in pairwise(marks)]
