"""What every route gets from the app: parsing, errors, ids, one log line."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import Field

from shared.edge.web.call import Call
from shared.edge.web.logs import LOG, SHARED, JsonLines, to_standard_output
from shared.edge.web.routes import Access, Permission, RequestModel, Route, Tenant
from shared.errors import GmailRefusedError, MissingScopeError, RateLimitedError
from tests.harness.samples import error_of

SECRET = "an address: ada@example.com"


class Letter(RequestModel):
    to: str
    times: int = 1


class Search(RequestModel):
    limit: int = 10
    ids: list[str] = Field(default_factory=list)
    tags: Mapping[str, str] = Field(default_factory=dict)


async def echo(call: Call) -> Any:
    letter = call.body(Letter)
    return {"to": letter.to, "times": letter.times, "connection": call.connection_id}


async def search(call: Call) -> Any:
    return call.query(Search)


async def at(call: Call) -> Any:
    return {"at": datetime(2026, 1, 2, tzinfo=UTC)}


async def crash(call: Call) -> Any:
    raise ValueError(SECRET)


async def nothing(call: Call) -> None:
    return None


async def failing(call: Call) -> Any:
    raise {
        "rate": RateLimitedError("Slow down.", retry_after=timedelta(seconds=2.2)),
        "scope": MissingScopeError("Needs more.", scope="gmail.send"),
        "gmail": GmailRefusedError("Gmail refused.", status=403, body="x" * 5000),
    }[call.path("how")]


ROUTES = (
    Route("POST", "/letters", Permission.SEND, echo, "Echo", body=Letter, tenant=Tenant.OPTIONAL),
    Route("POST", "/small", Permission.SEND, echo, "Echo", body=Letter, max_body=100),
    Route("GET", "/letters", Permission.RECORDS_READ, search, "Search", query=Search),
    Route("DELETE", "/letters", Permission.SEND, nothing, "Nothing"),
    Route("GET", "/at", Access.PUBLIC, at, "When"),
    Route("GET", "/crash", Access.PUBLIC, crash, "Crash"),
    Route("GET", "/failing/{how}", Access.PUBLIC, failing, "Fail"),
)


@pytest.fixture
def client(client_of: Callable[[Sequence[Route]], httpx.AsyncClient]) -> httpx.AsyncClient:
    return client_of(ROUTES)


async def test_a_valid_body_reaches_the_route_as_its_model(client: httpx.AsyncClient) -> None:
    answer = await client.post("/letters", json={"to": "ada"})
    assert (answer.status_code, answer.json()["times"]) == (200, 1)


async def test_an_unknown_field_is_refused_and_named(client: httpx.AsyncClient) -> None:
    answer = await client.post("/letters", json={"to": "ada", "cc": "bob"})
    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_body")
    assert error_of(answer)["errors"][0]["path"] == ["cc"]


async def test_every_wrong_field_is_listed(client: httpx.AsyncClient) -> None:
    answer = await client.post("/letters", json={"times": "many"})
    assert {one["path"][0] for one in error_of(answer)["errors"]} == {"to", "times"}


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[1", b'{"to": NaN}', b"not json"])
async def test_malformed_json_is_a_clear_400(client: httpx.AsyncClient, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await client.post("/letters", content=body, headers=headers)
    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_body")


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"7", b"null", b""])
async def test_json_that_is_no_object_is_a_clear_400(
    client: httpx.AsyncClient, body: bytes
) -> None:
    answer = await client.post("/letters", content=body)
    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_body")


async def test_a_form_where_json_is_due_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/letters", data={"to": "ada"})
    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_body")


async def test_refused_values_are_not_repeated_in_the_error(client: httpx.AsyncClient) -> None:
    answer = await client.post("/letters", json={"to": ["ada@example.com"]})
    assert "ada@example.com" not in answer.text


async def test_a_body_over_the_limit_is_413_whether_its_length_is_announced_or_not(
    client: httpx.AsyncClient,
) -> None:
    async def chunks() -> Any:
        for _ in range(20):
            yield b"x" * 10

    announced = await client.post("/small", content=b"x" * 200)
    streamed = await client.post("/small", content=chunks())
    assert (announced.status_code, streamed.status_code) == (413, 413)
    assert error_of(announced)["code"] == "too_large"


async def test_get_and_delete_may_announce_json_and_send_none(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    assert (await client.get("/letters", headers=headers)).status_code == 200
    assert (await client.delete("/letters", headers=headers)).status_code == 204


async def test_repeated_and_bracketed_parameters_become_lists_and_objects(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/letters?ids=a&ids=b&tags[team]=blue&tags%5Bplan%5D=pro&limit=5")
    assert answer.json() == {"limit": 5, "ids": ["a", "b"], "tags": {"team": "blue", "plan": "pro"}}


@pytest.mark.parametrize("query", ["limt=5", "limit=many", "limit=1&limit=2"])
async def test_a_wrong_query_is_a_clear_400(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/letters?{query}")
    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_query_params")


@pytest.mark.parametrize(
    "named",
    [
        {"headers": {"Connection-Id": "c-1", "Provider-Config-Key": "google-mail"}},
        {"params": {"connection_id": "c-1", "provider_config_key": "google-mail"}},
        {"params": {"connectionId": "c-1"}},
    ],
)
async def test_a_connection_is_named_by_header_or_query(
    client: httpx.AsyncClient, named: Mapping[str, Any]
) -> None:
    answer = await client.post("/letters", json={"to": "ada"}, **named)
    assert answer.json()["connection"] == "c-1"


async def test_another_integration_is_an_unknown_connection(client: httpx.AsyncClient) -> None:
    headers = {"Connection-Id": "c-1", "Provider-Config-Key": "slack"}
    answer = await client.post("/letters", json={"to": "ada"}, headers=headers)
    assert (answer.status_code, error_of(answer)["code"]) == (404, "unknown_connection")


async def test_a_trailing_slash_makes_no_difference(client: httpx.AsyncClient) -> None:
    assert (await client.get("/letters/?limit=5")).status_code == 200


async def test_an_unknown_path_and_a_wrong_method_answer_as_json(client: httpx.AsyncClient) -> None:
    missing, wrong = await client.get("/nowhere"), await client.put("/letters")
    assert (missing.status_code, error_of(missing)["code"]) == (404, "not_found")
    assert (wrong.status_code, error_of(wrong)["code"]) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "DELETE, GET, HEAD, POST"


async def test_a_request_id_comes_back_and_a_malformed_one_is_replaced(
    client: httpx.AsyncClient,
) -> None:
    kept = await client.get("/at", headers={"X-Request-Id": "mine-1"})
    replaced = await client.get("/at", headers={"X-Request-Id": "two words"})
    assert kept.headers["x-request-id"] == "mine-1"
    assert replaced.headers["x-request-id"] not in {"", "two words"}


async def test_times_are_iso_8601_utc_with_z(client: httpx.AsyncClient) -> None:
    assert (await client.get("/at")).json() == {"at": "2026-01-02T00:00:00Z"}


async def test_an_unexpected_error_tells_the_trace_id_and_nothing_else(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    answer = await client.get("/crash", headers=headers)
    assert answer.status_code == 500
    assert error_of(answer)["payload"] == {"trace_id": trace}
    assert SECRET not in answer.text


async def test_errors_carry_what_the_caller_needs(client: httpx.AsyncClient) -> None:
    rate, scope, gmail = [await client.get(f"/failing/{how}") for how in ("rate", "scope", "gmail")]
    assert (rate.status_code, rate.headers["retry-after"]) == (429, "3")
    assert (scope.status_code, error_of(scope)["payload"]) == (403, {"scope": "gmail.send"})
    assert (gmail.status_code, error_of(gmail)["upstream"]["status"]) == (424, 403)
    assert len(error_of(gmail)["upstream"]["body"]) == 1000


async def test_one_json_line_a_request_without_its_query(
    client: httpx.AsyncClient, lines: list[Mapping[str, Any]]
) -> None:
    await client.get("/letters?ids=secret-id", headers={"X-Request-Id": "r-1"})
    (line,) = [one for one in lines if one["message"] == "request"]
    assert (line["route"], line["status"], line["function"]) == ("/letters", 200, "api")
    assert line["request_id"] == "r-1"
    assert "secret-id" not in json.dumps(line)


async def test_a_crash_is_logged_by_type_and_place_never_by_message(
    client: httpx.AsyncClient, lines: list[Mapping[str, Any]]
) -> None:
    await client.get("/crash")
    (line,) = [one for one in lines if one["message"] == "request failed"]
    assert line["error"] == "ValueError"
    assert any("crash" in frame for frame in line["frames"])
    assert SECRET not in json.dumps(line)


async def test_lines_of_use_cases_carry_the_request_and_only_known_fields(
    client_of: Callable[[Sequence[Route]], httpx.AsyncClient], lines: list[Mapping[str, Any]]
) -> None:
    async def work(call: Call) -> None:
        use_case = logging.getLogger("shared.usecases.sync.sync_mailbox")
        use_case.warning("watch refused", extra={"code": "upstream_error", "address": SECRET})

    client = client_of([Route("POST", "/work", Access.PUBLIC, work, "Work")])
    await client.post("/work", headers={"X-Request-Id": "r-2"})
    (line,) = [one for one in lines if one["message"] == "watch refused"]
    assert (line["request_id"], line["code"], line["severity"]) == (
        "r-2",
        "upstream_error",
        "WARNING",
    )
    assert SECRET not in json.dumps(line)


async def test_answers_are_kept_by_nobody(client: httpx.AsyncClient) -> None:
    assert (await client.get("/at")).headers["cache-control"] == "no-store"


async def test_health_needs_no_key(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health", headers={"Authorization": ""})
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


@pytest.fixture
def lines() -> Any:
    """Collect the log lines written meanwhile, parsed."""
    written: list[Mapping[str, Any]] = []

    class Catch(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(json.loads(JsonLines().format(record)))

    to_standard_output()
    catch = Catch()
    for logger in (LOG, SHARED):
        logger.addHandler(catch)
    yield written
    for logger in (LOG, SHARED):
        logger.removeHandler(catch)
