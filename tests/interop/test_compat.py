"""What code written for Nango asks besides: older names, constants, all paths of the client."""

import re

import pytest

from infra.local.environment import API_KEY, INTEGRATION
from infra.local.system import LocalSystem
from shared.edge.table import whole_table
from tests.interop.nango import Nango, NangoError
from tests.interop.packages import installed

ASKED = re.compile(r"\$\{this\.serverUrl\}((?:/(?:[\w-]+|\$\{[\w.]+\}))+)")
EXPRESSION = re.compile(r"\$\{[^}]+\}")


@pytest.mark.asyncio(loop_scope="module")
async def test_connections_have_the_name_that_older_clients_use(
    system: LocalSystem, nango: Nango, connection: str
) -> None:
    key = {"Authorization": f"Bearer {API_KEY}"}
    listed = (await system.client.get("/connection", headers=key)).json()
    nango.schemas.check("listConnections", listed)
    assert listed == await nango.listConnections()
    query = {"provider_config_key": INTEGRATION, "force_refresh": "false", "refresh_token": "false"}
    found = await system.client.get(f"/connection/{connection}", headers=key, params=query)
    nango.schemas.check("getConnection", found.json())
    assert found.json()["connection_id"] == connection
    body = {
        "connection_id": connection,
        "provider_config_key": INTEGRATION,
        "metadata": {"by": "the older name"},
    }
    wrote = await system.client.post("/connection/metadata", headers=key, json=body)
    nango.schemas.check("setMetadata", wrote.json())
    merged = await system.client.patch(
        "/connection/metadata", headers=key, json={**body, "metadata": {"and": 1}}
    )
    assert merged.status_code == 200
    assert await nango.getMetadata(INTEGRATION, connection) == {"by": "the older name", "and": 1}


@pytest.mark.asyncio(loop_scope="module")
async def test_metadata_is_written_at_the_path_that_names_the_connection(
    system: LocalSystem, nango: Nango, connection: str
) -> None:
    path = f"/connection/{connection}/metadata"
    headers = {"Authorization": f"Bearer {API_KEY}", "Provider-Config-Key": INTEGRATION}
    wrote = await system.client.post(path, headers=headers, json={"a": 1, "b": 1})
    assert wrote.json() == {"a": 1, "b": 1}
    await system.client.patch(path, headers=headers, json={"b": 2})
    assert await nango.getMetadata(INTEGRATION, connection) == {"a": 1, "b": 2}
    other = await system.client.post(
        path, headers={**headers, "Provider-Config-Key": "slack"}, json={}
    )
    assert other.status_code == 404
    for body in (["a"], "a"):
        refused = await system.client.post(path, headers=headers, json=body)
        assert refused.json()["error"]["code"] == "invalid_body"


@pytest.mark.asyncio(loop_scope="module")
async def test_a_sync_call_names_the_integration_in_its_headers_or_body(
    system: LocalSystem, connection: str
) -> None:
    key = {"Authorization": f"Bearer {API_KEY}"}
    named = {**key, "Provider-Config-Key": INTEGRATION, "Connection-Id": connection}
    for path in ("/sync/trigger", "/sync/pause", "/sync/start"):
        done = await system.client.post(path, headers=named, json={"syncs": ["fetch-messages"]})
        assert done.json() == {"success": True}
        refused = await system.client.post(path, headers=key, json={})
        assert refused.status_code == 400
        assert refused.json()["error"]["errors"][0]["path"] == ["provider_config_key"]


@pytest.mark.asyncio(loop_scope="module")
async def test_the_integration_and_the_provider_are_constants(
    system: LocalSystem, nango: Nango
) -> None:
    (listed,) = (await nango.listIntegrations())["configs"]
    nango.schemas.check("integrations", {"data": [listed]})
    assert (listed["unique_key"], listed["provider"]) == (INTEGRATION, INTEGRATION)
    shown = await nango.getIntegration({"uniqueKey": INTEGRATION}, {"include": ["webhook"]})
    assert shown == {"data": listed}
    (provider,) = (await nango.listProviders({"search": "gmail"}))["data"]
    assert (await nango.listProviders({"search": "slack"}))["data"] == []
    assert (await nango.listProviders({}))["data"] == [provider]
    assert await nango.getProvider({"provider": INTEGRATION}) == {"data": provider}
    assert provider["auth_mode"] == "OAUTH2"
    assert await nango.getEnvironmentVariables() == []
    for method, named in (("getIntegration", "uniqueKey"), ("getProvider", "provider")):
        with pytest.raises(NangoError) as unknown:
            await getattr(nango, method)({named: "slack"})
        assert (unknown.value.status, unknown.value.code) == (404, "not_found")


def test_every_path_that_the_client_asks_is_served_or_says_what_serves_instead() -> None:
    source = (installed() / "@nangohq/node/dist/index.js").read_text()
    asked = {EXPRESSION.sub("x", path) for path in ASKED.findall(source)} - {"/proxy"}
    assert len(asked) > 20
    served = [
        re.compile(re.sub(r"\\{\w+(:path)?\\}", ".+", re.escape(route.path)))
        for route in whole_table()
    ]
    assert [path for path in asked if not any(one.fullmatch(path) for one in served)] == []
