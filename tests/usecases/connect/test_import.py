"""Importing a refresh token: Google is asked about everything, and believed alone."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.domain.ids import ConnectionId, email_key
from shared.domain.sync.state import SyncStatus
from shared.ports.connections import ConnectionQuery, Connections, Grants, Mailboxes, Receipts
from shared.ports.events import Outbox
from shared.ports.oauth import Sealer
from shared.ports.sync_store import SyncStates
from shared.usecases.connect.disconnect import AcceptDisconnect, Disconnect
from shared.usecases.connect.token_seal import opened_refresh_token
from shared.usecases.keys.api_keys import CreateApiKey, KeyRequest
from tests.usecases.connect.town import ADA, BEN, Town


async def elsewhere(town: Town, email: str, scopes: str = "openid email gmail.modify") -> str:
    """Return a refresh token that the product got by itself, with the same OAuth client."""
    await town.will_approve(email)
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
        transport=httpx.ASGITransport(town.google), base_url="http://127.0.0.1:8085"
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


async def imported(town: Town, refresh_token: str, **more: Any) -> httpx.Response:
    body = {
        "provider_config_key": "google-mail",
        "credentials": {"type": "OAUTH2", "refresh_token": refresh_token},
        **more,
    }
    return await town.api.post("/connections", json=body)


async def test_a_refresh_token_becomes_a_connection_that_syncs(town: Town) -> None:
    token = await elsewhere(town, ADA)
    answer = await imported(
        town,
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
    state = await town.container.use(SyncStates).get(id)
    mailbox = await town.container.use(Mailboxes).get(email_key(ADA))
    grant = await town.container.use(Grants).get(id)
    assert state is not None
    assert state.value.status is SyncStatus.RUNNING
    assert mailbox is not None
    assert mailbox.value.connections == {id}
    assert grant is not None
    assert await opened_refresh_token(town.container.use(Sealer), grant.value) == token
    events = await town.container.use(Outbox).list(state=None, connection_id=id, limit=5)
    assert [one.payload["operation"] for one in events] == ["creation"]


async def test_without_an_id_one_is_made(town: Town) -> None:
    answer = await imported(town, await elsewhere(town, ADA))
    assert await town.container.use(Connections).get(answer.json()["connection_id"]) is not None


async def test_importing_again_renews_the_grant_of_the_same_account(town: Town) -> None:
    await imported(town, await elsewhere(town, ADA), connection_id="c")
    again = await imported(town, await elsewhere(town, ADA), connection_id="c")
    assert again.status_code == 201
    grant = await town.container.use(Grants).get("c")
    assert grant is not None
    assert grant.value.generation == 2


async def test_an_id_of_another_account_is_not_taken_over(town: Town) -> None:
    await imported(town, await elsewhere(town, ADA), connection_id="c")
    answer = await imported(town, await elsewhere(town, BEN), connection_id="c")
    assert (answer.status_code, answer.json()["error"]["errors"][0]["path"]) == (
        400,
        ["connection_id"],
    )
    found = await town.container.use(Connections).get("c")
    assert found is not None
    assert found.value.email == ADA


@pytest.mark.parametrize("scopes", ["openid email", "gmail.modify"])
async def test_a_token_that_is_no_use_is_refused_and_leaves_nothing(
    town: Town, scopes: str
) -> None:
    answer = await imported(town, await elsewhere(town, ADA, scopes), connection_id="c")
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["path"] == ["credentials", "refresh_token"]
    assert await town.container.use(Connections).get("c") is None
    assert await town.container.use(Mailboxes).get(email_key(ADA)) is None


async def test_a_token_google_does_not_know_is_refused(town: Town) -> None:
    answer = await imported(town, "1//made-up")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_body")
    assert "1//made-up" not in answer.text


async def test_a_metadata_scope_beside_a_wider_one_is_refused_with_the_reason(town: Town) -> None:
    token = await elsewhere(town, ADA, "openid email gmail.modify gmail.metadata")
    answer = await imported(town, token)
    assert answer.status_code == 400
    assert "gmail.metadata beside a wider scope" in answer.text
    assert not await town.container.use(Connections).find(ConnectionQuery())


async def test_an_outage_at_google_is_no_verdict(town: Town) -> None:
    token = await elsewhere(town, ADA)
    await town.fault("token_5xx", times=1)
    assert (await imported(town, token)).status_code == 424


async def test_a_narrow_key_makes_no_connection_it_would_not_see(town: Town) -> None:
    issued = await town.container.use(CreateApiKey)(
        KeyRequest("narrow", frozenset({"*"}), frozenset({ConnectionId("mine")}))
    )
    town.api.headers["Authorization"] = f"Bearer {issued.token}"
    token = await elsewhere(town, ADA)
    for id in (None, "other"):
        answer = await imported(town, token, **({"connection_id": id} if id else {}))
        assert answer.status_code == 403
    assert (await imported(town, token, connection_id="mine")).status_code == 201
    listed = (await town.api.get("/connections?limit=1")).json()["connections"]
    assert [one["connection_id"] for one in listed] == ["mine"]


async def test_an_id_that_lives_again_is_told_and_receipted_again(town: Town) -> None:
    """The product chose the id, and may choose it again after a disconnect."""
    id = ConnectionId("again")
    for _ in range(2):
        assert (await imported(town, await elsewhere(town, ADA), connection_id=id)).is_success
        await town.advance(timedelta(hours=1))
        began = town.clock.now()
        await town.container.use(AcceptDisconnect)(id)
        await town.container.use(Disconnect)(id)
        receipt = await town.container.use(Receipts).get(id)
        assert receipt is not None
        assert receipt.value.finished_at is not None
        assert began <= receipt.value.accepted_at <= receipt.value.finished_at
    events = await town.container.use(Outbox).list(state=None, connection_id=id, limit=10)
    told = [one.payload["operation"] for one in events]
    assert told == ["deletion", "deletion"], "each life's last word has yet to be delivered"


async def test_a_connection_says_when_its_grant_was_given_used_and_ends(town: Town) -> None:
    await imported(town, await elsewhere(town, ADA), connection_id="c")
    grant = (await town.api.get("/connections/c")).json()["grant"]
    assert grant["issued_at"] == grant["refreshed_at"]
    assert grant["ends_at"] is None
