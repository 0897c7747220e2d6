"""Agents on the console: which tools they called, with which keys, and how that ended."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.operation import Operation, OperationType, new_operation
from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.console import Role
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.events import Operations
from shared.usecases.keys.api_keys import CreateApiKey, KeyRequest
from tests.edge.console.visitors import Visitor, texts, visiting
from tests.harness.samples import CONNECTION, a_connection

PATH = "/console/agents"


@pytest.fixture
async def viewer(container: AutowiredContainer) -> AsyncIterator[Visitor]:
    async with visiting(container, Role.VIEWER) as visitor:
        yield visitor


def a_call(
    container: AutowiredContainer, name: str, error: str | None = None, **detail: Any
) -> Operation:
    ended = container.use(Clock).now()
    began = ended - timedelta(milliseconds=30)
    return new_operation(
        OperationType.ACTION, name, CONNECTION, began, ended, error=error, detail=detail
    )


async def test_calls_of_agents_are_shown_by_key_and_mailbox_and_no_others(
    container: AutowiredContainer, viewer: Visitor
) -> None:
    await container.use(Connections).create(a_connection())
    made = await container.use(CreateApiKey)(KeyRequest("assistant", frozenset({"mcp"})))
    key = f"key-{made.key.id}"
    await container.use(Operations).append(
        a_call(container, "list-labels", key=key, via="mcp"),
        a_call(container, "send-email", "policy_refused", key=key, via="mcp", rule="no_bcc"),
        a_call(container, "get-message", key="key-root-1", via="mcp"),
        a_call(container, "archive-thread", key=key),
    )
    page = await viewer.see(PATH)
    assert sorted(texts(page, "tbody td b")) == ["get-message", "list-labels", "send-email"]
    assert sorted(texts(page, "tbody .pill")) == ["ok", "ok", "policy_refused"]
    assert "assistant" in texts(page, "#key option")
    assert texts(page, "tbody .mailbox") == [a_connection().email] * 3
    page = await viewer.see(f"{PATH}?key=key-root-1")
    assert texts(page, "tbody td b") == ["get-message"]
    assert texts(await viewer.see(f"{PATH}?connection=unknown@else.example"), "tbody tr") == []


async def test_a_call_that_waits_leads_to_its_approval(
    container: AutowiredContainer, viewer: Visitor
) -> None:
    waits = a_call(container, "send-email", key="key-1", via="mcp", approval_id="apr_1")
    await container.use(Operations).append(waits)
    (link,) = (await viewer.see(PATH)).css("tbody a")
    assert link.attributes["href"] == "/console/approvals/apr_1"
