"""What must not happen: mixed-up mailboxes, mail in our own words, a slow start for others."""

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra.local.environment import Addresses, environment
from shared.actions.gmail.mailbox import GmailProfile
from shared.actions.loading import actions
from shared.actions.registry import ActionContext
from shared.edge.mcp.calls import refusal
from shared.edge.settings.deployment import settings_from
from shared.errors import ConfigurationError, RateLimitedError
from tests.edge.mcp.agents import ADA, BOB, ERAS, MAIL, AgentHarness, Era
from tests.edge.mcp.test_tools import error_of, text_of
from tests.harness.samples import a_connection

ROOT = Path(__file__).resolve().parents[3]
WITHOUT_THE_SDK = """
import sys
sys.modules["mcp"] = sys.modules["mcp_types"] = None
from shared.edge.web.openapi.document import document
from shared.edge.table import ROUTES_OF, whole_table
for routes in ROUTES_OF.values():
    routes()
assert any(route.path == "/mcp" for route in whole_table())
document(whole_table, "http://127.0.0.1:8080")
"""
SECRET = "the subject of a letter"


def test_every_other_function_reads_the_whole_table_without_the_sdk() -> None:
    """Their archives have no such package, and no time for it (FACTS 13.6)."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_SDK],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("era", ERAS)
async def test_many_agents_at_once_each_see_their_own_mailbox(
    harness: AgentHarness, era: Era
) -> None:
    async def seen(email: str) -> str:
        async with harness.agent(era, email=email) as agent:
            found = await agent.call_tool("get-profile", {})
            return str(found.structured_content["output"]["emailAddress"])

    wanted = [ADA, BOB] * 8
    for email in (ADA, BOB):
        await harness.connection(email)
    assert await asyncio.gather(*map(seen, wanted)) == wanted


@pytest.mark.parametrize("era", ERAS)
async def test_a_failure_of_ours_is_told_by_its_place_and_none_of_its_words(
    capsys: pytest.CaptureFixture[str],
    harness: AgentHarness,
    era: Era,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(context: ActionContext, asked: object) -> GmailProfile:
        raise ValueError(SECRET)

    table: Any = actions()
    monkeypatch.setitem(table, "get-profile", replace(table["get-profile"], run=broken))
    async with harness.agent(era) as agent:
        error = error_of(await agent.call_tool("get-profile", {}))
    assert error["code"] == "action_crashed"
    assert {*error["payload"]} == {"trace_id", "type", "file", "line"}
    logged = capsys.readouterr().out
    assert "tool failed" in logged
    assert SECRET not in json.dumps(error) + logged


def test_a_limit_says_how_long_to_wait() -> None:
    error = RateLimitedError("Slow down.", retry_after=timedelta(seconds=7))
    call: Any = SimpleNamespace(trace_id="t")
    assert error_of(refusal(error, call, a_connection()))["retry_after_s"] == 7


async def test_a_call_that_is_made_again_and_again_is_told_so(harness: AgentHarness) -> None:
    async with harness.agent() as agent:
        answers = [await agent.call_tool("list-labels", {}) for _ in range(5)]
        other = await agent.call_tool("get-profile", {})
    hints = ["hint" in one.structured_content for one in (*answers, other)]
    assert hints == [False, False, False, True, True, False]
    assert "answer 4 to the same call" in answers[3].structured_content["hint"]


async def test_a_refusal_says_what_is_allowed(harness: AgentHarness) -> None:
    key = await harness.key("mcp", "actions", draft_only=True)
    async with harness.agent(key=key) as agent:
        letter = {"to": BOB, "subject": "S", "text": "T", "idempotency_key": "k"}
        refused = await agent.call_tool("send-email", letter)
    error = error_of(refused)
    assert json.loads(text_of(refused))["mailbox"] == ADA
    assert error["payload"]["rule"] == "draft_only"
    assert error["allowed"]["policy"] == {"draft_only": True}
    assert "create-draft" in error["allowed"]["tools"]
    assert "send-email" not in error["allowed"]["tools"]


async def test_what_people_cannot_see_reaches_no_agent(harness: AgentHarness) -> None:
    html = f"<p>Hello.</p><p style='color:#fff'>{SECRET}</p>"
    raw = MAIL.format(to=ADA, subject="S", body=html).replace(
        "Subject:", "Content-Type: text/html\r\nSubject:"
    )
    path = f"/_control/mailboxes/{ADA}/messages"
    await harness.connection()
    letter = (await harness.system.google.post(path, content=raw.encode())).json()["id"]
    async with harness.agent() as agent:
        fetched = (await agent.call_tool("get-message", {"id": letter})).structured_content
        await harness.system.settle()
        read = (await agent.call_tool("read-messages", {"ids": [letter]})).structured_content
    assert (fetched["output"]["text"], fetched["output"]["hidden"]) == ("Hello.", True)
    (shown,) = read["output"]["messages"]
    assert (shown["text"], shown["hidden"]) == ("Hello.", True)


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(harness: AgentHarness) -> None:
    headers = {**await harness.headers(), "Content-Type": "application/json", "Host": "x"}
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(["POST /mcp HTTP/1.1", *lines, f"Content-Length: {1 << 40}", "", ""])
    reader, writer = await asyncio.open_connection("127.0.0.1", harness.system.port)
    writer.write(head.encode())
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("value", ["0", "4095", "many"])
def test_a_limit_too_small_for_any_result_stops_the_start(value: str, tmp_path: Path) -> None:
    values = environment(Addresses(), tmp_path, {"POSTROOM_MCP_RESULT_BYTES": value})
    with pytest.raises(ConfigurationError, match="POSTROOM_MCP_RESULT_BYTES"):
        settings_from(values)
