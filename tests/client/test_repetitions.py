"""A call is repeated where that can do no harm, and every failure has its type."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from shared.client import (
    ConflictError,
    ForbiddenError,
    ForgedWebhookError,
    InProgressError,
    InvalidRequestError,
    Message,
    NotAuthenticatedError,
    NotFoundError,
    Postroom,
    PostroomApiError,
    PostroomUnreachableError,
    RateLimitedError,
    ReauthRequiredError,
    RetryPolicy,
    ServerError,
    UpstreamError,
    read_webhook,
)

Act = Callable[[Postroom], Any]
AT_ONCE = RetryPolicy(tries=3, first_wait=timedelta(0), longest_wait=timedelta(0))
LETTER: Message = {"to": "bo@example.org"}
BROKE_OFF = httpx.ReadError("broke off")
NEVER_BEGUN = httpx.ConnectError("refused")
SECRET = "whsec_" + "A" * 32


def read(postroom: Postroom) -> Any:
    return postroom.connections.of_end_user("u")


def send(postroom: Postroom) -> Any:
    return postroom.sends.send("c-1", LETTER, "k-1")


def act(postroom: Postroom) -> Any:
    return postroom.actions.run("c-1", "create-label", {"name": "x"})


def act_once(postroom: Postroom) -> Any:
    return postroom.actions.run("c-1", "create-label", {"name": "x"}, idempotency_key="k")


def look(postroom: Postroom) -> Any:
    return postroom.actions.run("c-1", "list-labels")


def make_key(postroom: Postroom) -> Any:
    return postroom.keys.create("a", ["send"])


def refusal(status: int, code: str, **headers: str) -> httpx.Response:
    error = {"code": code, "message": "No.", "payload": {"scope": "gmail.send"}}
    body = {"error": {**error, "errors": [{"code": code, "message": "Bad.", "path": ["to", 0]}]}}
    return httpx.Response(status, json=body, headers=headers)


async def tried(
    act: Act, answers: Sequence[httpx.Response | Exception], retry_policy: RetryPolicy = AT_ONCE
) -> tuple[int, BaseException | None]:
    """Return how often Postroom was asked, and what the call ended with; the last answer stays."""
    count = 0

    def scripted(_: httpx.Request) -> httpx.Response:
        nonlocal count
        answer = answers[min(count, len(answers) - 1)]
        count += 1
        if isinstance(answer, Exception):
            raise answer
        return answer

    transport = httpx.MockTransport(scripted)
    async with httpx.AsyncClient(transport=transport, base_url="http://postroom") as http:
        try:
            await act(Postroom.over(http, retry_policy))
        except Exception as error:  # noqa: BLE001  it is what is asked for
            return count, error
    return count, None


@pytest.mark.parametrize("act", [read, send, act_once, look], ids=lambda act: act.__name__)
@pytest.mark.parametrize(
    "trouble",
    [BROKE_OFF, NEVER_BEGUN, refusal(503, "unavailable"), httpx.Response(502, text="<html>")],
    ids=["broke off", "never begun", "503", "502"],
)
async def test_what_may_be_done_twice_is_tried_again(
    act: Act, trouble: httpx.Response | Exception
) -> None:
    count, error = await tried(act, [trouble])
    assert count == 3
    assert isinstance(error, PostroomUnreachableError | ServerError)


@pytest.mark.parametrize("act", [act, make_key], ids=lambda act: act.__name__)
async def test_what_must_not_be_done_twice_is_repeated_only_if_it_was_not_begun(act: Act) -> None:
    assert (await tried(act, [BROKE_OFF]))[0] == 1
    assert (await tried(act, [refusal(503, "unavailable")]))[0] == 1
    assert (await tried(act, [NEVER_BEGUN]))[0] == 3
    assert (await tried(act, [refusal(429, "rate_limited")]))[0] == 3


async def test_a_send_under_its_key_waits_for_the_first_request_with_it() -> None:
    body = {"status": "submitted", "id": "m-1", "threadId": "t-1", "messageId": None}
    done = httpx.Response(200, json=body, headers={"Idempotent-Response": "true"})
    assert await tried(send, [refusal(409, "idempotency_in_progress"), done]) == (2, None)


async def test_a_wait_longer_than_the_callers_policy_is_the_callers() -> None:
    limit = refusal(429, "rate_limited", **{"Retry-After": "120"})
    count, error = await tried(read, [limit], RetryPolicy(tries=3))
    assert count == 1
    assert isinstance(error, RateLimitedError)
    assert error.retry_after == timedelta(minutes=2)


async def test_what_will_not_change_is_not_repeated() -> None:
    for status, code in ((400, "invalid_body"), (403, "forbidden"), (500, "internal")):
        assert (await tried(read, [refusal(status, code)]))[0] == 1


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "invalid_body", InvalidRequestError),
        (413, "too_large", InvalidRequestError),
        (422, "invalid_recipient", InvalidRequestError),
        (401, "invalid_secret_key", NotAuthenticatedError),
        (403, "missing_scope", ForbiddenError),
        (404, "unknown_connection", NotFoundError),
        (409, "idempotency_conflict", ConflictError),
        (409, "idempotency_in_progress", InProgressError),
        (424, "upstream_error", UpstreamError),
        (424, "reauth_required", ReauthRequiredError),
        (424, "invalid_credentials", ReauthRequiredError),
        (429, "rate_limited", RateLimitedError),
        (500, "internal", ServerError),
    ],
)
async def test_every_refusal_has_its_type_and_says_where(
    status: int, code: str, kind: type[PostroomApiError]
) -> None:
    _, error = await tried(read, [refusal(status, code, **{"X-Request-Id": "r-1"})])
    assert type(error) is kind
    assert isinstance(error, PostroomApiError)
    assert (error.status, error.code, error.request_id) == (status, code, "r-1")
    assert error.problems[0].path == ("to", 0)
    assert error.scope == ("gmail.send" if code == "missing_scope" else None)


async def test_a_success_that_is_not_postrooms_is_a_failure_on_the_way() -> None:
    for answer in (httpx.Response(200, text="<html>"), httpx.Response(200, json={"ok": True})):
        _, error = await tried(read, [answer])
        assert type(error) is ServerError
        assert error.code == "unreadable"


def test_a_webhook_is_read_only_if_it_is_signed_with_the_secret_and_fresh() -> None:
    now, body = datetime.now(UTC), b'{"from":"postroom","type":"sync"}'
    signature = Webhook(SECRET).sign("evt_1", now, body.decode())
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": f"v1,bm90IHRoaXM= {signature}",
    }
    assert read_webhook(body, headers, SECRET)["type"] == "sync"
    forged = [
        (body + b" ", headers, SECRET, now),
        (body, {**headers, "webhook-id": "evt_2"}, SECRET, now),
        (body, headers, "whsec_" + "B" * 32, now),
        (body, headers, SECRET, now + timedelta(minutes=6)),
        (body, headers, SECRET, now - timedelta(minutes=6)),
        (body, {}, SECRET, now),
    ]
    for given, named, secret, at in forged:
        with pytest.raises(ForgedWebhookError):
            read_webhook(given, named, secret, now=at)
