"""A deployment that lets its integration be called as the product's code calls it already."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from infra.local.connecting import connect
from infra.local.environment import API_KEY, INTEGRATION
from infra.local.system import LocalSystem
from tests.functions.test_main_job import ADA, backfilled
from tests.harness.whole import whole_system
from tests.interop.nango import Nango, NangoError

pytestmark = pytest.mark.asyncio(loop_scope="module")
ALIAS = "gmail"
NAMED = {"providerConfigKey": ALIAS, "model": "EmailMessage"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalSystem]:
    aliases = {"POSTROOM_INTEGRATION_ALIASES": f"{ALIAS}, google-mail-prod"}
    folder = tmp_path_factory.mktemp("aliases")
    async with whole_system(folder, {ADA: 5}, aliases) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def connection(system: LocalSystem) -> str:
    id = await connect(system.client, system.google, ADA)
    await backfilled(system, id)
    return id


async def test_every_call_takes_the_alias(nango: Nango, connection: str) -> None:
    assert len((await nango.listRecords({**NAMED, "connectionId": connection}))["records"]) == 5
    assert (await nango.getConnection(ALIAS, connection))["connection_id"] == connection
    assert await nango.setMetadata(ALIAS, connection, {"a": 1})
    assert await nango.getMetadata(ALIAS, connection) == {"a": 1}
    assert (await nango.syncStatus(ALIAS, "*", connection))["syncs"]
    profile = await nango.triggerAction(ALIAS, connection, "get-profile")
    assert profile["emailAddress"] == ADA
    asked = {**NAMED, "connectionId": connection, "endpoint": "/gmail/v1/users/me/profile"}
    assert (await nango.get(asked))["data"]["emailAddress"] == ADA
    (found,) = (await nango.listConnections({"integrationId": ALIAS}))["connections"]
    assert (found["provider_config_key"], found["provider"]) == (ALIAS, INTEGRATION)
    awaited = await nango.waitForConnection(ALIAS, ADA)
    assert awaited["connection_id"] == connection
    configs = await nango.getScriptsConfig()
    assert {one["provider"] for one in configs} == {INTEGRATION}
    assert configs[0]["providerConfigKey"] == ALIAS
    with pytest.raises(NangoError) as unknown:
        await nango.listRecords({**NAMED, "providerConfigKey": "slack", "connectionId": connection})
    assert (unknown.value.status, unknown.value.code) == (404, "unknown_connection")


async def test_the_integration_is_listed_under_each_of_its_names(nango: Nango) -> None:
    names = [one["unique_key"] for one in (await nango.listIntegrations())["configs"]]
    assert names == [INTEGRATION, ALIAS, "google-mail-prod"]
    assert {one["providerConfigKey"] for one in await nango.getScriptsConfig()} == {*names}
    assert (await nango.getIntegration({"uniqueKey": ALIAS}))["data"]["unique_key"] == ALIAS


async def shown(system: LocalSystem, token: str) -> dict[str, object]:
    key = {"Authorization": f"Bearer {token}"}
    found: dict[str, dict[str, object]] = (
        await system.client.get("/connect/session", headers=key)
    ).json()
    return found["data"]


async def test_a_session_is_opened_where_one_integration_of_several_is_ours(
    system: LocalSystem, nango: Nango
) -> None:
    scopes = {"connection_config": {"oauth_scopes_override": "gmail.readonly"}}
    session = await nango.createConnectSession(
        {
            "end_user": {"id": "u1"},
            "allowed_integrations": ["slack", ALIAS],
            "integrations_config_defaults": {ALIAS: scopes, "slack": {}},
        }
    )
    seen = await shown(system, session["data"]["token"])
    assert seen["allowed_integrations"] == [ALIAS]
    assert seen["scopes"] == ["https://www.googleapis.com/auth/gmail.readonly"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("allowed_integrations", ["slack", "notion"]),
        ("integrations_config_defaults", {"slack": {"user_scopes": "read"}}),
        ("overrides", {"slack": {}}),
    ],
)
async def test_what_is_for_other_integrations_alone_is_refused(
    nango: Nango, field: str, value: object
) -> None:
    with pytest.raises(NangoError) as refused:
        await nango.createConnectSession({"end_user": {"id": "u1"}, field: value})
    assert (refused.value.status, refused.value.code) == (400, "invalid_body")
    assert refused.value.data["error"]["errors"][0]["path"][0] == field


async def test_a_reconnect_session_takes_the_alias(nango: Nango, connection: str) -> None:
    body = {"connection_id": connection, "integration_id": ALIAS}
    assert (await nango.createReconnectSession(body))["data"]["token"]
    with pytest.raises(NangoError) as refused:
        await nango.createReconnectSession({**body, "integration_id": "slack"})
    assert refused.value.data["error"]["errors"][0]["path"] == ["integration_id"]


async def test_an_empty_modified_after_is_none(system: LocalSystem, connection: str) -> None:
    headers = {
        "Authorization": f"Bearer {API_KEY}",
        "Connection-Id": connection,
        "Provider-Config-Key": ALIAS,
    }

    async def records(**query: str) -> httpx.Response:
        query = {"model": "EmailMessage", **query}
        return await system.client.get("/records", headers=headers, params=query)

    assert (await records(modified_after="")).json() == (await records()).json()
    assert (await records(delta="")).json() == (await records()).json()
    assert (await records(modified_after="yesterday")).status_code == 400
