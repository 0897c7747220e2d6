"""Errors as Nango's Node client raises them: each is of its error type and says what to do."""

from typing import Any

import pytest

from infra.local.environment import API_KEY, INTEGRATION
from infra.local.system import LocalSystem
from tests.functions.test_main_job import BOB
from tests.interop.nango import Nango, NangoError

pytestmark = pytest.mark.asyncio(loop_scope="module")
NOBODY = "00000000-0000-4000-8000-000000000000"
RECORDS = {"providerConfigKey": INTEGRATION, "connectionId": NOBODY, "model": "EmailMessage"}
OF_NOBODY: list[tuple[str, list[Any]]] = [
    ("getConnection", [INTEGRATION, NOBODY]),
    ("getToken", [INTEGRATION, NOBODY]),
    ("getMetadata", [INTEGRATION, NOBODY]),
    ("setMetadata", [INTEGRATION, NOBODY, {"a": 1}]),
    ("updateMetadata", [INTEGRATION, [NOBODY], {"a": 1}]),
    ("patchConnection", [{"connectionId": NOBODY, "provider_config_key": INTEGRATION}, {}]),
    ("deleteConnection", [INTEGRATION, NOBODY]),
    ("createReconnectSession", [{"connection_id": NOBODY, "integration_id": INTEGRATION}]),
    ("triggerAction", [INTEGRATION, NOBODY, "send-email", {"to": BOB, "body": "x"}]),
    ("triggerActionAsync", [INTEGRATION, NOBODY, "get-profile"]),
    ("triggerSync", [INTEGRATION, ["fetch-messages"], NOBODY]),
    ("startSync", [INTEGRATION, ["fetch-messages"], NOBODY]),
    ("pauseSync", [INTEGRATION, ["fetch-messages"], NOBODY]),
    ("syncStatus", [INTEGRATION, "*", NOBODY]),
    ("updateSyncConnectionFrequency", [INTEGRATION, "fetch-messages", NOBODY, "every hour"]),
    ("listRecords", [RECORDS]),
    ("pruneRecords", [{**RECORDS, "untilCursor": "x"}]),
    ("get", [{**RECORDS, "endpoint": "/gmail/v1/users/me/profile"}]),
]


async def refused(nango: Nango, method: str, *args: Any) -> NangoError:
    with pytest.raises(NangoError) as caught:
        await getattr(nango, method)(*args)
    return caught.value


@pytest.mark.parametrize(("method", "args"), OF_NOBODY, ids=[name for name, _ in OF_NOBODY])
async def test_a_connection_that_does_not_exist_is_unknown(
    nango: Nango, method: str, args: list[Any]
) -> None:
    error = await refused(nango, method, *args)
    assert (error.status, error.code) == (404, "unknown_connection")
    assert error.data["error"]["message"]


@pytest.mark.parametrize(
    ("method", "args"),
    [*OF_NOBODY, ("listConnections", []), ("getScriptsConfig", []), ("createConnectSession", [{}])],
    ids=[name for name, _ in OF_NOBODY] + ["listConnections", "scripts", "session"],
)
async def test_a_wrong_key_opens_nothing(nango: Nango, method: str, args: list[Any]) -> None:
    error = await refused(nango.using(secretKey="not-a-key"), method, *args)
    assert (error.status, error.code) == (401, "invalid_secret_key")
    assert "not-a-key" not in str(error.data)


async def test_a_key_may_do_what_it_may_and_no_more(
    system: LocalSystem, nango: Nango, connection: str
) -> None:
    made = await system.client.post(
        "/api-keys", json={"name": "reader", "permissions": ["records:read", "connections:read"]}
    )
    reader = nango.using(secretKey=made.json()["key"])
    assert (await reader.listRecords({**RECORDS, "connectionId": connection}))["records"]
    error = await refused(reader, "triggerAction", INTEGRATION, connection, "get-profile")
    assert (error.status, error.code) == (403, "forbidden")
    assert "actions" in error.data["error"]["message"]


async def test_another_integration_is_not_known_here(nango: Nango, connection: str) -> None:
    error = await refused(nango, "listRecords", {**RECORDS, "providerConfigKey": "slack"})
    assert (error.status, error.code) == (404, "unknown_connection")
    error = await refused(nango, "createConnectSession", {"allowed_integrations": ["slack"]})
    assert (error.status, error.code) == (400, "invalid_body")
    assert error.data["error"]["errors"][0]["path"][0] == "allowed_integrations"


async def test_bad_input_names_every_field_that_is_wrong(nango: Nango, connection: str) -> None:
    async def action(name: str, given: Any) -> NangoError:
        return await refused(nango, "triggerAction", INTEGRATION, connection, name, given)

    error = await action("send-email", {"to": BOB, "subject": 5, "bodyy": "x"})
    assert (error.status, error.code) == (400, "invalid_body")
    assert {one["path"][-1] for one in error.data["error"]["errors"]} == {"subject", "bodyy"}
    error = await action("send-email", {"to": "nobody, at all", "cc": "@", "body": "x"})
    assert (error.status, error.code) == (422, "invalid_recipient")
    assert {one["path"][-1] for one in error.data["error"]["errors"]} >= {"cc"}
    error = await action("no-such-action", {})
    assert (error.status, error.code) == (404, "unknown_action")
    error = await action("get-message", {"id": "00000000deadbeef"})
    assert (error.status, error.code) == (424, "upstream_error")
    assert error.data["error"]["upstream"]["status"] == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": "Calendar"},
        {"cursor": "not-a-cursor"},
        {"limit": 10_001},
        {"filter": "added,eaten"},
        {"modifiedAfter": "yesterday"},
        {"ids": ["x"] * 101},
        {"variant": "other"},
    ],
    ids=str,
)
async def test_a_listing_refuses_parameters_it_cannot_read(
    nango: Nango, connection: str, wrong: dict[str, Any]
) -> None:
    error = await refused(nango, "listRecords", {**RECORDS, "connectionId": connection, **wrong})
    assert (error.status, error.code) == (400, "invalid_query_params")


@pytest.mark.parametrize(
    ("method", "args", "answer"),
    [
        ("triggerSync", [["no-such-sync"]], (404, "unknown_sync")),
        (
            "pauseSync",
            [[{"name": "fetch-messages", "variant": "other"}]],
            (400, "invalid_body"),
        ),
    ],
)
async def test_an_unknown_sync_is_refused(
    nango: Nango, connection: str, method: str, args: list[Any], answer: tuple[int, str]
) -> None:
    error = await refused(nango, method, INTEGRATION, *args, connection)
    assert (error.status, error.code) == answer
    assert "fetch-messages" in error.data["error"]["message"] or "base" in str(error.data)


async def test_a_frequency_nobody_understands_is_refused(nango: Nango, connection: str) -> None:
    for frequency in ("now and then", "every second"):
        error = await refused(
            nango,
            "updateSyncConnectionFrequency",
            INTEGRATION,
            "fetch-messages",
            connection,
            frequency,
        )
        assert (error.status, error.code) == (400, "invalid_body")


async def test_credentials_of_a_revoked_grant_are_invalid_until_reconnected(
    system: LocalSystem, nango: Nango, connection: str
) -> None:
    system.emulated.grants.revoke("ada@acme.example")
    force_refresh = True
    error = await refused(nango, "getConnection", INTEGRATION, connection, force_refresh)
    assert (error.status, error.code) == (424, "invalid_credentials")
    assert error.data["error"]["payload"]["connection_id"] == connection
    (listed,) = (await nango.listConnections(connection))["connections"]
    assert [one["type"] for one in listed["errors"]] == ["auth"]


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("createIntegration", [{"provider": "slack", "unique_key": "slack"}]),
        ("updateIntegration", [{"uniqueKey": INTEGRATION}, {"display_name": "Mail"}]),
        ("deleteIntegration", [INTEGRATION]),
        ("listFunctions", [{"uniqueKey": INTEGRATION}]),
        ("getProviderTemplates", [{"provider": INTEGRATION}]),
        ("createSyncVariant", [{"name": "fetch-messages", "variant": "other"}]),
        ("deleteSyncVariant", [{"name": "fetch-messages", "variant": "other"}]),
    ],
)
async def test_what_is_not_offered_here_says_what_serves_instead(
    nango: Nango, method: str, args: list[Any]
) -> None:
    error = await refused(nango, method, *args)
    assert (error.status, error.code) == (404, "not_found")
    instead = error.data["error"]["payload"]["instead"]
    assert instead in error.data["error"]["message"]


async def test_the_client_refuses_by_itself_what_it_cannot_ask(nango: Nango) -> None:
    error = await refused(nango, "listRecords", {"model": "EmailMessage"})
    assert (error.status, str(error).partition(" ")[0]) == (None, "providerConfigKey")


async def test_the_key_may_be_given_by_either_name(nango: Nango) -> None:
    newer = nango.using(secretKey=None, apiKey=API_KEY)
    assert await newer.listConnections() == await nango.listConnections()
