"""POST /push/gmail: what is acknowledged, what is refused, what is sent again."""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from shared.domain.ids import HistoryId
from shared.domain.sync.state import Tally
from shared.edge.composition.container import AutowiredContainer
from shared.edge.table import gmail_push_routes
from shared.edge.triggers.tasks import finish_task
from shared.errors import CorruptStateError, StoreUnavailableError, UnauthenticatedError
from shared.ports.google.oauth import CallerTokens
from shared.usecases.sync.handle_push import Notified, NotifyPush, UnknownMailbox
from shared.usecases.sync.outcomes import Synced, SyncOutcome
from tests.edge.conftest import ClientOf

GENUINE = "http://127.0.0.1:8080/push/gmail|gmail-push@demo.iam.gserviceaccount.com"


class SignedTokens:
    async def verify(self, token: str, *, audience: str, service_account: str) -> None:
        if token != f"{audience}|{service_account}":
            raise UnauthenticatedError("This token does not verify.")


class Inbox:
    """Stands where the push use case stands: knows ada, and can fail."""

    def __init__(self) -> None:
        self.notified: list[tuple[str, HistoryId]] = []
        self.fails: Exception | None = None
        self.outcomes: tuple[SyncOutcome, ...] = ()

    async def __call__(
        self, email: str, history_id: HistoryId, *, trace_id: str | None = None
    ) -> Notified | UnknownMailbox:
        if self.fails is not None:
            raise self.fails
        self.notified.append((email, history_id))
        return Notified(self.outcomes) if email == "ada@example.com" else UnknownMailbox()


@pytest.fixture
def inbox(container: AutowiredContainer) -> Inbox:
    made = Inbox()
    container.bind(NotifyPush, made)
    container.bind(CallerTokens, SignedTokens())
    return made


@pytest.fixture
def pubsub(client_of: ClientOf, inbox: Inbox) -> httpx.AsyncClient:
    client = client_of(gmail_push_routes())
    client.headers["Authorization"] = f"Bearer {GENUINE}"
    return client


def envelope(**notification: Any) -> Mapping[str, Any]:
    data = b64encode(json.dumps(notification).encode()).decode()
    return {"message": {"data": data, "messageId": "m-1"}, "subscription": "projects/demo/s"}


async def test_a_genuine_push_is_acted_on_and_then_acknowledged(
    pubsub: httpx.AsyncClient, inbox: Inbox
) -> None:
    push = envelope(emailAddress="ada@example.com", historyId=1710)
    assert (await pubsub.post("/push/gmail", json=push)).status_code == 204
    assert inbox.notified == [("ada@example.com", 1710)]


async def test_a_push_that_pubsub_delivers_twice_is_acted_on_once(
    pubsub: httpx.AsyncClient, inbox: Inbox
) -> None:
    push = envelope(emailAddress="ada@example.com", historyId=1710)
    for _ in range(2):
        assert (await pubsub.post("/push/gmail", json=push)).status_code == 204
    assert inbox.notified == [("ada@example.com", 1710)]


async def test_a_push_that_failed_is_acted_on_when_it_comes_again(
    pubsub: httpx.AsyncClient, inbox: Inbox
) -> None:
    push = envelope(emailAddress="ada@example.com", historyId=1710)
    inbox.fails = StoreUnavailableError("The store did not answer.")
    assert (await pubsub.post("/push/gmail", json=push)).status_code == 503
    inbox.fails = None
    assert (await pubsub.post("/push/gmail", json=push)).status_code == 204
    assert inbox.notified == [("ada@example.com", 1710)]


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer forged", f"Basic {GENUINE}"])
async def test_a_forged_push_is_401_and_nothing_happens(
    pubsub: httpx.AsyncClient, inbox: Inbox, token: str
) -> None:
    push = envelope(emailAddress="ada@example.com", historyId=1710)
    answer = await pubsub.post("/push/gmail", json=push, headers={"Authorization": token})
    assert answer.status_code == 401
    assert inbox.notified == []


async def test_a_push_for_an_unknown_mailbox_is_acknowledged(pubsub: httpx.AsyncClient) -> None:
    push = envelope(emailAddress="bob@example.com", historyId=1)
    assert (await pubsub.post("/push/gmail", json=push)).status_code == 204


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"message": {"data": "%%%"}}'])
async def test_a_malformed_envelope_is_acknowledged_since_it_would_come_back_for_ever(
    pubsub: httpx.AsyncClient, inbox: Inbox, body: bytes
) -> None:
    assert (await pubsub.post("/push/gmail", content=body)).status_code == 204
    assert inbox.notified == []


async def test_what_may_work_later_is_not_acknowledged(
    pubsub: httpx.AsyncClient, inbox: Inbox
) -> None:
    inbox.fails = StoreUnavailableError("The store did not answer.")
    push = envelope(emailAddress="ada@example.com", historyId=1710)
    assert (await pubsub.post("/push/gmail", json=push)).status_code == 503


async def test_what_no_redelivery_improves_is_acknowledged_and_named_in_the_log(
    pubsub: httpx.AsyncClient, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    inbox.fails = CorruptStateError("sync/x")
    push = envelope(emailAddress="ada@example.com", historyId=1710)
    assert (await pubsub.post("/push/gmail", json=push)).status_code == 204
    told = [getattr(record, "fields", {}) for record in caplog.records]
    assert "sync/x" in [fields.get("reason") for fields in told]


async def test_what_stopped_the_sync_stands_in_the_line_of_the_push(
    pubsub: httpx.AsyncClient, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    """An alert counts the codes with which Google refuses the whole deployment."""
    inbox.outcomes = (Synced(Tally(), None), Synced(Tally(), None, "topic_forbidden"))
    push = envelope(emailAddress="ada@example.com", historyId=1710)
    assert (await pubsub.post("/push/gmail", json=push)).status_code == 204
    told = [getattr(record, "fields", {}) for record in caplog.records]
    assert [fields["code"] for fields in told if "code" in fields] == ["topic_forbidden"]


@pytest.mark.parametrize(("error", "told"), [("gmail_api_disabled", True), (None, False)])
async def test_what_stopped_the_sync_stands_in_the_line_of_its_task(
    caplog: pytest.LogCaptureFixture, error: str | None, told: bool
) -> None:
    """A run that went through says no code."""

    async def work() -> Synced:
        return Synced(Tally(), None, error)

    with caplog.at_level("INFO"):
        await finish_task("sync", work())
    (fields,) = [getattr(record, "fields", {}) for record in caplog.records]
    assert fields == {"task": "sync", "outcome": "Synced", **({"code": error} if told else {})}
