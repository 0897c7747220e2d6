"""Every call that README prints is run as it stands, and every call that OPERATING names is made.

Addresses apart: the printed one is that of `make demo`, and a test has a port of its own.
"""

import asyncio
import json
import os
import re
import shlex
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from infra.archives import ROOT
from infra.local.connecting import connect
from infra.local.environment import INTEGRATION
from infra.local.system import LocalSystem
from tests.adapters.listener import Listener, listening
from tests.harness.whole import whole_system

ADA, GRACE = "ada@acme.example", "grace@acme.example"
PRINTED: Final = "http://127.0.0.1:8080"
README: Final = (ROOT / "README.md").read_text("utf-8")
BLOCKS: Final = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
CALL: Final = re.compile(r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`\s]*)")
CALLED: Final = sorted({*CALL.findall((ROOT / "infra" / "OPERATING.md").read_text("utf-8"))})
LETTER: Final = {"to": GRACE, "subject": "Hello", "body": "It works."}


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[LocalSystem]:
    async with whole_system(tmp_path, {ADA: 12, GRACE: 0}) as started:
        yield started


async def connection_of(system: LocalSystem) -> str:
    id = await connect(system.client, system.google, ADA)
    await system.settle()
    return id


def tenant(connection: str) -> dict[str, str]:
    return {"Connection-Id": connection, "Provider-Config-Key": INTEGRATION}


async def run_in_bash(block: str, system: LocalSystem, **variables: str) -> list[Any]:
    """Return what each curl of the block answered, as JSON."""
    script = block.replace(PRINTED, system.url).replace("curl -s", "curl -sS -w '\\n'")
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", script),
        env={"PATH": os.environ["PATH"], "no_proxy": "*", **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, trouble = await process.communicate()
    assert process.returncode == 0, trouble.decode()
    return [json.loads(line) for line in said.decode().splitlines() if line]


def blocks_with(words: str) -> list[str]:
    return [block for block in BLOCKS if words in block]


async def test_the_main_job_as_the_readme_prints_it(system: LocalSystem) -> None:
    (block,) = blocks_with("/connect/sessions ")
    connection = await connection_of(system)
    session, found, status, page, sent = await run_in_bash(block, system, ID=connection, CURSOR="")
    assert session["data"]["connect_link"].startswith(system.url)
    assert found == {"connections": []}  # u1 has not agreed yet
    assert status["syncs"][0]["status"] == "SUCCESS"
    assert len(page["records"]) == 12
    assert sent["status"] == "submitted"


async def test_the_key_of_an_agent_as_the_readme_prints_it(system: LocalSystem) -> None:
    (block,) = blocks_with("/api-keys ")
    (made,) = await run_in_bash(block, system, ID=await connection_of(system))
    assert made["policy"]["allowed_domains"] == ["acme.example"]


async def test_the_three_headers_that_the_readme_gives_an_agent_open_its_tools(
    system: LocalSystem,
) -> None:
    """The program that is printed is not ours: its headers are what it needs of us."""
    (block,) = blocks_with("claude mcp add")
    words = shlex.split(block.replace("\\\n", " ").replace("$ID", await connection_of(system)))
    given = [words[place + 1].split(": ") for place, word in enumerate(words) if word == "--header"]
    headers = {**dict(given), "Accept": "application/json, text/event-stream"}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    async with httpx.AsyncClient() as client:
        address = f"{system.url}{words[words.index('postroom') + 1].removeprefix(PRINTED)}"
        answer = await client.post(address, headers=headers, json=body)
    assert answer.status_code == 200, answer.text
    assert "search-mail" in answer.text


def test_every_block_of_commands_in_the_readme_is_run_by_a_test() -> None:
    """The last is Nango's own API on the way here: its body is held to ours in test_operating."""
    known = ("/connect/sessions ", "claude mcp add", "/api-keys ", "api.nango.dev")
    assert all(sum(words in block for words in known) == 1 for block in BLOCKS)
    assert len(BLOCKS) == len(known)


@dataclass(frozen=True)
class Prepared:
    """What the calls of an operator name."""

    connection: str
    ids: Mapping[str, str]
    """For each path with a parameter, what stands there."""
    token: str
    """Of a connect session."""


async def prepare(system: LocalSystem, receiver: Listener) -> Prepared:
    """Connect a mailbox, set a message aside, and make one of all that can be asked for."""
    connection = await connection_of(system)
    named = tenant(connection)
    await system.control("/faults", {"fault": "fresh_404", "method": "messages.get"})
    mail = b"From: bo@example.org\r\nTo: ada@acme.example\r\nSubject: Late\r\n\r\nHello!"
    late = (await system.google.post(f"/_control/mailboxes/{ADA}/messages", content=mail)).json()
    await system.settle()

    async def made(path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
        answer = await system.client.post(path, json=body, headers={**named, **headers})
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    url = f"http://127.0.0.1:{receiver.port}/hooks"
    endpoint = await made("/webhook-endpoints", {"url": url})
    key = await made("/api-keys", {"name": "old", "permissions": ["send"]})
    bulk = await made("/send/bulk", {"messages": [{**LETTER, "idempotency_key": "b-1"}]})
    await made("/send", LETTER, **{"Idempotency-Key": "order-17"})
    await system.settle()
    events = (await system.client.get("/events")).json()["events"]
    tags = {"end_user_id": "u2"}
    session = (await system.client.post("/connect/sessions", json={"tags": tags})).json()["data"]
    ids = {
        "/connections/{id}": connection,
        "/api-keys/{id}": key["id"],
        "/webhook-endpoints/{id}": endpoint["id"],
        "/events/{id}": events[0]["id"],
        "/send/bulk/{id}": bulk["id"],
        "/sends/{key}": "order-17",
        "/quarantine/{message_id}": late["id"],
    }
    return Prepared(connection, ids, session["token"])


def bodies(ready: Prepared) -> dict[str, dict[str, Any]]:
    names = {"provider_config_key": INTEGRATION, "connection_id": ready.connection}
    return {
        "POST /connect/sessions/reconnect": {
            "connection_id": ready.connection,
            "integration_id": INTEGRATION,
        },
        "POST /events/redeliver": {"since": "2026-01-01T00:00:00Z"},
        "POST /send": LETTER,
        "POST /send/bulk": {"messages": [{**LETTER, "idempotency_key": "b-2"}]},
        "POST /sync/audit": names,
        "POST /sync/start": {**names, "syncs": ["fetch-messages"]},
        "PATCH /webhook-endpoints/{id}": {"enabled": True},
    }


QUERIES: Final[Mapping[str, Mapping[str, str]]] = {
    "GET /explain?message=": {"message": "subject:late"},
    "GET /sync/status": {"provider_config_key": INTEGRATION, "syncs": "*"},
}
REFUSED: Final = {"DELETE /sends/{key}": "order-17 is sent already: what is out is not called off"}
"""Calls that are understood and end in 409 here, and why."""


async def test_every_call_that_operating_names_is_answered(system: LocalSystem) -> None:
    """As an operator makes it, with what it needs: none is unknown, malformed or forgotten."""
    async with listening(Listener()) as receiver:
        ready = await prepare(system, receiver)
        for call in sorted(CALLED, key=lambda one: one.startswith("DELETE")):
            answer = await _make(system, ready, call)
            expected = answer.status_code == 409 if call in REFUSED else answer.is_success
            assert expected, f"{call}: {answer.status_code} {answer.text}"


async def _make(system: LocalSystem, ready: Prepared, call: str) -> httpx.Response:
    method, _, path = call.partition(" ")
    shown, _, query = path.partition("?")
    for shape, value in ready.ids.items():
        if shown.startswith(shape):
            shown = shown.replace(shape, f"{shape[: shape.index('{')]}{value}", 1)
    asked = dict(httpx.QueryParams(query)) | dict(QUERIES.get(call, {}))
    headers = tenant(ready.connection) | {"Idempotency-Key": "order-18"}
    if path == "/connect/session":
        headers["Authorization"] = f"Bearer {ready.token}"
    body = bodies(ready).get(call)
    return await system.client.request(method, shown, params=asked, headers=headers, json=body)
