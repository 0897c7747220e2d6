"""/action/*, /scripts/config and the running of actions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import jsonschema
import pytest
from pydantic import BaseModel

from shared.actions import loading
from shared.actions.registry import Action, ActionContext, ActionInput, Effect
from shared.actions.run import GRACE, RunAction
from shared.adapters.sqlite.queue import SqliteQueue
from shared.domain.connect.connection import Connection
from shared.domain.connect.scopes import LABELS, SEND
from shared.domain.events.event import EventType
from shared.domain.ids import ConnectionId
from shared.domain.operation import OperationState
from shared.domain.send.entry import send_id
from shared.edge.composition.container import AutowiredContainer
from shared.edge.table import api_routes, run_actions_routes
from shared.errors import (
    GmailNotFoundError,
    GmailUnavailableError,
    IdempotencyInProgressError,
    UnauthenticatedError,
)
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.events import Outbox
from shared.ports.google.gmail import GmailMailboxes
from shared.ports.google.oauth import CallerTokens
from shared.ports.queue import Queue
from shared.ports.sends import ActionResults
from tests.edge.conftest import ClientOf
from tests.harness.samples import a_connection, error_of, tenant

GET = {"action_name": "get-message", "input": {"id": "18f0"}}
TASKS = "http://127.0.0.1:8080|tasks@demo.iam.gserviceaccount.com"


class OneMailbox:
    """A mailbox with one message, as the port GmailCalls shows it."""

    def of(self, connection_id: ConnectionId) -> "OneMailbox":
        return self

    async def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | Sequence[str]] | None = None,
        body: Any = None,
    ) -> Any:
        if (method, path) != ("GET", "/messages/18f0"):
            raise GmailNotFoundError
        return {"id": "18f0", "threadId": "18f0", "format": dict(query or {})["format"]}


class SignedTokens:
    async def verify(self, token: str, *, audience: str, service_account: str) -> None:
        if token != f"{audience}|{service_account}":
            raise UnauthenticatedError("This token does not verify.")


class Mark(ActionInput):
    text: str


class Marked(BaseModel):
    count: int


class Marker:
    """An action with an effect that can be counted, and can fail."""

    def __init__(self) -> None:
        self.count = 0
        self.fails = 0

    async def __call__(self, context: ActionContext, asked: Mark) -> Marked:
        if self.fails:
            self.fails -= 1
            raise GmailUnavailableError("Gmail did not answer.")
        self.count += 1
        return Marked(count=self.count)


@pytest.fixture
def marker(monkeypatch: pytest.MonkeyPatch) -> Marker:
    counting = Marker()
    action = Action("mark", "Mark.", Mark, Marked, counting, (LABELS,), Effect.STORED)
    known = dict(loading.actions())
    monkeypatch.setattr(loading, "actions", lambda: {**known, "mark": action})
    return counting


@pytest.fixture
def api_with_gmail(client_of: ClientOf, container: AutowiredContainer) -> httpx.AsyncClient:
    """Return a client of the two functions that accept and run actions."""
    container.bind(GmailMailboxes, OneMailbox())
    container.bind(CallerTokens, SignedTokens())
    return client_of((*api_routes(), *run_actions_routes()))


async def trigger(api: httpx.AsyncClient, body: Any, **headers: str) -> httpx.Response:
    return await api.post("/action/trigger", json=body, headers={**tenant(), **headers})


async def test_an_actions_output_is_the_answer_as_it_is(
    api_with_gmail: httpx.AsyncClient, connected: Connection
) -> None:
    answer = await trigger(api_with_gmail, GET)
    assert answer.json() == {"id": "18f0", "threadId": "18f0", "format": "full"}


async def test_every_run_is_in_the_operations_log(
    api_with_gmail: httpx.AsyncClient, connected: Connection
) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    await trigger(api_with_gmail, GET, traceparent=f"00-{trace}-b7ad6b7169203331-01")
    await trigger(api_with_gmail, {**GET, "input": {"id": "18f1"}})
    shown = (await api_with_gmail.get("/operations?type=action")).json()["operations"]
    assert {(one["name"], one["state"], one["error"]) for one in shown} == {
        ("get-message", OperationState.OK, None),
        ("get-message", OperationState.FAILED, "upstream_error"),
    }
    assert trace in {one["trace_id"] for one in shown}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"action_name": "fly"}, 404, "unknown_action"),
        ({"action_name": "get-message"}, 400, "invalid_body"),
        ({"action_name": "get-message", "input": {"id": "../x"}}, 400, "invalid_body"),
        ({"action_name": "get-message", "input": {"id": "1", "x": 1}}, 400, "invalid_body"),
        ({"action_name": "get-message", "input": {"id": "1"}, "x": 1}, 400, "invalid_body"),
        ({"input": {}}, 400, "invalid_body"),
        ({"action_name": "get-message", "input": {"id": "18f1"}}, 424, "upstream_error"),
    ],
)
async def test_a_wrong_call_is_refused_clearly(
    api_with_gmail: httpx.AsyncClient, connected: Connection, body: Any, status: int, code: str
) -> None:
    answer = await trigger(api_with_gmail, body)
    assert (answer.status_code, error_of(answer)["code"]) == (status, code)


async def test_problems_with_the_input_say_where_in_the_body(
    api_with_gmail: httpx.AsyncClient, connected: Connection
) -> None:
    answer = await trigger(api_with_gmail, {"action_name": "get-message", "input": {"id": 5}})
    assert error_of(answer)["errors"][0]["path"] == ["input", "id"]


async def test_an_unticked_scope_is_named(
    api_with_gmail: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    await container.use(Connections).create(a_connection(scopes=frozenset({SEND})))
    answer = await trigger(api_with_gmail, GET)
    assert (answer.status_code, error_of(answer)["code"]) == (403, "missing_scope")
    assert error_of(answer)["payload"]["scope"].endswith("gmail.readonly")


async def test_a_repeated_key_answers_again_without_a_second_effect(
    api_with_gmail: httpx.AsyncClient, connected: Connection, marker: Marker
) -> None:
    body = {"action_name": "mark", "input": {"text": "a"}}
    first = await trigger(api_with_gmail, body, **{"Idempotency-Key": "k-1"})
    again = await trigger(api_with_gmail, body, **{"Idempotency-Key": "k-1"})
    assert (first.json(), again.json(), marker.count) == ({"count": 1}, {"count": 1}, 1)
    assert "idempotent-response" not in first.headers
    assert again.headers["idempotent-response"] == "true"


@pytest.mark.parametrize("name", ["Idempotency-Key", "Connection-Id", "Provider-Config-Key"])
async def test_a_header_that_says_two_things_is_refused(
    api_with_gmail: httpx.AsyncClient, connected: Connection, marker: Marker, name: str
) -> None:
    answer = await api_with_gmail.post(
        "/action/trigger",
        json={"action_name": "mark", "input": {"text": "a"}},
        headers=[*tenant().items(), (name, "one"), (name, "other")],
    )
    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_headers")
    assert marker.count == 0


@pytest.mark.parametrize(
    "query", ["connection_id=c-2", "connectionId=c-2", "connection_id=c-2&connection_id=c-3"]
)
@pytest.mark.parametrize("named", [True, False])
async def test_two_connections_are_refused_wherever_they_are_named(
    api_with_gmail: httpx.AsyncClient,
    connected: Connection,
    marker: Marker,
    query: str,
    named: bool,
) -> None:
    answer = await api_with_gmail.post(
        f"/action/trigger?{query}" + ("" if named else "&connectionId=c-4"),
        json={"action_name": "mark", "input": {"text": "a"}},
        headers=tenant() if named else {},
    )
    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_headers")
    assert marker.count == 0


async def test_a_connection_named_twice_alike_is_named(
    api_with_gmail: httpx.AsyncClient, connected: Connection, marker: Marker
) -> None:
    answer = await api_with_gmail.post(
        f"/action/trigger?connection_id={connected.id}&provider_config_key=google-mail",
        json={"action_name": "mark", "input": {"text": "a"}},
        headers=tenant(),
    )
    assert answer.status_code == 200
    assert marker.count == 1


async def test_a_key_with_another_body_is_a_conflict(
    api_with_gmail: httpx.AsyncClient, connected: Connection, marker: Marker
) -> None:
    key = {"Idempotency-Key": "k-1"}
    await trigger(api_with_gmail, {"action_name": "mark", "input": {"text": "a"}}, **key)
    other = await trigger(api_with_gmail, {"action_name": "mark", "input": {"text": "b"}}, **key)
    assert (other.status_code, error_of(other)["code"]) == (409, "idempotency_conflict")
    assert marker.count == 1


async def test_a_key_whose_run_failed_may_be_used_again(
    api_with_gmail: httpx.AsyncClient, connected: Connection, marker: Marker
) -> None:
    marker.fails = 1
    body = {"action_name": "mark", "input": {"text": "a"}}
    failed = await trigger(api_with_gmail, body, **{"Idempotency-Key": "k-1"})
    retried = await trigger(api_with_gmail, body, **{"Idempotency-Key": "k-1"})
    assert (failed.status_code, retried.json()) == (424, {"count": 1})


async def test_a_run_that_died_blocks_its_key_only_for_a_while(
    container: AutowiredContainer, connected: Connection, marker: Marker
) -> None:
    run = container.use(RunAction)
    first = await run(connected, "mark", {"text": "a"}, idempotency_key="k-1")
    found = await container.use(ActionResults).get(send_id(connected.id, "k-1"))
    assert found is not None
    running = replace(found.value, output=None, finished_at=None)
    died = await container.use(ActionResults).swap(found, running)
    with pytest.raises(IdempotencyInProgressError):
        await run(connected, "mark", {"text": "a"}, idempotency_key="k-1")
    long_ago = container.use(Clock).now() - timedelta(seconds=61) - GRACE
    await container.use(ActionResults).swap(died, replace(running, created_at=long_ago))
    taken_over = await run(connected, "mark", {"text": "a"}, idempotency_key="k-1")
    assert (first.output, taken_over.output) == ({"count": 1}, {"count": 2})


@pytest.mark.parametrize("key", ["", "x" * 257])
async def test_a_key_must_have_a_sensible_length(
    api_with_gmail: httpx.AsyncClient, connected: Connection, key: str
) -> None:
    answer = await trigger(api_with_gmail, GET, **{"Idempotency-Key": key})
    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_headers")


async def run_tasks(api: httpx.AsyncClient, container: AutowiredContainer) -> None:
    """Post what is queued, as the dispatcher does."""
    queue = container.use(Queue)
    assert isinstance(queue, SqliteQueue)
    for task in queue.waiting():
        headers = {"Authorization": f"Bearer {TASKS}"}
        done = await api.post(task.path, json=task.body, headers=headers)
        assert done.status_code == 204


async def test_an_asynchronous_action_is_404_while_it_runs_and_then_its_output(
    api_with_gmail: httpx.AsyncClient, container: AutowiredContainer, connected: Connection
) -> None:
    accepted = (await trigger(api_with_gmail, GET, **{"X-Async": "true"})).json()
    assert accepted["statusUrl"] == f"/action/{accepted['id']}"
    running = await api_with_gmail.get(accepted["statusUrl"])
    assert (running.status_code, error_of(running)["code"]) == (404, "not_found")
    await run_tasks(api_with_gmail, container)
    assert (await api_with_gmail.get(accepted["statusUrl"])).json()["id"] == "18f0"
    (event,) = await container.use(Outbox).list(state=None, connection_id=connected.id, limit=10)
    assert event.type is EventType.ASYNC_ACTION
    assert event.payload["payload"] == accepted


async def test_an_asynchronous_action_that_is_refused_answers_the_error(
    api_with_gmail: httpx.AsyncClient, container: AutowiredContainer, connected: Connection
) -> None:
    missing = {"action_name": "get-message", "input": {"id": "18f1"}}
    accepted = (await trigger(api_with_gmail, missing, **{"X-Async": "true"})).json()
    await run_tasks(api_with_gmail, container)
    answer = await api_with_gmail.get(accepted["statusUrl"])
    assert (answer.status_code, error_of(answer)["code"]) == (424, "upstream_error")


async def test_doubled_tasks_have_one_effect_and_one_event(
    api_with_gmail: httpx.AsyncClient,
    container: AutowiredContainer,
    connected: Connection,
    marker: Marker,
) -> None:
    body = {"action_name": "mark", "input": {"text": "a"}}
    for _ in range(2):
        await trigger(api_with_gmail, body, **{"X-Async": "true", "Idempotency-Key": "k-1"})
    await run_tasks(api_with_gmail, container)
    assert marker.count == 1
    assert len(await container.use(Outbox).list(state=None, connection_id=None, limit=10)) == 1


async def test_an_input_too_large_for_a_task_is_413(
    api_with_gmail: httpx.AsyncClient, connected: Connection, marker: Marker
) -> None:
    body = {"action_name": "mark", "input": {"text": "x" * 100_000}}
    answer = await trigger(api_with_gmail, body, **{"X-Async": "true"})
    assert (answer.status_code, error_of(answer)["code"]) == (413, "too_large")


async def test_the_task_of_an_action_takes_no_api_key(
    api_with_gmail: httpx.AsyncClient, connected: Connection
) -> None:
    answer = await api_with_gmail.post("/tasks/action", json={"id": "x", "key": "k"})
    assert answer.status_code == 401


async def test_the_configuration_lists_actions_with_valid_schemas(api: httpx.AsyncClient) -> None:
    (integration,) = (await api.get("/scripts/config")).json()
    assert integration["providerConfigKey"] == "google-mail"
    assert {"send-email", "get-message"} <= {one["name"] for one in integration["actions"]}
    for action in integration["actions"]:
        schema = {"$ref": f"#/definitions/{action['input']}", **action["json_schema"]}
        jsonschema.Draft202012Validator.check_schema(schema)
        assert action["returns"][0] in action["json_schema"]["definitions"]


async def test_the_configuration_comes_as_tool_definitions_too(api: httpx.AsyncClient) -> None:
    tools = (await api.get("/scripts/config?format=openai")).json()["data"]
    (tool,) = [one for one in tools if one["name"] == "get-message"]
    jsonschema.validate({"id": "18f0"}, tool["parameters"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"id": "18f0", "x": 1}, tool["parameters"])
