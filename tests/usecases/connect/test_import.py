"""Importing a refresh token: Google is asked about everything, and believed alone."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.domain.ids import ConnectionId, first_mailbox_id, sub_by_address
from shared.domain.sync.state import SyncStatus
from shared.ports.connections import (
    ConnectionQuery,
    Connections,
    GoogleUsers,
    Grants,
    Mailboxes,
    Receipts,
)
from shared.ports.events import Outbox
from shared.ports.google.oauth import Sealer
from shared.ports.sync_store import SyncStates
from shared.usecases.connect.disconnect import AcceptDisconnect, Disconnect
from shared.usecases.connect.tokens.token_seal import opened_refresh_token
from shared.usecases.keys.api_keys import CreateApiKey, KeyRequest
from tests.harness.connecting import ADA, BEN, ConnectHarness, follow


async def elsewhere(
    harness: ConnectHarness, email: str, scopes: str = "openid email gmail.modify"
) -> str:
    """Return a refresh token that the product got by itself, with the same OAuth client."""
    await harness.will_approve(email)
    start = {
        "client_id": "postroom-local.apps.googleusercontent.com",
        "redirect_uri": "http://127.0.0.1:8080/oauth/callback",
        "response_type": "code",
        "scope": " ".join(_spelled(one) for one in scopes.split()),
        "state": "own",
        "access_type": "offline",
        "prompt": "consent",
    }
    google = httpx.AsyncClient(
        transport=httpx.ASGITransport(harness.google_app), base_url="http://127.0.0.1:8085"
    )
    async with google:
        back = await google.get("/o/oauth2/v2/auth", params=start)
        code = httpx.URL(back.headers["location"]).params["code"]
        answer = await google.post(
            "/token",
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": start["redirect_uri"],
                "client_id": start["client_id"],
                "client_secret": "postroom-local-secret",
            },
        )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["refresh_token"])


def _spelled(scope: str) -> str:
    return f"https://www.googleapis.com/auth/{scope}" if scope.startswith("gmail.") else scope


async def imported(harness: ConnectHarness, refresh_token: str, **more: Any) -> httpx.Response:
    body = {
        "provider_config_key": "google-mail",
        "credentials": {"type": "OAUTH2", "refresh_token": refresh_token},
        **more,
    }
    return await harness.api.post("/connections", json=body)


async def test_a_refresh_token_becomes_a_connection_that_syncs(harness: ConnectHarness) -> None:
    token = await elsewhere(harness, ADA)
    answer = await imported(
        harness,
        token,
        connection_id="customer-7",
        metadata={"plan": "pro"},
        tags={"region": "eu"},
        end_user={"id": "u7", "email": ADA, "organization": {"id": "o1"}},
    )
    assert answer.status_code == 201, answer.text
    seen = answer.json()
    assert (seen["connection_id"], seen["email"], seen["status"]) == ("customer-7", ADA, "active")
    assert seen["metadata"] == {"plan": "pro"}
    assert seen["tags"]["region"] == "eu"
    assert seen["end_user"]["organization"]["id"] == "o1"
    assert token not in answer.text
    id = ConnectionId("customer-7")
    state = await harness.container.use(SyncStates).get(id)
    mailbox = await harness.container.use(Mailboxes).get(first_mailbox_id(ADA))
    grant = await harness.container.use(Grants).get(id)
    assert state is not None
    assert state.value.status is SyncStatus.RUNNING
    assert mailbox is not None
    assert mailbox.value.connections == {id}
    assert grant is not None
    assert await opened_refresh_token(harness.container.use(Sealer), grant.value) == token
    events = await harness.container.use(Outbox).list(state=None, connection_id=id, limit=5)
    assert [one.payload["operation"] for one in events] == ["creation"]


async def test_the_body_of_older_callers_has_the_tokens_beside_everything_else(
    harness: ConnectHarness,
) -> None:
    body = {
        "provider_config_key": "google-mail",
        "connection_id": "customer-8",
        "access_token": "old",
        "refresh_token": await elsewhere(harness, ADA),
        "expires_at": "2026-12-30T00:00:00Z",
        "connection_config": {},
    }
    answer = await harness.api.post("/connection", json=body)
    assert (answer.status_code, answer.json().get("connection_id")) == (201, "customer-8")
    both = {**body, "credentials": {"refresh_token": "x"}}
    refused = await harness.api.post("/connection", json=both)
    assert refused.json()["error"]["code"] == "invalid_body"


async def test_without_an_id_one_is_made(harness: ConnectHarness) -> None:
    answer = await imported(harness, await elsewhere(harness, ADA))
    assert await harness.container.use(Connections).get(answer.json()["connection_id"]) is not None


async def test_importing_again_renews_the_grant_of_the_same_account(
    harness: ConnectHarness,
) -> None:
    await imported(harness, await elsewhere(harness, ADA), connection_id="c")
    again = await imported(harness, await elsewhere(harness, ADA), connection_id="c")
    assert again.status_code == 201
    grant = await harness.container.use(Grants).get("c")
    assert grant is not None
    assert grant.value.generation == 2


async def test_an_id_of_another_account_is_not_taken_over(harness: ConnectHarness) -> None:
    await imported(harness, await elsewhere(harness, ADA), connection_id="c")
    answer = await imported(harness, await elsewhere(harness, BEN), connection_id="c")
    assert (answer.status_code, answer.json()["error"]["errors"][0]["path"]) == (
        400,
        ["connection_id"],
    )
    found = await harness.container.use(Connections).get("c")
    assert found is not None
    assert found.value.email == ADA


@pytest.mark.parametrize("scopes", ["openid email", "gmail.send"])
async def test_a_token_that_is_no_use_is_refused_and_leaves_nothing(
    harness: ConnectHarness, scopes: str
) -> None:
    answer = await imported(harness, await elsewhere(harness, ADA, scopes), connection_id="c")
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["path"] == ["credentials", "refresh_token"]
    assert await harness.container.use(Connections).get("c") is None
    assert await harness.container.use(Mailboxes).get(first_mailbox_id(ADA)) is None


async def test_a_grant_that_names_no_account_is_known_by_its_mailbox_until_the_next_consent(
    harness: ConnectHarness,
) -> None:
    """Gmail says the address; the next consent, which asks for it, brings the `sub`."""
    token = await elsewhere(harness, ADA, "gmail.modify")
    assert (await imported(harness, token, connection_id="c")).status_code == 201
    connections, users = harness.container.use(Connections), harness.container.use(GoogleUsers)
    found = await connections.get("c")
    assert found is not None
    assert (found.value.email, found.value.sub) == (ADA, sub_by_address(ADA))
    await harness.will_approve(ADA)
    opened = await harness.reconnect_session("c")
    await follow(harness.browser(), opened["connect_link"])
    renewed = await connections.get("c")
    assert renewed is not None
    assert renewed.value.sub.isdecimal()
    assert await users.get(sub_by_address(ADA)) is None
    joined = await users.get(renewed.value.sub)
    assert joined is not None
    assert joined.value.connections == {"c"}


async def test_a_grant_that_names_no_account_is_not_another_s(harness: ConnectHarness) -> None:
    """Only the same mailbox reconnects it."""
    token = await elsewhere(harness, ADA, "gmail.modify")
    await imported(harness, token, connection_id="c")
    await harness.mailbox(BEN)
    await harness.will_approve(BEN)
    opened = await harness.reconnect_session("c")
    await follow(harness.browser(), opened["connect_link"])
    found = await harness.container.use(Connections).get("c")
    assert found is not None
    assert (found.value.email, found.value.sub) == (ADA, sub_by_address(ADA))


async def test_a_token_google_does_not_know_is_refused(harness: ConnectHarness) -> None:
    answer = await imported(harness, "1//made-up")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_body")
    assert "1//made-up" not in answer.text


async def test_a_metadata_scope_beside_a_wider_one_is_refused_with_the_reason(
    harness: ConnectHarness,
) -> None:
    token = await elsewhere(harness, ADA, "openid email gmail.modify gmail.metadata")
    answer = await imported(harness, token)
    assert answer.status_code == 400
    assert "gmail.metadata beside a wider scope" in answer.text
    assert not await harness.container.use(Connections).find(ConnectionQuery())


async def test_an_outage_at_google_is_no_verdict(harness: ConnectHarness) -> None:
    token = await elsewhere(harness, ADA)
    harness.fault("token_5xx", times=1)
    assert (await imported(harness, token)).status_code == 424


async def test_a_narrow_key_makes_no_connection_it_would_not_see(harness: ConnectHarness) -> None:
    issued = await harness.container.use(CreateApiKey)(
        KeyRequest("narrow", frozenset({"*"}), frozenset({ConnectionId("mine")}))
    )
    harness.api.headers["Authorization"] = f"Bearer {issued.token}"
    token = await elsewhere(harness, ADA)
    for id in (None, "other"):
        answer = await imported(harness, token, **({"connection_id": id} if id else {}))
        assert answer.status_code == 403
    assert (await imported(harness, token, connection_id="mine")).status_code == 201
    listed = (await harness.api.get("/connections?limit=1")).json()["connections"]
    assert [one["connection_id"] for one in listed] == ["mine"]


async def test_an_id_that_lives_again_is_told_and_receipted_again(harness: ConnectHarness) -> None:
    """The product chose the id, and may choose it again after a disconnect."""
    id = ConnectionId("again")
    for _ in range(2):
        assert (await imported(harness, await elsewhere(harness, ADA), connection_id=id)).is_success
        harness.advance(timedelta(hours=1))
        began = harness.clock.now()
        await harness.container.use(AcceptDisconnect)(id)
        await harness.container.use(Disconnect)(id)
        receipt = await harness.container.use(Receipts).get(id)
        assert receipt is not None
        assert receipt.value.finished_at is not None
        assert began <= receipt.value.accepted_at <= receipt.value.finished_at
    events = await harness.container.use(Outbox).list(state=None, connection_id=id, limit=10)
    told = [one.payload["operation"] for one in events]
    assert told == ["deletion", "deletion"], "each life's last word has yet to be delivered"


async def test_a_connection_says_when_its_grant_was_given_used_and_ends(
    harness: ConnectHarness,
) -> None:
    await imported(harness, await elsewhere(harness, ADA), connection_id="c")
    grant = (await harness.api.get("/connections/c")).json()["grant"]
    assert grant["issued_at"] == grant["refreshed_at"]
    assert grant["ends_at"] is None
