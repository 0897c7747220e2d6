"""Connections through Nango's Node client: sessions, listing, credentials, metadata, leaving."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from infra.local.connecting import connect
from infra.local.environment import INTEGRATION
from infra.local.system import LocalSystem
from tests.functions.test_main_job import ADA, BOB
from tests.interop.nango import UNDEFINED, Nango, NangoError

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_connect_session_has_a_token_a_link_and_half_an_hour(
    system: LocalSystem, nango: Nango
) -> None:
    before = datetime.now(UTC)
    session = (
        await nango.createConnectSession(
            {
                "tags": {"end_user_id": "u1", "end_user_email": ADA, "organization_id": "acme"},
                "allowed_integrations": [INTEGRATION],
            }
        )
    )["data"]
    link = urlsplit(session["connect_link"])
    assert f"{link.scheme}://{link.netloc}" == system.url
    assert parse_qs(link.query)["session_token"] == [session["token"]]
    lasts = datetime.fromisoformat(session["expires_at"]) - before
    assert timedelta(minutes=29) < lasts < timedelta(minutes=32)
    shown = await system.client.get(
        "/connect/session", headers={"Authorization": f"Bearer {session['token']}"}
    )
    assert shown.json()["data"]["endUser"]["id"] == "u1"
    assert shown.json()["data"]["endUser"]["organization"] == {"id": "acme", "display_name": None}


async def test_a_session_with_a_return_url_comes_back_to_the_product(
    system: LocalSystem, nango: Nango
) -> None:
    (product,) = system.container.settings.product_origins
    asked = {"end_user": {"id": "u9"}, "return_url": f"{product}/done"}
    assert (await nango.createConnectSession(asked))["data"]["connect_link"]
    with pytest.raises(NangoError) as refused:
        await nango.createConnectSession({**asked, "return_url": "https://evil.example/done"})
    assert (refused.value.status, refused.value.code) == (400, "invalid_body")


async def test_the_older_body_names_the_end_user_and_the_organization(
    system: LocalSystem, nango: Nango
) -> None:
    session = await nango.createConnectSession(
        {
            "end_user": {"id": "u2", "email": ADA, "display_name": "Ada", "tags": {"plan": "pro"}},
            "organization": {"id": "acme", "display_name": "Acme"},
            "integrations_config_defaults": {
                INTEGRATION: {"connection_config": {"oauth_scopes_override": "gmail.readonly"}}
            },
        }
    )
    key = {"Authorization": f"Bearer {session['data']['token']}"}
    shown = (await system.client.get("/connect/session", headers=key)).json()["data"]
    assert shown["endUser"] == {
        "id": "u2",
        "email": ADA,
        "display_name": "Ada",
        "tags": {"plan": "pro"},
        "organization": {"id": "acme", "display_name": "Acme"},
    }
    assert [scope.rpartition("/")[2] for scope in shown["scopes"]] == ["gmail.readonly"]


async def test_a_reconnect_session_is_for_the_same_account(
    system: LocalSystem, nango: Nango, connection: str
) -> None:
    session = await nango.createReconnectSession(
        {"connection_id": connection, "integration_id": INTEGRATION}
    )
    key = {"Authorization": f"Bearer {session['data']['token']}"}
    shown = (await system.client.get("/connect/session", headers=key)).json()["data"]
    assert shown["isReconnecting"] is True
    assert shown["account"] == ADA


async def test_connections_are_listed_and_filtered_in_both_call_styles(
    nango: Nango, connection: str
) -> None:
    (listed,) = (await nango.listConnections())["connections"]
    assert listed["connection_id"] == connection
    assert (listed["provider"], listed["provider_config_key"]) == (INTEGRATION, INTEGRATION)
    assert listed["end_user"]["id"] == ADA
    assert listed["errors"] == []

    async def ids(*args: object) -> list[str]:
        found = (await nango.listConnections(*args))["connections"]
        return [one["connection_id"] for one in found]

    assert await ids(connection) == [connection]
    assert await ids("no-such-connection") == []
    assert await ids(UNDEFINED, ADA.partition("@")[0]) == [connection]
    assert await ids(UNDEFINED, "nobody") == []
    assert await ids(UNDEFINED, UNDEFINED, {"endUserId": ADA, "limit": 5}) == [connection]
    assert await ids({"userId": ADA, "integrationId": [INTEGRATION, "slack"]}) == [connection]
    assert await ids({"integrationId": "slack"}) == []
    assert await ids({"tags": {"email": ADA}, "limit": 10}) == [connection]
    assert await ids({"tags": {"email": BOB}}) == []
    assert await ids({"connectionId": connection, "limit": 1, "page": 1}) == []


async def test_a_product_may_wait_for_the_connection_of_its_end_user(
    nango: Nango, connection: str
) -> None:
    found = await nango.waitForConnection(INTEGRATION, ADA)
    assert found["connection_id"] == connection


async def test_a_connection_comes_with_live_credentials(
    system: LocalSystem, nango: Nango, connection: str
) -> None:
    found = await nango.getConnection(INTEGRATION, connection)
    credentials = found["credentials"]
    assert credentials["type"] == "OAUTH2"
    assert "refresh_token" not in credentials
    profile = await system.google.get(
        "/gmail/v1/users/me/profile",
        headers={"Authorization": f"Bearer {credentials['access_token']}"},
    )
    assert profile.json()["emailAddress"] == ADA
    assert datetime.fromisoformat(credentials["expires_at"]) > datetime.now(UTC)
    assert await nango.getToken(INTEGRATION, connection) == credentials["access_token"]
    raw = await nango.getRawTokenResponse(INTEGRATION, connection)
    assert raw["access_token"] == credentials["access_token"]
    force_refresh, refresh_token = True, True
    fresh = await nango.getConnection(INTEGRATION, connection, force_refresh, refresh_token)
    assert fresh["credentials"]["access_token"] != credentials["access_token"]
    assert fresh["credentials"]["refresh_token"]


async def test_metadata_is_replaced_merged_and_read(nango: Nango, connection: str) -> None:
    answer = await nango.setMetadata(INTEGRATION, connection, {"a": 1, "deep": {"x": [1, 2]}})
    assert answer["status"] == 200
    assert answer["data"] == {
        "connection_id": connection,
        "provider_config_key": INTEGRATION,
        "metadata": {"a": 1, "deep": {"x": [1, 2]}},
    }
    assert await nango.getMetadata(INTEGRATION, connection) == {"a": 1, "deep": {"x": [1, 2]}}
    answer = await nango.updateMetadata(INTEGRATION, [connection], {"a": 2, "b": "new"})
    assert answer["data"]["connection_id"] == [connection]
    merged = {"a": 2, "b": "new", "deep": {"x": [1, 2]}}
    assert await nango.getMetadata(INTEGRATION, connection) == merged
    await nango.setMetadata(INTEGRATION, connection, {"only": True})
    assert await nango.getMetadata(INTEGRATION, connection) == {"only": True}
    (listed,) = (await nango.listConnections(connection))["connections"]
    assert listed["metadata"] == {"only": True}


async def test_a_patch_changes_the_tags_and_the_webhook_address(
    system: LocalSystem, nango: Nango, connection: str
) -> None:
    named = {"connectionId": connection, "provider_config_key": INTEGRATION}
    tags = {"end_user_id": ADA, "end_user_email": ADA, "team": "blue"}
    hooks = "http://127.0.0.1:9/hooks"
    changed = await nango.patchConnection(named, {"tags": tags, "webhook_url_override": hooks})
    assert changed == {"success": True}
    found = await nango.getConnection(INTEGRATION, connection)
    assert found["tags"] == tags
    assert found["webhook_url_override"] == hooks
    restored = await system.client.patch(
        f"/connections/{connection}", json={"webhook_url_override": None}
    )
    assert restored.status_code == 200


async def test_a_connection_that_was_deleted_is_gone_and_its_grant_revoked(
    system: LocalSystem, nango: Nango
) -> None:
    leaving = await connect(system.client, system.google, BOB)
    token = await nango.getToken(INTEGRATION, leaving)
    answer = await nango.deleteConnection(INTEGRATION, leaving)
    assert (answer["status"], answer["data"]) == (200, {"success": True})
    await system.settle()
    with pytest.raises(NangoError) as gone:
        await nango.getConnection(INTEGRATION, leaving)
    assert (gone.value.status, gone.value.code) == (404, "unknown_connection")
    assert (await nango.listConnections(leaving))["connections"] == []
    refused = await system.google.get(
        "/gmail/v1/users/me/profile", headers={"Authorization": f"Bearer {token}"}
    )
    assert refused.status_code == 401
