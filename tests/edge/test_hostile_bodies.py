"""JSON that is nested without end, and numbers without end, at every route that takes any."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from shared.domain.validation import DEEPEST
from shared.edge.table import whole_table
from shared.edge.triggers.push_envelope import Malformed, read_envelope
from shared.edge.web.routes import Access, Route
from shared.edge.web.streamed import read_range
from shared.ports.google.oauth import CallerTokens
from tests.harness.acting import ActionHarness, action_harness
from tests.harness.samples import CONNECTION, error_of

DEPTHS = (DEEPEST + 1, 200, 300, 900, 1_100, 100_000)
JSON = [one for one in whole_table() if one.body is not None]
OTHER_DOORS = {Access.CONNECT_SESSION, Access.CONSOLE}
"""Kinds of access that the root key of these tests is none of."""


class Trusting:
    """Takes every token for the queue's own."""

    async def verify(self, token: str, *, audience: str, service_account: str) -> None:
        """Refuse nothing."""


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ActionHarness]:
    async with action_harness(tmp_path) as opened:
        opened.container.bind(CallerTokens, Trusting())
        yield opened


def nested(depth: int) -> Iterator[str]:
    yield "[" * depth + "1" + "]" * depth
    yield '{"a":' * depth + "1" + "}" * depth


def bodies(route: Route, depth: int) -> Iterator[str]:
    """Nest the whole body, and each of its fields beside what a call may not lack."""
    assert route.body is not None
    for deep in nested(depth):
        yield deep
        for name, field in route.body.model_fields.items():
            named = {
                "provider_config_key": '"google-mail"',
                "connection_id": f'"{CONNECTION}"',
                "action_name": '"list-labels"',
                "name": '"agent"',
                "permissions": '["mcp"]',
                field.alias or name: deep,
            }
            kept = {one: text for one, text in named.items() if one in route.body.model_fields}
            kept[field.alias or name] = deep
            yield "{" + ",".join(f'"{one}":{text}' for one, text in kept.items()) + "}"


@pytest.mark.parametrize("route", JSON, ids=lambda one: one.name)
async def test_deep_json_is_refused_as_a_wrong_body(harness: ActionHarness, route: Route) -> None:
    path = re.sub(r"\{[^}]+\}", "x", route.path)
    headers = {"Content-Type": "application/json"}
    expected = {401} if route.access in OTHER_DOORS else {400, 413}
    for depth in DEPTHS:
        for body in bodies(route, depth):
            answer = await harness.api.request(route.method, path, content=body, headers=headers)
            assert answer.status_code in expected, (body[:200], answer.text)
            if answer.status_code == 400:
                assert error_of(answer)["code"] == "invalid_body", answer.text


@pytest.mark.parametrize("depth", DEPTHS)
async def test_deep_metadata_is_never_stored(harness: ActionHarness, depth: int) -> None:
    for method in ("POST", "PATCH"):
        for deep in nested(depth):
            body = (
                f'{{"connection_id":"{CONNECTION}","provider_config_key":"google-mail",'
                f'"metadata":{{"a":{deep}}}}}'
            )
            answer = await harness.api.request(method, "/connections/metadata", content=body)
            assert answer.status_code in {400, 413}
    shown = await harness.api.get(f"/connections/{CONNECTION}")
    assert shown.json()["metadata"] == {}


@pytest.mark.parametrize("depth", DEPTHS)
async def test_deep_arguments_of_a_tool_are_refused(harness: ActionHarness, depth: int) -> None:
    headers = {"Accept": "application/json, text/event-stream"}
    for deep in nested(depth):
        for params in (deep, f'{{"name":"list-labels","arguments":{{"a":{deep}}}}}'):
            body = f'{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}'
            headers["Content-Type"] = "application/json"
            answer = await harness.api.post("/mcp", content=body, headers=headers)
            assert answer.status_code in {200, 400, 413}
            told = answer.json()
            assert "error" in told or told["result"]["isError"], answer.text


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_deep_envelope_is_malformed(depth: int) -> None:
    for deep in nested(depth):
        assert isinstance(read_envelope(deep.encode()), Malformed)
        assert isinstance(read_envelope(f'{{"message":{{"data":{deep}}}}}'.encode()), Malformed)


async def test_a_body_of_as_many_levels_as_are_taken_is_read(harness: ActionHarness) -> None:
    deep = next(nested(DEEPEST - 2))
    body = (
        f'{{"connection_id":"{CONNECTION}","provider_config_key":"google-mail",'
        f'"metadata":{{"a":{deep}}}}}'
    )
    assert (await harness.api.post("/connections/metadata", content=body)).status_code == 200
    assert (await harness.api.get(f"/connections/{CONNECTION}")).status_code == 200


@pytest.mark.parametrize("digits", ["9" * 5_000, "9" * 19])
async def test_numbers_without_end_are_no_failure_of_ours(
    harness: ActionHarness, digits: str
) -> None:
    assert read_range(f"bytes={digits}-", 10) is None
    assert read_range(f"bytes=-{digits}", 10) is None
    request = httpx.Request(
        "POST", "http://127.0.0.1:8080/sync/trigger", headers={"Content-Length": digits}
    )
    request.headers["Authorization"] = harness.api.headers["Authorization"]
    assert (await harness.api.send(request)).status_code == 413
