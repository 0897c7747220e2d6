"""watch, stop and the signed envelopes that follow (FACTS 2 and 7)."""

import base64
import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from google.auth import jwt
from googleapiclient.errors import HttpError

from infra.local.google.settings import GoogleSettings
from tests.infra.google.emulator import Google, error_of, letter, running

ADA = "ada@demo.example"
TOPIC = {"topicName": "projects/demo/topics/gmail"}


class Endpoint:
    """A push endpoint that keeps what it is sent and answers as told."""

    def __init__(self) -> None:
        self.envelopes: queue.Queue[tuple[dict[str, str], dict[str, Any]]] = queue.Queue()
        self.statuses: list[int] = []
        endpoint = self

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status = endpoint.statuses.pop(0) if endpoint.statuses else 204
                endpoint.envelopes.put((headers, body))  # before it counts as settled
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.url = f"http://127.0.0.1:{self.server.server_port}/push"

    def next(self) -> tuple[dict[str, str], dict[str, Any]]:
        """Wait for the next envelope; return headers and body."""
        return self.envelopes.get(timeout=15)

    def notified(self) -> dict[str, Any]:
        """Wait for the next envelope; return what Gmail put inside."""
        found: dict[str, Any] = json.loads(base64.b64decode(self.next()[1]["message"]["data"]))
        return found


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    """Serve an endpoint."""
    found = Endpoint()
    threading.Thread(target=found.server.serve_forever, daemon=True).start()
    yield found
    found.server.shutdown()


@pytest.fixture(scope="module")
def pushing_url(endpoint: Endpoint) -> Iterator[str]:
    """Serve an emulator that pushes to the endpoint."""
    with running(GoogleSettings(push_endpoint=endpoint.url, units_per_minute=10**6)) as url:
        yield url


@pytest.fixture
def pushing(pushing_url: str, endpoint: Endpoint) -> Google:
    """Return that emulator, empty, with nothing of an earlier test still on its way."""
    endpoint.statuses.clear()
    found = Google(pushing_url)
    found.reset()
    found.control("POST", "/settle")
    while not endpoint.envelopes.empty():
        endpoint.envelopes.get()
    found.mailbox(ADA)
    return found


def watch(google: Google, **more: Any) -> dict[str, Any]:
    body = {**TOPIC, **more}
    answer: dict[str, Any] = google.client(ADA).watch(userId="me", body=body).execute()
    return answer


def watched(google: Google, endpoint: Endpoint) -> None:
    """Watch, and take the notification that says so; a second later the next may come."""
    watch(google)
    endpoint.next()
    google.advance(seconds=1)


def test_a_watch_answers_at_once_with_a_notification(pushing: Google, endpoint: Endpoint) -> None:
    """FACTS 2.2."""
    answer = watch(pushing)
    told = endpoint.notified()
    assert told["emailAddress"] == ADA
    assert str(told["historyId"]) == answer["historyId"]
    assert isinstance(told["historyId"], int)


def test_a_watch_lasts_seven_days(pushing: Google) -> None:
    expiration = int(watch(pushing)["expiration"])
    pushing.advance(days=1)
    pushing.reset_tokens()
    later = int(watch(pushing)["expiration"])
    assert abs(later - expiration - 86_400_000) < 60_000


def test_new_mail_is_announced_with_its_history_id(pushing: Google, endpoint: Endpoint) -> None:
    watched(pushing, endpoint)
    made = pushing.deliver(ADA, letter("News"))
    assert int(endpoint.notified()["historyId"]) == int(made["historyId"])


def test_the_envelope_is_pubsubs_and_its_token_is_signed(
    pushing: Google, endpoint: Endpoint
) -> None:
    """FACTS 7.1: signature, issuer, audience, account."""
    watch(pushing)
    headers, body = endpoint.next()
    assert set(body) == {"message", "subscription"}
    assert {"data", "messageId", "publishTime"} <= set(body["message"])
    assert body["subscription"] == "projects/demo/subscriptions/gmail-push"
    token = headers["authorization"].removeprefix("Bearer ")
    certs = pushing.http.get("/oauth2/v1/certs").json()
    # The clock other tests have advanced stays advanced, so its distance is allowed for.
    skew = 60 * 86_400
    claims = jwt.decode(token, certs=certs, audience=endpoint.url, clock_skew_in_seconds=skew)
    assert claims["iss"] in {"https://accounts.google.com", "accounts.google.com"}
    assert claims["email"] == "gmail-push@demo.iam.gserviceaccount.com"
    assert claims["email_verified"] is True


def test_a_refused_push_is_tried_again(pushing: Google, endpoint: Endpoint) -> None:
    endpoint.statuses[:] = [500, 429]
    watch(pushing)
    ids = [endpoint.next()[1]["message"]["messageId"] for _ in range(3)]
    assert len(set(ids)) == 1


def test_a_doubled_push_comes_twice(pushing: Google, endpoint: Endpoint) -> None:
    watched(pushing, endpoint)
    pushing.fault("push_double", email=ADA, times=1)
    pushing.deliver(ADA, letter("News"))
    assert endpoint.notified() == endpoint.notified()


def test_a_dropped_push_never_comes_and_the_next_one_does(
    pushing: Google, endpoint: Endpoint
) -> None:
    watched(pushing, endpoint)
    pushing.fault("push_drop", email=ADA, times=1)
    pushing.deliver(ADA, letter("Lost"))
    pushing.advance(seconds=1)
    second = pushing.deliver(ADA, letter("Seen"))
    assert int(endpoint.notified()["historyId"]) == int(second["historyId"])


def test_after_stop_nothing_comes(pushing: Google, endpoint: Endpoint) -> None:
    watched(pushing, endpoint)
    pushing.client(ADA).stop(userId="me").execute()
    pushing.deliver(ADA, letter("Unheard"))
    again = watch(pushing)
    assert str(endpoint.notified()["historyId"]) == again["historyId"]


def test_an_expired_watch_is_silent(pushing: Google, endpoint: Endpoint) -> None:
    watched(pushing, endpoint)
    pushing.advance(days=8)
    pushing.reset_tokens()
    pushing.deliver(ADA, letter("Unheard"))
    again = watch(pushing)
    assert str(endpoint.notified()["historyId"]) == again["historyId"]


@pytest.mark.parametrize(
    "topic", ["projects/other/topics/gmail", "gmail", "", "projects/demo/topics/unknown"]
)
def test_the_topic_must_be_the_projects_own(pushing: Google, topic: str) -> None:
    """FACTS 2.1."""
    with pytest.raises(HttpError) as refused:
        watch(pushing, topicName=topic)
    assert refused.value.status_code in {400, 403, 404}
    assert error_of(refused.value)["message"]


def test_a_second_client_is_refused_until_stop(pushing: Google) -> None:
    """FACTS 2.6."""
    watch(pushing)
    pushing.fault("watch_conflict", email=ADA, times=1)
    with pytest.raises(HttpError) as refused:
        watch(pushing)
    assert refused.value.status_code == 400
    assert error_of(refused.value)["message"] == (
        "Only one user push notification client allowed per developer (call /stop then try again)"
    )
    pushing.client(ADA).stop(userId="me").execute()
    watch(pushing)


def test_a_send_only_grant_may_not_watch(pushing: Google) -> None:
    scope = "https://www.googleapis.com/auth/gmail.send"
    headers = {"Authorization": f"Bearer {pushing.token(ADA, (scope,))}"}
    answer: httpx.Response = pushing.http.post(
        "/gmail/v1/users/me/watch", json=TOPIC, headers=headers
    )
    assert answer.status_code == 403
