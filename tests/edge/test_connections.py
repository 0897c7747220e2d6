"""/connections."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.connect.grant import Grant
from shared.domain.ids import ConnectionId
from shared.domain.sync.mailbox import Mailbox
from shared.edge.composition.container import AutowiredContainer
from shared.errors import GrantRevokedError
from shared.ports.connections import Connections, Grants, Mailboxes
from shared.ports.google.oauth import Sealer
from shared.ports.sync_store import SyncStates
from shared.usecases.connect.tokens.access_tokens import AccessTokens
from tests.harness.samples import CONNECTION, NOW, OTHER, a_connection, a_key, error_of

PATH = f"/connections/{CONNECTION}"


class HeldTokens:
    """Access tokens as they would come, and what a revoked grant does."""

    def __init__(self) -> None:
        self.revoked = False
        self.refreshed = 0

    async def __call__(self, connection_id: ConnectionId, *, rejected: str | None = None) -> str:
        if self.revoked:
            raise GrantRevokedError("The end user must connect again.")
        self.refreshed += rejected is not None
        return f"ya29.{self.refreshed}"


class OpenSealer:
    """Seals nothing: what is under test is who may see tokens, not how they are kept."""

    async def open(self, sealed: bytes, **_: Any) -> str:
        return sealed.decode()


@pytest.fixture
async def tokens(container: AutowiredContainer, connected: Connection) -> HeldTokens:
    held = HeldTokens()
    container.bind(AccessTokens, held)
    container.bind(Sealer, OpenSealer())
    await container.use(Grants).create(
        Grant(CONNECTION, b"1//refresh", b"ya29.0", NOW, frozenset({"openid"}), b"key")
    )
    return held


async def test_a_listing_shows_each_connection_in_the_clients_shape(
    api: httpx.AsyncClient, connected: Connection
) -> None:
    (shown,) = (await api.get("/connections")).json()["connections"]
    assert shown["connection_id"] == CONNECTION
    assert (shown["provider"], shown["provider_config_key"]) == ("google-mail", "google-mail")
    assert (shown["created"], shown["errors"]) == ("2026-10-01T12:00:00Z", [])
    assert shown["tags"]["team"] == "blue"
    assert isinstance(shown["id"], int)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"connectionId": CONNECTION}, True),
        ({"connectionId": OTHER}, False),
        ({"endUserId": "u-1"}, True),
        ({"endUserId": "u-2"}, False),
        ({"search": "ada@"}, True),
        ({"search": "bob@"}, False),
        ({"tags[team]": "blue", "tags[end_user_id]": "u-1"}, True),
        ({"tags[team]": "red"}, False),
        ({"integrationId": "slack,google-mail"}, True),
        ({"integrationId": "slack"}, False),
        ({"page": "1"}, False),
    ],
)
async def test_every_filter_given_must_hold(
    api: httpx.AsyncClient, connected: Connection, query: dict[str, str], found: bool
) -> None:
    answer = await api.get("/connections", params=query)
    assert bool(answer.json()["connections"]) is found


@pytest.mark.parametrize(
    "query", [{"page": "-1"}, {"page": "9" * 33}, {"limit": "0"}, {"limit": "1001"}]
)
async def test_a_page_that_no_deployment_has_is_refused(
    api: httpx.AsyncClient, query: dict[str, str]
) -> None:
    answer = await api.get("/connections", params=query)
    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_query_params")


async def test_a_connection_that_must_be_renewed_says_so(
    api: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    await container.use(Connections).create(
        a_connection(status=ConnectionStatus.REAUTH_REQUIRED, error="revoked")
    )
    (shown,) = (await api.get("/connections")).json()["connections"]
    assert shown["status"] == "reauth_required"
    assert [one["type"] for one in shown["errors"]] == ["auth"]


async def test_one_connection_comes_with_its_credentials_watch_and_sync(
    api: httpx.AsyncClient, container: AutowiredContainer, tokens: HeldTokens
) -> None:
    box = Mailbox(a_connection().mailbox_id, frozenset({CONNECTION}), watch_expires_at=NOW)
    await container.use(Mailboxes).create(box)
    query = "provider_config_key=google-mail&force_refresh=false&refresh_github_app_jwt_token=false"
    shown = (await api.get(f"{PATH}?{query}")).json()
    assert shown["credentials"]["access_token"] == "ya29.0"
    assert shown["watch"]["expires_at"] == "2026-10-01T12:00:00Z"
    assert shown["sync"]["name"] == "fetch-messages"
    assert shown["scopes"] == ["https://www.googleapis.com/auth/gmail.modify"]


async def test_the_refresh_token_comes_only_when_asked(
    api: httpx.AsyncClient, tokens: HeldTokens
) -> None:
    without = (await api.get(PATH)).json()["credentials"]
    asked = (await api.get(PATH, params={"refresh_token": "true"})).json()["credentials"]
    assert "1//refresh" not in str(without)
    assert asked["refresh_token"] == "1//refresh"


async def test_force_refresh_answers_a_new_token(
    api: httpx.AsyncClient, tokens: HeldTokens
) -> None:
    answer = await api.get(PATH, params={"force_refresh": "true"})
    assert answer.json()["credentials"]["access_token"] == "ya29.1"


async def test_a_key_without_the_permission_sees_no_credentials(
    api: httpx.AsyncClient, container: AutowiredContainer, tokens: HeldTokens
) -> None:
    reader = await a_key(container, "connections:read")
    answer = await api.get(PATH, headers={"Authorization": f"Bearer {reader}"})
    assert answer.status_code == 200
    assert "ya29" not in answer.text


async def test_dead_credentials_answer_424_with_the_connection(
    api: httpx.AsyncClient, tokens: HeldTokens
) -> None:
    tokens.revoked = True
    answer = await api.get(PATH)
    assert (answer.status_code, error_of(answer)["code"]) == (424, "invalid_credentials")
    assert error_of(answer)["payload"]["connection_id"] == CONNECTION


async def test_an_unknown_connection_is_404(api: httpx.AsyncClient) -> None:
    for method in ("GET", "DELETE"):
        answer = await api.request(method, PATH)
        assert (answer.status_code, error_of(answer)["code"]) == (404, "unknown_connection")


async def test_metadata_is_replaced_by_post_and_merged_by_patch(
    api: httpx.AsyncClient, container: AutowiredContainer, connected: Connection
) -> None:
    body = {"connection_id": CONNECTION, "provider_config_key": "google-mail"}
    first = {**body, "metadata": {"plan": "pro", "deep": {"a": 1}}}
    assert (await api.post("/connections/metadata", json=first)).json() == first
    await api.patch("/connections/metadata", json={**body, "metadata": {"seats": 3}})
    stored = await container.use(Connections).get(CONNECTION)
    assert stored is not None
    assert stored.value.metadata == {"plan": "pro", "deep": {"a": 1}, "seats": 3}
    await api.post("/connections/metadata", json={**body, "metadata": {}})
    stored = await container.use(Connections).get(CONNECTION)
    assert stored is not None
    assert stored.value.metadata == {}


async def test_metadata_for_several_changes_none_if_one_is_unknown(
    api: httpx.AsyncClient, container: AutowiredContainer, connected: Connection
) -> None:
    body = {
        "connection_id": [CONNECTION, OTHER],
        "provider_config_key": "google-mail",
        "metadata": {"plan": "pro"},
    }
    answer = await api.post("/connections/metadata", json=body)
    stored = await container.use(Connections).get(CONNECTION)
    assert answer.status_code == 404
    assert stored is not None
    assert stored.value.metadata == {}


async def test_a_patch_changes_what_it_names_and_leaves_the_rest(
    api: httpx.AsyncClient, container: AutowiredContainer, connected: Connection
) -> None:
    patch = {
        "end_user": {"id": "u-9", "email": "ada@product.example"},
        "sync": {
            "frequency": "every 30 minutes",
            "window": "90d",
            "exclude": ["SPAM", "DRAFT"],
            "headers": ["X-Ticket-Id"],
        },
        "retention": "14d",
    }
    assert (await api.patch(PATH, json=patch)).json() == {"success": True}
    connection = await container.use(Connections).get(CONNECTION)
    state = await container.use(SyncStates).get(CONNECTION)
    assert connection is not None
    assert state is not None
    assert connection.value.tags == {
        "end_user_id": "u-9",
        "end_user_email": "ada@product.example",
        "team": "blue",
    }
    assert connection.value.end_user is not None
    assert connection.value.end_user["email"] == "ada@product.example"
    assert connection.value.retention == timedelta(days=14)
    assert (state.value.window, state.value.frequency) == ("90d", timedelta(minutes=30))
    assert state.value.selection.exclude == ("DRAFT", "SPAM")
    assert state.value.selection.headers == ("x-ticket-id",)
    assert state.value.backfilling


@pytest.mark.parametrize(
    "patch",
    [
        {"tags": {f"k{n}": "v" for n in range(11)}},
        {"tags": {"1st": "v"}},
        {"tags": {"k": "v" * 256}},
        {"sync": {"window": "soon"}},
        {"sync": {"frequency": "every second"}},
        {"sync": {"frequency": "every 1 minute"}},
        {"sync": {"exclude": ["in:spam"]}},
        {"sync": {"headers": ["X-Ticket: 1"]}},
        {"retention": "forever"},
        {"status": "active"},
    ],
)
async def test_a_wrong_patch_is_refused_and_changes_nothing(
    api: httpx.AsyncClient,
    container: AutowiredContainer,
    connected: Connection,
    patch: dict[str, Any],
) -> None:
    answer = await api.patch(PATH, json=patch)
    stored = await container.use(Connections).get(CONNECTION)
    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_body")
    assert stored is not None
    assert stored.value == connected


async def test_delete_is_accepted_and_nothing_else_uses_the_connection_any_more(
    api: httpx.AsyncClient, container: AutowiredContainer, connected: Connection
) -> None:
    accepted = await api.delete(
        f"{PATH}?provider_config_key=google-mail", headers={"Content-Type": "application/json"}
    )
    assert accepted.json() == {"success": True}
    records = await api.get("/records", headers={"Connection-Id": CONNECTION})
    assert (records.status_code, error_of(records)["code"]) == (404, "unknown_connection")
    looked = await api.get(PATH)
    assert (looked.status_code, error_of(looked)["code"]) == (424, "invalid_credentials")
    again = await api.delete(PATH)
    assert again.json() == {"success": True}


async def test_a_disconnect_under_way_is_seen_in_the_listing(
    api: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    gone = replace(a_connection(), status=ConnectionStatus.DISCONNECTING)
    await container.use(Connections).create(gone)
    (shown,) = (await api.get("/connections")).json()["connections"]
    assert shown["status"] == "disconnecting"
