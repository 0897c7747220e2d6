"""Calls passed on to Gmail: whose mailbox, which headers, what is tried again."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import httpx
import pytest

from tests.harness.acting import ActionHarness
from tests.harness.google import EMAIL, letter
from tests.harness.samples import CONNECTION

ME = "/proxy/gmail/v1/users/me"


class Witness(httpx.AsyncBaseTransport):
    """Passes everything on and remembers what it saw."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.seen: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        return await self.inner.handle_async_request(request)


@pytest.fixture
async def witness(harness: ActionHarness) -> Witness:
    http = harness.container.use(httpx.AsyncClient)
    watching = Witness(http._transport)
    http._transport = watching
    return watching


async def test_gmails_answer_comes_back_as_it_is(harness: ActionHarness) -> None:
    id = harness.deliver(subject="Knock")
    answer = await harness.api.get(f"{ME}/messages/{id}", params={"format": "metadata"})
    assert answer.status_code == 200
    assert answer.json()["id"] == id
    assert answer.headers["content-type"].startswith("application/json")
    gone = await harness.api.get(f"{ME}/messages/18f00000000000ff")
    assert gone.status_code == 404
    assert gone.json()["error"]["errors"][0]["reason"] == "notFound"


@pytest.mark.parametrize("user", ["me", "ME", EMAIL, EMAIL.upper()])
async def test_the_mailbox_is_the_connections_own_however_it_is_named(
    harness: ActionHarness, witness: Witness, user: str
) -> None:
    answer = await harness.api.get(f"/proxy/gmail/v1/users/{user}/profile")
    assert answer.json()["emailAddress"] == EMAIL
    assert witness.seen[0].url.path == "/gmail/v1/users/me/profile"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/proxy/gmail/v1/users/bob@far.example/profile", 403),
        ("/proxy/gmail/v1/users/me/../bob@far.example/profile", 404),
        ("/proxy/gmail/v1/users/me/messages/%2e%2e/%2e%2e/bob/profile", 400),
        ("/proxy/gmail/v1/users/me%2Fmessages/..%2f..%2Fbob/profile", 400),
        ("/proxy/gmail/v1/users/me//profile", 400),
        ("/proxy/gmail/v1/users/me/messages%3Fq=x", 400),
        ("/proxy/gmail/v1/users/me", 404),
        ("/proxy/gmail/v1/groups/me/profile", 404),
        ("/proxy/calendar/v3/users/me/events", 404),
        ("/proxy/batch/gmail/v1", 404),
    ],
)
async def test_nothing_else_is_reached(
    harness: ActionHarness, witness: Witness, path: str, status: int
) -> None:
    answer = await harness.api.get(httpx.URL(f"http://127.0.0.1:8080{path}"))
    assert answer.status_code in {status, 403, 404}, answer.text
    assert answer.status_code >= 400
    assert witness.seen == []


async def test_only_prefixed_headers_travel_and_never_credentials(
    harness: ActionHarness, witness: Witness
) -> None:
    given = {
        "Nango-Proxy-X-Trace": "abc",
        "Nango-Proxy-Authorization": "Bearer mine",
        "Nango-Proxy-Cookie": "a=b",
        "Nango-Proxy-X-HTTP-Method-Override": "DELETE",
        "Nango-Proxy-Host": "evil.example",
        "X-Other": "stays here",
        "Retries": "3",
        "Retry-On": "429",
        "Decompress": "true",
        "Nango-Activity-Log-Id": "1",
        "Forward-Headers-On-Redirect": "true",
        "Base-Url-Override": "",
    }
    answer = await harness.api.get(f"{ME}/profile", headers=given)
    assert answer.status_code == 200
    (sent,) = witness.seen
    own = harness.api.headers["Authorization"]
    assert sent.headers["x-trace"] == "abc"
    assert sent.headers["authorization"] not in {own, "Bearer mine"}
    assert sent.headers["host"] == "127.0.0.1:8085"
    for name in ("cookie", "x-http-method-override", "x-other", "retries", "decompress",
                 "connection-id", "base-url-override", "nango-proxy-x-trace"):  # fmt: skip
        assert name not in sent.headers


@pytest.mark.parametrize("name", ["Base-Url-Override", "Nango-Proxy-Base-Url-Override"])
async def test_another_address_is_refused(
    harness: ActionHarness, witness: Witness, name: str
) -> None:
    answer = await harness.api.get(f"{ME}/profile", headers={name: "https://evil.example"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_headers")
    assert witness.seen == []


@pytest.mark.parametrize(
    ("path", "base"),
    [
        ("/proxy/https://gmail.googleapis.com/gmail/v1/users/me/profile", ""),
        ("/proxy/https:/www.googleapis.com/gmail/v1/users/me/profile", ""),
        ("/proxy/gmail/v1/users/me/profile", "https://gmail.googleapis.com"),
        ("/proxy/gmail/v1/users/me/profile", "https://www.googleapis.com/"),
        ("/proxy/users/me/profile", "https://gmail.googleapis.com/gmail/v1"),
        ("/proxy//users/me/profile", "https://www.googleapis.com/gmail/v1/"),
    ],
)
async def test_gmails_own_addresses_are_understood(
    harness: ActionHarness, witness: Witness, path: str, base: str
) -> None:
    answer = await harness.api.get(
        httpx.URL(f"http://127.0.0.1:8080{path}"), headers={"Base-Url-Override": base}
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json()["emailAddress"], len(witness.seen)) == (EMAIL, 1)
    assert witness.seen[0].url.path == "/gmail/v1/users/me/profile"


@pytest.mark.parametrize(
    "path",
    [
        "/proxy/https://evil.example/gmail/v1/users/me/profile",
        "/proxy/https://gmail.googleapis.com@evil.example/gmail/v1/users/me/profile",
        "/proxy/https://gmail.googleapis.com.evil.example/gmail/v1/users/me/profile",
        "/proxy/https://www.googleapis.com/calendar/v3/users/me/events",
    ],
)
async def test_no_other_host_is_reached_by_an_address(
    harness: ActionHarness, witness: Witness, path: str
) -> None:
    answer = await harness.api.get(httpx.URL(f"http://127.0.0.1:8080{path}"))
    assert answer.status_code in {400, 404}, answer.text
    assert witness.seen == []


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("oauth2/v2/userinfo", {"id", "email", "verified_email"}),
        ("oauth2/v3/userinfo", {"sub", "email", "email_verified"}),
        ("https://www.googleapis.com/oauth2/v1/userinfo", {"id", "email", "verified_email"}),
    ],
)
async def test_whose_account_it_is_is_told_without_asking_google(
    harness: ActionHarness, witness: Witness, path: str, names: set[str]
) -> None:
    headers = {"Base-Url-Override": "https://www.googleapis.com"}
    answer = await harness.api.get(f"/proxy/{path}", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["email"] == EMAIL
    assert {*answer.json()} <= names
    assert witness.seen == []
    assert (await harness.api.post("/proxy/oauth2/v2/userinfo", json={})).status_code == 404


async def test_watch_and_stop_are_answered_from_the_one_watch(
    harness: ActionHarness, witness: Witness
) -> None:
    asked = {"topicName": "projects/theirs/topics/theirs", "labelIds": ["INBOX"]}
    armed = await harness.api.post(f"{ME}/watch", json=asked)
    assert armed.status_code == 200, armed.text
    calls = len(witness.seen)
    again = await harness.api.post(f"{ME}/watch", json=asked)
    assert again.json() == armed.json()
    assert set(again.json()) == {"historyId", "expiration"}
    assert [one.url.path for one in witness.seen[calls:]] == ["/gmail/v1/users/me/profile"]
    assert (await harness.api.post(f"{ME}/stop")).status_code == 204
    assert not any(one.url.path.endswith("/stop") for one in witness.seen)


@pytest.mark.parametrize(
    "query", ["access_token=x", "oauth_token=x", "key=x", "callback=x", "uploadType=resumable"]
)
async def test_credentials_in_the_query_are_refused(
    harness: ActionHarness, witness: Witness, query: str
) -> None:
    answer = await harness.api.get(f"{ME}/profile?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_query_params")
    assert witness.seen == []


async def test_the_query_travels_as_it_is_but_for_the_tenants(
    harness: ActionHarness, witness: Witness
) -> None:
    tenants = f"connection_id={CONNECTION}&provider_config_key=google-mail"
    query = f"labelIds=INBOX&labelIds=UNREAD&q=a%26b&{tenants}"
    answer = await harness.api.get(f"{ME}/messages?{query}")
    assert answer.status_code == 200
    sent = witness.seen[0].url.params.multi_items()
    assert sent[:3] == [("labelIds", "INBOX"), ("labelIds", "UNREAD"), ("q", "a&b")]
    assert [name for name, _ in sent[3:]] == ["prettyPrint"]


async def test_changes_and_uploads_travel_with_their_body(
    harness: ActionHarness, witness: Witness
) -> None:
    id = harness.deliver()
    changed = await harness.api.post(
        f"{ME}/messages/{id}/modify", json={"addLabelIds": ["STARRED"]}
    )
    assert "STARRED" in changed.json()["labelIds"]
    raw = letter("Uploaded").as_bytes()
    upload = await harness.api.post(
        "/proxy/upload/gmail/v1/users/me/messages?uploadType=media",
        content=raw,
        headers={"Content-Type": "message/rfc822"},
    )
    assert upload.status_code == 200, upload.text
    assert upload.json()["id"] in harness.held()
    label = (await harness.api.post(f"{ME}/labels", json={"name": "A"})).json()["id"]
    patched = await harness.api.patch(f"{ME}/labels/{label}", json={"name": "B"})
    assert patched.json()["name"] == "B"
    assert (await harness.api.delete(f"{ME}/labels/{label}")).status_code == 204


@pytest.mark.parametrize("fault", ["status_503", "status_500", "status_403_rate", "status_429"])
async def test_a_get_is_tried_again_by_reason(
    harness: ActionHarness, witness: Witness, fault: str
) -> None:
    harness.fault(fault, method="gmail.users.getProfile", times=2)
    assert (await harness.api.get(f"{ME}/profile")).status_code == 200
    assert len(witness.seen) == 3


@pytest.mark.parametrize("fault", ["status_503", "status_403_rate", "status_429"])
async def test_nothing_else_is_tried_again(
    harness: ActionHarness, witness: Witness, fault: str
) -> None:
    harness.fault(fault, method="gmail.users.messages.send", times=1)
    raw = urlsafe_b64encode(letter().as_bytes()).decode()
    answer = await harness.api.post(f"{ME}/messages/send", json={"raw": raw})
    assert answer.status_code in {403, 429, 503}
    assert len(witness.seen) == 1


async def test_a_long_wait_is_the_callers(harness: ActionHarness, witness: Witness) -> None:
    harness.fault("status_429_long", method="gmail.users.getProfile", times=1)
    answer = await harness.api.get(f"{ME}/profile")
    assert answer.status_code == 429
    assert len(witness.seen) == 1


async def test_a_scope_that_was_not_granted_is_named(harness: ActionHarness) -> None:
    answer = await harness.api.delete(f"{ME}/messages/{harness.deliver()}")
    error: Any = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (403, "missing_scope")


@pytest.mark.parametrize("size", [40, 90_000])
async def test_a_file_is_named_by_its_part_id_as_records_name_it(
    harness: ActionHarness, size: int
) -> None:
    """Gmail sends small ones inline, and gives others an id of its own at every fetch."""
    mail = letter()
    mail.add_attachment(b"x" * size, maintype="application", subtype="pdf", filename="a.pdf")
    path = f"{ME}/messages/{harness.deliver(mail)}/attachments"
    answer = await harness.api.get(f"{path}/1")
    assert answer.status_code == 200, answer.text
    assert urlsafe_b64decode(answer.json()["data"]) == b"x" * size
    assert answer.json()["size"] == size
    assert (await harness.api.get(f"{path}/7")).json()["error"]["status"] == "INVALID_ARGUMENT"


async def test_a_body_that_is_too_large_is_refused(
    harness: ActionHarness, witness: Witness
) -> None:
    headers = {"Content-Length": str(40 << 20)}
    answer = await harness.api.post(f"{ME}/messages/send", content=b"x", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    assert witness.seen == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "messages/18f00000000000ff"),
        ("DELETE", "threads/18f00000000000ff"),
        ("POST", "messages/batchDelete"),
    ],
)
async def test_deleting_for_good_names_the_scope_that_it_needs(
    harness: ActionHarness, witness: Witness, method: str, path: str
) -> None:
    answer = await harness.api.request(method, f"{ME}/{path}")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (403, "missing_scope")
    assert error["payload"]["scope"] == "https://mail.google.com/"
    assert witness.seen == []


async def test_what_else_is_deleted_is_gmails_to_judge(harness: ActionHarness) -> None:
    made = await harness.api.post(f"{ME}/labels", json={"name": "Passing"})
    gone = await harness.api.delete(f"{ME}/labels/{made.json()['id']}")
    assert gone.status_code == 204
