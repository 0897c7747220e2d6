"""HttpGmail against an emulated Google that fails: what is retried, what an error says."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from shared.adapters.gmail.client import HttpGmail, HttpGmailMailboxes
from shared.adapters.gmail.errors import refusal_error, wait_named
from shared.domain.google.trouble import MailboxClosedError
from shared.domain.ids import HistoryId
from shared.errors import (
    GmailNotFoundError,
    GmailRefusedError,
    GmailUnavailableError,
    MissingScopeError,
    PostroomError,
    RateLimitedError,
    ReauthRequiredError,
    TooManyConcurrentError,
)
from tests.contracts.google.emulated_google import (
    ADA,
    BEN,
    CONNECTION,
    HeldTokens,
    StillClock,
    calls,
    opened,
)
from tests.infra.google.emulator import SCOPE, Google, letter


@pytest.mark.parametrize(
    ("fault", "error", "scope"),
    [
        ("status_403_rate", RateLimitedError, "user"),
        ("status_429", RateLimitedError, "user"),
        ("status_429_long", RateLimitedError, "sending"),
        ("too_many_concurrent", TooManyConcurrentError, "concurrency"),
    ],
)
async def test_rate_limits_surface_at_once(
    google: Google, gmail: HttpGmail, fault: str, error: type[RateLimitedError], scope: str
) -> None:
    google.fault(fault, times=1)
    with pytest.raises(error) as limited:
        await gmail.profile()
    assert limited.value.scope == scope
    assert await gmail.profile()


async def test_a_rate_limit_names_the_wait_that_google_names(
    google: Google, gmail: HttpGmail
) -> None:
    google.fault("status_429_long", times=1, delay_ms=7_200_000)
    with pytest.raises(RateLimitedError) as limited:
        await gmail.profile()
    assert limited.value.retry_after == timedelta(hours=2)


@pytest.mark.parametrize("fault", ["status_500", "status_503", "drop_request", "drop_response"])
async def test_a_read_survives_two_failures(google: Google, gmail: HttpGmail, fault: str) -> None:
    google.fault(fault, times=2)
    assert (await gmail.profile()).email == ADA


async def test_a_read_gives_up_at_the_third_failure(google: Google, gmail: HttpGmail) -> None:
    google.fault("status_503", times=3)
    with pytest.raises(GmailUnavailableError) as failed:
        await gmail.profile()
    assert failed.value.status == 503


@pytest.mark.parametrize("fault", ["status_500", "status_503", "drop_request", "drop_response"])
async def test_a_send_is_never_repeated(google: Google, gmail: HttpGmail, fault: str) -> None:
    google.mailbox(BEN)
    google.fault(fault, method="messages.send", times=1)
    with pytest.raises(GmailUnavailableError) as failed:
        await gmail.send(letter("Once", sender=ADA, to=BEN).as_bytes(), None)
    assert failed.value.sent
    assert len(google.held(BEN)) == (1 if fault == "drop_response" else 0)


async def test_a_delete_whose_answer_is_lost_is_not_repeated(
    google: Google, gmail: HttpGmail
) -> None:
    id = google.deliver(ADA, letter("Gone"))["id"]
    await gmail.profile()
    google.fault("drop_response", method="messages.delete", times=1)
    with pytest.raises(GmailUnavailableError):
        await gmail.call("DELETE", f"/messages/{id}")
    assert calls(google, "gmail.users.messages.delete") == 1
    assert google.held(ADA) == []


async def test_a_request_that_found_nobody_was_never_sent(google: Google) -> None:
    tokens = HeldTokens(["any"])
    async with opened(google, tokens, "http://127.0.0.1:9") as gmail:
        with pytest.raises(GmailUnavailableError) as failed:
            await gmail.send(b"x", None)
    assert not failed.value.sent


async def test_a_rejected_token_is_replaced_once_even_for_a_send(google: Google) -> None:
    google.mailbox(BEN)
    tokens = HeldTokens(["stale", google.token(ADA)])
    async with opened(google, tokens) as gmail:
        await gmail.send(letter("Hello", sender=ADA, to=BEN).as_bytes(), None)
    assert tokens.rejected == ["stale"]
    assert len(google.held(BEN)) == 1


async def test_a_second_rejected_token_means_consent_again(google: Google) -> None:
    async with opened(google, HeldTokens(["stale", "staler"])) as gmail:
        with pytest.raises(ReauthRequiredError):
            await gmail.profile()


async def test_a_missing_scope_is_named(google: Google) -> None:
    tokens = HeldTokens([google.token(ADA, (f"{SCOPE}readonly",))])
    async with opened(google, tokens) as gmail:
        with pytest.raises(MissingScopeError) as missing:
            await gmail.send(b"Subject: x\n\ny", None)
    assert missing.value.scope == f"{SCOPE}send"


async def test_what_gmail_refuses_for_good_tells_no_address(gmail: HttpGmail) -> None:
    with pytest.raises(GmailRefusedError) as refused:
        await gmail.call("POST", "/messages/send", body={"raw": "!"})
    assert refused.value.status == 400
    response = httpx.Response(
        403, json={"error": {"message": "Delegation denied for eve@x.example", "errors": []}}
    )
    error = refusal_error(response, "", datetime.now(UTC))
    assert isinstance(error, GmailRefusedError)
    assert "eve" not in f"{error} {error.body}"


@pytest.mark.parametrize(
    ("status", "reason", "message", "expected", "scope"),
    [
        (403, "rateLimitExceeded", "Queries per minute per user", RateLimitedError, "user"),
        (403, "rateLimitExceeded", "Queries per minute", RateLimitedError, "project"),
        (403, "dailyLimitExceeded", "Daily Limit Exceeded", RateLimitedError, "daily"),
        (403, "domainPolicy", "Gmail apps are disabled.", MailboxClosedError, None),
        (429, "rateLimitExceeded", "Too many concurrent", TooManyConcurrentError, "concurrency"),
        (429, "", "", RateLimitedError, "user"),
        (501, "", "", GmailRefusedError, None),
        (408, "", "", GmailUnavailableError, None),
        (302, "", "", GmailRefusedError, None),
    ],
)  # fmt: skip
def test_refusals_are_told_apart_by_reason(
    status: int, reason: str, message: str, expected: type[PostroomError], scope: str | None
) -> None:
    body = {"error": {"code": status, "message": message, "errors": [{"reason": reason}]}}
    error = refusal_error(httpx.Response(status, json=body), "", datetime.now(UTC))
    assert type(error) is expected
    assert getattr(error, "scope", None) == scope


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>", GmailUnavailableError),
        (b"", GmailUnavailableError),
        (b"404 page not found", GmailUnavailableError),
        (b'{"detail": "Not Found"}', GmailUnavailableError),
        (b'{"error": {"code": 404, "message": "x"}}', GmailUnavailableError),
        (b'{"error": {"errors": [{"reason": "notFound"}]}}', GmailNotFoundError),
        (b'{"error": {"code": 404, "status": "NOT_FOUND"}}', GmailNotFoundError),
    ],
)
def test_only_gmails_own_404_says_that_a_thing_is_not_there(
    content: bytes, expected: type[PostroomError]
) -> None:
    error = refusal_error(httpx.Response(404, content=content), "", datetime.now(UTC))
    assert type(error) is expected


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"[]", b'{"error": "text"}', b'{"error": null}', b"\xff"]
)
def test_an_error_without_a_readable_body_is_judged_by_its_status(content: bytes) -> None:
    error = refusal_error(httpx.Response(503, content=content), "", datetime.now(UTC))
    assert isinstance(error, GmailUnavailableError)


@pytest.mark.parametrize(
    ("header", "message", "seconds"),
    [
        ("7", "", 7),
        ("", "User-rate limit exceeded.  Retry after 2026-05-29T12:00:05.000Z", 5),
        ("Fri, 29 May 2026 12:00:09 GMT", "", 9),
        ("Fri, 29 May 2026 11:00:00 GMT", "", 0),
        ("9" * 5_000, "", 86_400),
        ("Fri, 31 Dec 9999 23:59:59 GMT", "", 86_400),
        ("", "Retry after 9999-12-31T23:59:59.000Z", 86_400),
        ("Fri, 29 May 2026 12:00:09 +99999999999", "", None),
        ("soon", "Retry after lunch", None),
        ("", "", None),
    ],
)
def test_the_wait_is_read_from_header_or_words(
    header: str, message: str, seconds: int | None
) -> None:
    response = httpx.Response(429, headers={"retry-after": header} if header else {})
    now = datetime(2026, 5, 29, 12, tzinfo=UTC)
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert wait_named(response, message, now) == expected


async def test_an_answer_of_another_shape_counts_as_no_answer() -> None:
    async def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"emailAddress": "a"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        gmail = HttpGmailMailboxes(http, HeldTokens(["t"]), StillClock()).of(CONNECTION)
        with pytest.raises(GmailUnavailableError):
            await gmail.profile()


@pytest.mark.parametrize("history_id", ["0", "-1", str(2**63), str(2**64 - 1), "9" * 5_000, "x"])
@pytest.mark.parametrize("expiration", ["1", "9" * 30])
async def test_a_number_that_no_store_could_hold_counts_as_no_answer(
    history_id: str, expiration: str
) -> None:
    async def answer(_request: httpx.Request) -> httpx.Response:
        told = {"emailAddress": "a", "historyId": history_id, "expiration": expiration}
        return httpx.Response(200, json=told)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        gmail = HttpGmailMailboxes(http, HeldTokens(["t"]), StillClock()).of(CONNECTION)
        for call in (gmail.profile(), gmail.history(HistoryId(1), None), gmail.watch("t")):
            with pytest.raises(GmailUnavailableError):
                await call
