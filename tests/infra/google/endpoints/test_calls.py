"""Gmail calls at the door: rights, quota, faults, batches, uploads, lost connections."""

import asyncio
import base64
import gzip
import json
from typing import Any

import httpx
import pytest

from tests.infra.google.endpoints.visitor import ADA, MAIL, SCOPE, Visitor


def refusal(answer: httpx.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    assert error["code"] == answer.status_code
    assert error["errors"][0]["message"]
    return answer.status_code, error["errors"][0]["reason"], error["status"]


async def test_without_a_valid_token_nobody_comes_in(visitor: Visitor) -> None:
    answer = await visitor.gmail("GET", "me/profile", "forged")

    assert refusal(answer) == (401, "authError", "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == (
        'Bearer realm="https://accounts.google.com/", error="invalid_token"'
    )


async def test_hammering_a_spent_quota_puts_the_time_off(visitor: Visitor, token: str) -> None:
    await visitor.control("/quota", {"units_per_minute": 5})
    await visitor.gmail("GET", "me/messages", token)

    refused = [await visitor.gmail("GET", "me/messages", token) for _ in range(3)]
    told = [answer.json()["error"]["message"].rpartition(" ")[2] for answer in refused]

    assert told == sorted(set(told))


async def test_a_scope_too_few_is_insufficient(visitor: Visitor) -> None:
    token = (await visitor.sign_in(scope=f"openid {SCOPE}send"))["access_token"]

    answer = await visitor.gmail("GET", "me/profile", token)

    assert refusal(answer) == (403, "insufficientPermissions", "PERMISSION_DENIED")


async def test_another_mailbox_is_delegation_denied(visitor: Visitor, token: str) -> None:
    other = await visitor.gmail("GET", "ben@demo.example/profile", token)

    assert other.json()["error"]["message"] == f"Delegation denied for {ADA}"
    for own in ("ME", ADA, ADA.upper().replace("@", "%40")):
        assert (await visitor.gmail("GET", f"{own}/profile", token)).status_code == 200


async def test_what_is_not_emulated_is_refused_loudly(visitor: Visitor, token: str) -> None:
    elsewhere = await visitor.http.get("/calendar/v3/calendars")
    media = await visitor.gmail("GET", "me/profile?alt=media", token)

    assert (elsewhere.status_code, media.status_code) == (501, 501)


@pytest.mark.parametrize(("verb", "path"), [("GET", "me/set/<b>"), ("DELETE", "me/profile")])
async def test_what_is_no_method_is_a_page_of_the_front_end(
    visitor: Visitor, verb: str, path: str
) -> None:
    """Before any token is read."""
    answer = await visitor.http.request(verb, f"/gmail/v1/users/{path}")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=UTF-8"
    assert "<b>" not in answer.text


async def test_the_newer_format_of_errors_has_no_list_of_them(visitor: Visitor, token: str) -> None:
    older, newer = [
        (await visitor.gmail("GET", f"me/history?startHistoryId=x&$.xgafv={form}", token)).json()
        for form in "12"
    ]

    (entry,) = older["error"].pop("errors")
    assert newer == older
    assert set(entry) == {"message", "reason"}
    (violation,) = newer["error"]["details"][0]["fieldViolations"]
    assert violation["field"] == "start_history_id"


async def test_a_body_that_is_not_json_is_refused(visitor: Visitor, token: str) -> None:
    answer = await visitor.gmail("POST", "me/watch", token, content=b"{not json")

    assert refusal(answer) == (400, "parseError", "INVALID_ARGUMENT")


async def test_a_spent_quota_is_a_403_until_time_refills_it(visitor: Visitor, token: str) -> None:
    await visitor.control("/quota", {"units_per_minute": 10})

    statuses = [(await visitor.gmail("GET", "me/messages", token)).status_code for _ in range(3)]
    refused = await visitor.gmail("GET", "me/messages", token)
    visitor.google.clock.advance(30)

    assert statuses == [200, 200, 403]
    assert refusal(refused) == (403, "rateLimitExceeded", "PERMISSION_DENIED")
    assert "User-rate limit exceeded.  Retry after 20" in refused.json()["error"]["message"]
    assert "retry-after" not in refused.headers
    assert (await visitor.gmail("GET", "me/messages", token)).status_code == 200


async def test_a_new_quota_holds_at_once_and_each_mailbox_has_its_own(
    visitor: Visitor, token: str
) -> None:
    visitor.google.store.create_mailbox("ben@demo.example")
    ben = (await visitor.sign_in("ben@demo.example"))["access_token"]
    await visitor.control("/quota", {"units_per_minute": 5})

    statuses = [
        (await visitor.gmail("GET", "me/messages", who)).status_code for who in (token, token, ben)
    ]
    await visitor.control("/quota", {"units_per_minute": 1_000_000})

    assert statuses == [200, 403, 200]
    assert (await visitor.gmail("GET", "me/messages", token)).status_code == 200


async def test_too_many_requests_at_once_are_a_429(visitor: Visitor, token: str) -> None:
    await visitor.control("/quota", {"concurrent_requests": 2})
    await visitor.control("/faults", {"fault": "latency", "delay_ms": 20})

    answers = await asyncio.gather(*(visitor.gmail("GET", "me/profile", token) for _ in range(3)))

    refused = [answer for answer in answers if answer.status_code != 200]
    assert [refusal(answer) for answer in refused] == [
        (429, "rateLimitExceeded", "RESOURCE_EXHAUSTED")
    ]
    assert refused[0].json()["error"]["message"] == "Too many concurrent requests for user"


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        ("status_403_rate", 403, "userRateLimitExceeded"),
        ("status_429", 429, "rateLimitExceeded"),
        ("status_429_long", 429, "rateLimitExceeded"),
        ("too_many_concurrent", 429, "rateLimitExceeded"),
        ("status_500", 500, "backendError"),
        ("status_503", 503, "backendError"),
        ("mail_not_enabled", 400, "failedPrecondition"),
        ("domain_policy", 403, "domainPolicy"),
        ("api_disabled", 403, "accessNotConfigured"),
        ("precondition", 400, "failedPrecondition"),
    ],
)
async def test_a_scripted_status_strikes_its_method_as_often_as_asked(
    visitor: Visitor, token: str, fault: str, status: int, reason: str
) -> None:
    script = {"fault": fault, "method": "getProfile", "email": ADA, "after": 1, "times": 1}
    await visitor.control("/faults", script)

    other = await visitor.gmail("GET", "me/messages", token)
    answers = [await visitor.gmail("GET", "me/profile", token) for _ in range(3)]

    assert other.status_code == 200
    assert [answer.status_code for answer in answers] == [200, status, 200]
    assert refusal(answers[1])[1] == reason


async def test_a_long_429_says_how_long(visitor: Visitor, token: str) -> None:
    await visitor.control("/faults", {"fault": "status_429_long"})

    answer = await visitor.gmail("GET", "me/profile", token)

    assert int(answer.headers["retry-after"]) > 3600
    assert "Retry after 20" in answer.json()["error"]["message"]


async def test_deleted_faults_strike_no_more(visitor: Visitor, token: str) -> None:
    await visitor.control("/faults", {"fault": "status_500"})
    await visitor.http.delete("/_control/faults")

    assert (await visitor.gmail("GET", "me/profile", token)).status_code == 200


async def test_a_dropped_request_has_no_effect_and_a_dropped_response_has(
    visitor: Visitor, token: str
) -> None:
    body = {"raw": base64.urlsafe_b64encode(MAIL).decode()}
    held = []
    for fault in ("drop_request", "drop_response"):
        await visitor.control("/faults", {"fault": fault, "method": "messages.send", "times": 1})
        with pytest.raises(httpx.TransportError):
            await visitor.gmail("POST", "me/messages/send", token, json=body)
        sent = [m for m in visitor.google.store.messages(ADA) if "SENT" in m["labelIds"]]
        held.append(len(sent))

    assert held == [0, 1]


async def test_gzip_takes_both_headers(visitor: Visitor, token: str) -> None:
    for _ in range(20):
        visitor.google.store.deliver(ADA, MAIL)
    asked = {"Accept-Encoding": "gzip", "User-Agent": "tests (gzip)"}

    packed = await visitor.gmail("GET", "me/messages", token, headers=asked)
    plain = await visitor.gmail(
        "GET", "me/messages", token, headers={**asked, "User-Agent": "tests"}
    )

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()


async def test_mail_can_be_uploaded_as_it_is_or_with_metadata(visitor: Visitor, token: str) -> None:
    related = (
        b"--b\nContent-Type: application/json\n\n{}\n"
        b"--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: binary\n\n"
        + MAIL
        + b"\n--b--\n"
    )
    uploads = [
        ("media", "message/rfc822", MAIL),
        ("multipart", "multipart/related; boundary=b", related),
        ("resumable", "message/rfc822", MAIL),
        ("", "message/rfc822", MAIL),
        ("multipart", "multipart/related; boundary=c", related),
    ]

    statuses = [
        (
            await visitor.http.post(
                "/upload/gmail/v1/users/me/messages/send",
                params={"uploadType": kind},
                headers={"Authorization": f"Bearer {token}", "Content-Type": content_type},
                content=content,
            )
        ).status_code
        for kind, content_type, content in uploads
    ]

    assert statuses == [200, 200, 501, 400, 400]


async def test_a_message_beyond_gmails_size_is_refused_before_it_is_kept(
    visitor: Visitor, token: str
) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield bytes(1_000_000)

    answer = await visitor.http.post(
        "/upload/gmail/v1/users/me/messages/send?uploadType=media",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "message/rfc822"},
        content=endless(),
    )

    assert answer.status_code == 413


def batch(*lines: str) -> bytes:
    parts = [
        f"--x\r\nContent-Type: application/http\r\nContent-ID: <{number}>\r\n\r\n{line}\r\n\r\n"
        for number, line in enumerate(lines)
    ]
    return ("".join(parts) + "--x--").encode()


async def post_batch(visitor: Visitor, token: str, content: bytes) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "multipart/mixed; boundary=x"}
    return await visitor.http.post("/batch/gmail/v1", content=content, headers=headers)


async def test_a_batch_answers_each_part_under_its_name(visitor: Visitor, token: str) -> None:
    content = batch(
        "GET /gmail/v1/users/me/profile HTTP/1.1",
        "GET /gmail/v1/users/you@demo.example/profile HTTP/1.1",
        "GET /batch HTTP/1.1",
    )

    answer = await post_batch(visitor, token, content)

    assert answer.status_code == 200
    pieces = answer.text.split("Content-Type: application/http")[1:]
    assert [piece.split("HTTP/1.1 ")[1][:3] for piece in pieces] == ["200", "403", "400"]
    assert "Content-ID: <response-0>" in pieces[0]
    assert json.loads(pieces[0].split("\r\n\r\n")[2].split("\r\n--")[0])["emailAddress"] == ADA


async def test_a_batch_has_at_most_100_parts(visitor: Visitor, token: str) -> None:
    lines = ["GET /gmail/v1/users/me/profile HTTP/1.1"] * 101

    answer = await post_batch(visitor, token, batch(*lines))

    assert refusal(answer)[0] == 400
    assert "Received: 101, Limit: 100" in answer.json()["error"]["message"]


async def test_a_large_batch_runs_into_the_concurrency_limit(visitor: Visitor, token: str) -> None:
    lines = ["GET /gmail/v1/users/me/profile HTTP/1.1"] * 50

    answer = await post_batch(visitor, token, batch(*lines))

    assert answer.text.count("HTTP/1.1 200 OK") == 20
    assert answer.text.count("HTTP/1.1 429 Too Many Requests") == 30


async def test_calls_units_and_refusals_are_counted(visitor: Visitor, token: str) -> None:
    await visitor.gmail("GET", "me/messages", token)
    await visitor.gmail("GET", "me/profile", token)
    await visitor.gmail("GET", "me/profile", "forged")

    stats = (await visitor.http.get("/_control/stats")).json()

    assert (stats["calls"], stats["units"], stats["refused"]) == (2, 6, 1)
    assert stats["methods"]["gmail.users.messages.list"]["units"] == 5
    assert stats["methods"]["gmail.users.getProfile"]["refused_by_reason"] == {"authError": 1}
    assert stats["mailboxes"][ADA]["methods"]["gmail.users.getProfile"]["calls"] == 1
    assert stats["mailboxes"][ADA]["max_in_flight"] == 1


async def test_compressed_answers_really_are_gzip(visitor: Visitor, token: str) -> None:
    for _ in range(20):
        visitor.google.store.deliver(ADA, MAIL)
    headers = {"Accept-Encoding": "gzip", "User-Agent": "gzip"}

    request = visitor.http.build_request(
        "GET",
        "/gmail/v1/users/me/messages",
        headers={**headers, "Authorization": f"Bearer {token}"},
    )
    answer = await visitor.http.send(request, stream=True)
    raw = b"".join([piece async for piece in answer.aiter_raw()])

    assert json.loads(gzip.decompress(raw))["messages"]
