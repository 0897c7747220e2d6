"""Who gets in: API keys, connect-session tokens, Google's services."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.domain.connect.connect_session import ConnectSession, token_hash
from shared.domain.connect.connection import Connection
from shared.edge.composition.container import AutowiredContainer
from shared.edge.web.call import Call
from shared.edge.web.routes import Access, Permission, Route
from shared.errors import UnauthenticatedError
from shared.ports.clock import Clock
from shared.ports.connections import Connections, ConnectSessions
from shared.ports.google.oauth import CallerTokens
from tests.edge.conftest import ClientOf
from tests.harness.samples import API_KEY, CONNECTION, OTHER, a_connection, a_key, error_of, tenant


async def who(call: Call) -> Any:
    return {"name": call.caller.name}


async def my_session(call: Call) -> Any:
    return {"id": call.session.value.id}


ROUTES = (
    Route("GET", "/keys-only", Permission.RECORDS_READ, who, "With a key"),
    Route("GET", "/connect/session", Access.CONNECT_SESSION, my_session, "With a session"),
    Route("POST", "/push", Access.PUSH, who, "From Pub/Sub", raw_body=True),
    Route("POST", "/task", Access.TASKS, who, "From Cloud Tasks", raw_body=True),
    Route("POST", "/job", Access.SCHEDULER, who, "From Cloud Scheduler", raw_body=True),
)


class SignedTokens:
    """Verifies tokens of the form `audience|service account`."""

    async def verify(self, token: str, *, audience: str, service_account: str) -> None:
        if token != f"{audience}|{service_account}":
            raise UnauthenticatedError("This token does not verify.")


@pytest.fixture
def client(client_of: ClientOf, container: AutowiredContainer) -> httpx.AsyncClient:
    container.bind(CallerTokens, SignedTokens())
    return client_of(ROUTES)


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_the_root_key_opens_everything(client: httpx.AsyncClient) -> None:
    assert (await client.get("/keys-only", headers=bearing(API_KEY))).status_code == 200


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "missing_auth_header"),
        ("Bearer", "missing_auth_header"),
        ("Bearer ", "missing_auth_header"),
        (f"Basic {API_KEY}", "missing_auth_header"),
        ("Bearer wrong", "invalid_secret_key"),
        (f"Bearer {API_KEY}x", "invalid_secret_key"),
        (f"Bearer {token_hash(API_KEY)}", "invalid_secret_key"),
    ],
)
async def test_no_key_and_a_wrong_key_are_told_apart(
    client: httpx.AsyncClient, header: str, code: str
) -> None:
    answer = await client.get("/keys-only", headers={"Authorization": header})
    assert (answer.status_code, error_of(answer)["code"]) == (401, code)


async def test_a_key_may_do_what_it_lists_and_no_more(
    client: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    reader, sender = await a_key(container, "records:read"), await a_key(container, "send")
    assert (await client.get("/keys-only", headers=bearing(reader))).status_code == 200
    refused = await client.get("/keys-only", headers=bearing(sender))
    assert (refused.status_code, error_of(refused)["code"]) == (403, "forbidden")
    assert "records:read" in error_of(refused)["message"]


async def test_an_expired_key_is_no_key(
    client: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    past = container.use(Clock).now() - timedelta(seconds=1)
    old = await a_key(container, "*", expires_at=past)
    assert (await client.get("/keys-only", headers=bearing(old))).status_code == 401


async def test_a_key_bound_to_connections_does_not_know_others(
    api: httpx.AsyncClient, container: AutowiredContainer, connected: Connection
) -> None:
    await container.use(Connections).create(a_connection(OTHER))
    narrow = await a_key(container, "*", connections=frozenset({CONNECTION}))
    listed = (await api.get("/connections", headers=bearing(narrow))).json()["connections"]
    other = await api.get("/records", headers=bearing(narrow) | tenant(OTHER))
    assert [one["connection_id"] for one in listed] == [CONNECTION]
    assert (other.status_code, error_of(other)["code"]) == (404, "unknown_connection")


async def test_a_session_token_opens_its_session_and_nothing_else(
    client: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    now = container.use(Clock).now()
    session = ConnectSession(token_hash("s-token"), now, now + timedelta(minutes=1))
    await container.use(ConnectSessions).create(session)
    opened = await client.get("/connect/session", headers=bearing("s-token"))
    elsewhere = await client.get("/keys-only", headers=bearing("s-token"))
    assert opened.json() == {"id": session.id}
    assert (elsewhere.status_code, error_of(elsewhere)["code"]) == (401, "invalid_secret_key")


async def test_an_api_key_opens_no_session(client: httpx.AsyncClient) -> None:
    answer = await client.get("/connect/session", headers=bearing(API_KEY))
    assert answer.status_code == 401


@pytest.mark.parametrize("ended", ["expired", "deleted"])
async def test_a_session_that_ended_opens_nothing(
    client: httpx.AsyncClient, container: AutowiredContainer, ended: str
) -> None:
    now = container.use(Clock).now()
    session = ConnectSession(token_hash("s-token"), now, now + timedelta(minutes=1))
    over = (
        replace(session, expires_at=now) if ended == "expired" else replace(session, deleted=True)
    )
    await container.use(ConnectSessions).create(over)
    answer = await client.get("/connect/session", headers=bearing("s-token"))
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("path", "account"), [("/push", "gmail-push"), ("/task", "tasks"), ("/job", "scheduler")]
)
async def test_a_private_path_takes_its_own_service_account_only(
    client: httpx.AsyncClient, path: str, account: str
) -> None:
    audience = f"http://127.0.0.1:8080{'/push/gmail' if path == '/push' else ''}"
    statuses = {
        other: (
            await client.post(
                path, headers=bearing(f"{audience}|{other}@demo.iam.gserviceaccount.com")
            )
        ).status_code
        for other in ("gmail-push", "tasks", "scheduler")
    }
    assert statuses == {
        other: 200 if other == account else 401 for other in ("gmail-push", "tasks", "scheduler")
    }


@pytest.mark.parametrize("path", ["/push", "/task", "/job"])
async def test_a_private_path_refuses_the_root_key(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.post(path, headers=bearing(API_KEY))).status_code == 401


async def never(call: Call) -> Any:
    raise AssertionError("this route is closed")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("access", [*Access, *Permission])
async def test_a_route_of_any_kind_of_access_and_no_further_code_is_closed(
    client_of: ClientOf, access: Access | Permission, method: Any
) -> None:
    """A kind that is added is asked too: only `public` answers a stranger."""
    function = who if access is Access.PUBLIC else never
    client = client_of([Route(method, "/door", access, function, "A door", raw_body=True)])
    del client.headers["Authorization"]
    answer = await client.request(method, "/door", headers={"Origin": "http://127.0.0.1:8080"})
    expected = 200 if access is Access.PUBLIC else 401
    assert answer.status_code == expected, answer.text


async def test_a_kind_of_access_that_authentication_does_not_know_is_closed(
    client_of: ClientOf,
) -> None:
    unknown: Any = "a-kind-of-tomorrow"
    answer = await client_of([Route("GET", "/door", unknown, never, "A door")]).get("/door")
    assert answer.status_code == 500
