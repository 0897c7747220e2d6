"""Node clients of several years against one Postroom, each with its own calls."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from infra.local.connecting import connect
from infra.local.environment import API_KEY, INTEGRATION
from infra.local.system import LocalSystem
from tests.adapters.listener import listening
from tests.functions.test_main_job import ADA, BOB, backfilled
from tests.interop.conftest import SEEDED
from tests.interop.nango import Nango, running_client
from tests.interop.test_webhooks import Receiver
from tests.interop.versions import clients

pytestmark = pytest.mark.asyncio(loop_scope="module")
SYNC = "fetch-messages"


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=clients("node"))
async def nango(system: LocalSystem, request: pytest.FixtureRequest) -> AsyncIterator[Nango]:
    """Return the client of one version, made of a host and a key."""
    package = clients("node")[request.param]
    async with running_client(package=package, host=system.url, secretKey=API_KEY) as client:
        yield client


async def test_at_least_four_versions_of_each_client_are_tried() -> None:
    for kind in ("node", "frontend"):
        assert len(clients(kind)) >= 4
        assert min(clients(kind)).startswith("0.58.")


async def test_connections_are_looked_at_tagged_with_metadata_and_listed(
    nango: Nango, connection: str
) -> None:
    found = await nango.getConnection(INTEGRATION, connection)
    assert (found["connection_id"], found["provider_config_key"]) == (connection, INTEGRATION)
    assert await nango.getToken(INTEGRATION, connection) == found["credentials"]["access_token"]
    assert (await nango.getRawTokenResponse(INTEGRATION, connection))["access_token"]
    await nango.setMetadata(INTEGRATION, connection, {"a": 1})
    await nango.updateMetadata(INTEGRATION, connection, {"b": 2})
    assert await nango.getMetadata(INTEGRATION, connection) == {"a": 1, "b": 2}
    listed = (await nango.listConnections(connection))["connections"]
    assert [one["connection_id"] for one in listed] == [connection]


async def test_sessions_are_opened_for_consent_and_for_its_renewal(
    nango: Nango, connection: str
) -> None:
    user = {"end_user": {"id": "u1", "email": ADA}, "allowed_integrations": [INTEGRATION]}
    assert (await nango.createConnectSession(user))["data"]["token"]
    again = {"connection_id": connection, "integration_id": INTEGRATION, "end_user": {"id": "u1"}}
    assert (await nango.createReconnectSession(again))["data"]["token"]


async def test_records_are_followed_and_syncs_steered(
    system: LocalSystem, nango: Nango, connection: str
) -> None:
    named = {"providerConfigKey": INTEGRATION, "connectionId": connection}
    page = await nango.listRecords({**named, "model": "EmailMessage", "limit": SEEDED})
    assert len(page["records"]) == SEEDED
    (sync,) = (await nango.syncStatus(INTEGRATION, [SYNC], connection))["syncs"]
    assert (sync["name"], sync["status"]) == (SYNC, "SUCCESS")
    await nango.triggerSync(INTEGRATION, [SYNC], connection)
    await nango.pauseSync(INTEGRATION, [SYNC], connection)
    await nango.startSync(INTEGRATION, [SYNC], connection)
    changed = await nango.updateSyncConnectionFrequency(INTEGRATION, SYNC, connection, "every hour")
    assert changed == {"frequency": "every hour"}
    await system.settle()


async def test_actions_and_the_proxy_reach_the_mailbox(nango: Nango, connection: str) -> None:
    profile = await nango.triggerAction(INTEGRATION, connection, "get-profile", {})
    assert profile["emailAddress"] == ADA
    named = {"providerConfigKey": INTEGRATION, "connectionId": connection}
    asked = {**named, "endpoint": "/gmail/v1/users/me/labels", "retries": 2}
    labels = (await nango.get(asked))["data"]["labels"]
    assert {"INBOX", "SENT"} <= {one["id"] for one in labels}
    base = {**named, "baseUrlOverride": "https://gmail.googleapis.com", "method": "GET"}
    found = await nango.proxy({**base, "endpoint": "/gmail/v1/users/me/profile"})
    assert found["data"]["emailAddress"] == ADA


async def test_constants_and_the_catalogue_answer(nango: Nango) -> None:
    (listed,) = (await nango.listIntegrations())["configs"]
    assert listed["unique_key"] == INTEGRATION
    assert (await nango.getIntegration({"uniqueKey": INTEGRATION}))["data"]["provider"]
    assert (await nango.getProvider({"provider": INTEGRATION}))["data"]["name"] == INTEGRATION
    assert (await nango.listProviders({}))["data"]
    assert await nango.getEnvironmentVariables() == []
    (config,) = await nango.getScriptsConfig()
    assert {one["name"] for one in config["syncs"]} == {SYNC}


async def test_its_own_verification_accepts_a_webhook_of_its_flavour(
    system: LocalSystem, nango: Nango
) -> None:
    receiver = Receiver()
    async with listening(receiver):
        url = f"http://127.0.0.1:{receiver.port}/hooks"
        asked = {"url": url, "secret": API_KEY, "flavour": "nango"}
        made = (await system.client.post("/webhook-endpoints", json=asked)).json()
        id = await connect(system.client, system.google, BOB)
        await backfilled(system, id)
        for body, headers in receiver.sent:
            signed: list[Any] = [headers["X-Nango-Signature"], json.loads(body)]
            assert await nango.verifyWebhookSignature(*signed) is True
            assert await nango.verifyWebhookSignature("0" * 64, signed[1]) is False
        assert {json.loads(body)["type"] for body, _ in receiver.sent} == {"auth", "sync"}
        await system.client.delete(f"/webhook-endpoints/{made['id']}")
    await nango.deleteConnection(INTEGRATION, id)
    await system.settle()
    assert (await nango.listConnections(id))["connections"] == []
