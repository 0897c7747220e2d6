"""Webhooks over HTTP: what reaches a receiver, and what its answers mean."""

import asyncio
from datetime import timedelta

import pytest
from standardwebhooks import Webhook

from shared.adapters.sinks.webhook import MOST_READ, WebhookHttp
from shared.domain.events.delivery import Attempted, Failure
from tests.adapters.listener import Listener
from tests.adapters.webhook_parcels import BODY, SECRETS, parcel, receiver

NOON = "Sun, 22 Nov 2026 12:00"


async def _sent(listener: Listener, sink: WebhookHttp, answer: bytes | str) -> Attempted:
    listener.answer = answer if isinstance(answer, bytes) else answer.encode()
    return await sink(receiver(f"http://127.0.0.1:{listener.port}/hooks?a=1"), parcel())


def _headers(request: bytes) -> dict[str, str]:
    lines = request.split(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}


async def test_a_receiver_gets_the_signed_body_as_it_is(
    listener: Listener, sink: WebhookHttp
) -> None:
    assert await _sent(listener, sink, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") == (
        Attempted(status=200)
    )
    (request,) = listener.requests
    assert request.startswith(b"POST /hooks?a=1 HTTP/1.1\r\n")
    assert request.endswith(b"\r\n\r\n" + BODY)
    headers = _headers(request)
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == "evt_1"
    assert headers["traceparent"].startswith("00-" + "ab" * 16)
    assert "authorization" not in headers
    for secret in SECRETS:
        Webhook(secret).verify(BODY, headers)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("HTTP/1.1 204 No Content\r\n\r\n", Attempted(status=204)),
        ("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", Attempted(Failure.REDIRECTED, 302)),
        ("HTTP/1.1 404 Not Found\r\n\r\n", Attempted(Failure.REFUSED, 404)),
        ("HTTP/1.1 410 Gone\r\n\r\n", Attempted(Failure.GONE, 410)),
        ("HTTP/1.1 500 Oh\r\n\r\n", Attempted(Failure.REFUSED, 500)),
        ("HTTP/1.1 502 Oh\r\n\r\n", Attempted(Failure.THROTTLED, 502)),
        (
            "HTTP/1.1 429 Slow\r\nRetry-After: 120\r\n\r\n",
            Attempted(Failure.THROTTLED, 429, timedelta(minutes=2)),
        ),
        (
            f"HTTP/1.1 503 Slow\r\nDate: {NOON}:00 GMT\r\nRetry-After: {NOON}:59 GMT\r\n\r\n",
            Attempted(Failure.THROTTLED, 503, timedelta(seconds=59)),
        ),
        (
            f"HTTP/1.1 429 Slow\r\nDate: {NOON}:00 GMT\r\nRetry-After: {NOON}:59 -0000\r\n\r\n",
            Attempted(Failure.THROTTLED, 429, timedelta(seconds=59)),
        ),
        (
            "HTTP/1.1 429 Slow\r\nDate: today\r\nRetry-After: 5\r\n\r\n",
            Attempted(Failure.THROTTLED, 429, timedelta(seconds=5)),
        ),
        (
            f"HTTP/1.1 429 Slow\r\nRetry-After: {NOON}:59 +{'9' * 20}\r\n\r\n",
            Attempted(Failure.THROTTLED, 429),
        ),
        ("HTTP/1.1 429 Slow\r\nRetry-After: soon\r\n\r\n", Attempted(Failure.THROTTLED, 429)),
        ("", Attempted(Failure.UNREACHABLE)),
        ("SSH-2.0-OpenSSH_9.9\r\n", Attempted(Failure.UNREACHABLE)),
    ],
)
async def test_an_answer_means_what_the_standard_says(
    listener: Listener, sink: WebhookHttp, answer: str, expected: Attempted
) -> None:
    closing = answer.replace("\r\n\r\n", "\r\nContent-Length: 0\r\n\r\n") if answer else ""
    assert await _sent(listener, sink, closing if "204" not in answer else answer) == expected


@pytest.mark.parametrize("port", ["{port}", "1"])
@pytest.mark.parametrize("location", ["http://127.0.0.1:{port}/", "https://169.254.169.254/"])
async def test_a_redirect_is_not_followed(
    listener: Listener, sink: WebhookHttp, location: str, port: str
) -> None:
    where = location.replace("{port}", port).replace("{port}", str(listener.port))
    answer = f"HTTP/1.1 307 Elsewhere\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n"
    assert await _sent(listener, sink, answer) == Attempted(Failure.REDIRECTED, 307)
    assert len(listener.requests) == 1


async def test_a_receiver_that_never_answers_costs_the_timeout(
    listener: Listener, sink: WebhookHttp
) -> None:
    listener.hold = asyncio.Event()
    assert await _sent(listener, sink, b"") == Attempted(Failure.TIMEOUT)


async def test_a_receiver_that_drips_its_answer_costs_the_timeout(
    listener: Listener, sink: WebhookHttp
) -> None:
    assert await _sent(listener, sink, "HTTP/1.1 200 O") == Attempted(Failure.TIMEOUT)


async def test_a_status_counts_though_the_rest_never_comes(
    listener: Listener, sink: WebhookHttp
) -> None:
    answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
    assert await _sent(listener, sink, answer) == Attempted(status=200)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("204 No Content\r\nContent-Length: 4\r\n\r\ndone", 204),
        ("204 No Content\r\n\r\ndone", 204),
        ("200 OK\r\nContent-Length: 4\r\n\r\nschön", 200),
        ("200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n", 200),
        (f"200 OK\r\nSet-Cookie: {'x' * 20_000}\r\nContent-Length: 0\r\n\r\n", 200),
    ],
    ids=["204-length", "204-bare", "longer-than-said", "no-chunk", "long-field"],
)
async def test_a_status_counts_whatever_comes_with_it(
    listener: Listener, sink: WebhookHttp, answer: str, status: int
) -> None:
    assert await _sent(listener, sink, f"HTTP/1.1 {answer}") == Attempted(status=status)


async def test_an_endless_answer_is_not_read_and_not_unpacked(
    listener: Listener, sink: WebhookHttp
) -> None:
    flood = b"x" * (MOST_READ * 64)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(flood)}\r\n\r\n"
    assert await _sent(listener, sink, head.encode() + flood) == Attempted(status=200)
    assert await _sent(listener, sink, "HTTP/1.1 204 No Content\r\n\r\n") == Attempted(status=204)
    assert listener.connections == 2


async def test_a_connection_serves_again(listener: Listener, sink: WebhookHttp) -> None:
    for _ in range(3):
        await _sent(listener, sink, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert listener.connections == 1


async def test_nothing_is_sent_without_a_secret_to_sign_it(
    listener: Listener, sink: WebhookHttp
) -> None:
    unsigned = receiver(f"http://127.0.0.1:{listener.port}/", ())
    assert await sink(unsigned, parcel()) == Attempted(Failure.MISCONFIGURED)
    assert listener.connections == 0


async def test_nobody_listening_is_unreachable(sink: WebhookHttp) -> None:
    assert await sink(receiver("http://127.0.0.1:1/"), parcel()) == Attempted(Failure.UNREACHABLE)
