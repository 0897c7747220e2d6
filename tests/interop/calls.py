"""One call of every method that Nango's Node clients have, in an order in which all can work."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from infra.local.environment import INTEGRATION
from tests.interop.nango import Nango, NangoError

SYNC, MODEL = "fetch-messages", "EmailMessage"
NO_ANSWER: Final = "refuses by itself"


@dataclass
class Ground:
    """What the calls are made on, and what earlier ones answered."""

    connection: str
    user: str
    webhook: tuple[str, Mapping[str, str]]
    """The body and headers of one that arrived."""
    answers: dict[str, Any] = field(default_factory=dict)

    @property
    def named(self) -> dict[str, str]:
        """The connection as most calls name it."""
        return {"providerConfigKey": INTEGRATION, "connectionId": self.connection}

    def proxied(self, path: str, **more: Any) -> dict[str, Any]:
        """Return a call to Gmail."""
        return {**self.named, "endpoint": f"/gmail/v1/users/me/{path}", **more}


@dataclass(frozen=True)
class Seen:
    """What came of one call: it is served, or refused with what serves instead."""

    served: bool
    instead: str = ""


Make = Callable[[Ground], list[Any]]
LETTER: Final = {"to": "bo@far.example", "subject": "Hello", "body": "Hi."}
RAW: Final = "VG86IGJvQGZhci5leGFtcGxlDQpTdWJqZWN0OiBIaQ0KDQpIZWxsby4"

CALLS: Final[Mapping[str, Make]] = {
    "listProviders": lambda _: [{}],
    "getProvider": lambda _: [{"provider": INTEGRATION}],
    "getProviderTemplates": lambda _: [{"provider": INTEGRATION}],
    "listIntegrations": lambda _: [],
    "getIntegration": lambda _: [{"uniqueKey": INTEGRATION}],
    "createIntegration": lambda _: [{"provider": INTEGRATION, "unique_key": "mine"}],
    "createQuickstartIntegration": lambda _: [{"provider": INTEGRATION}],
    "updateIntegration": lambda _: [{"uniqueKey": INTEGRATION}, {"display_name": "Mine"}],
    "deleteIntegration": lambda _: [INTEGRATION],
    "listFunctions": lambda _: [{"uniqueKey": INTEGRATION}],
    "getFunction": lambda _: [{"uniqueKey": INTEGRATION, "name": SYNC}],
    "getFunctionCode": lambda _: [{"uniqueKey": INTEGRATION, "name": SYNC}],
    "deleteFunction": lambda _: [{"uniqueKey": INTEGRATION, "name": SYNC}, {"type": "sync"}],
    "createConnectSession": lambda _: [{"end_user": {"id": "u-1"}}],
    "createReconnectSession": lambda ground: [
        {"connection_id": ground.connection, "integration_id": INTEGRATION}
    ],
    "createConnection": lambda _: [{}],
    "importConnection": lambda _: [{}],
    "waitForConnection": lambda ground: [INTEGRATION, ground.user],
    "listConnections": lambda ground: [ground.connection],
    "getConnection": lambda ground: [INTEGRATION, ground.connection],
    "patchConnection": lambda ground: [
        {"connectionId": ground.connection, "provider_config_key": INTEGRATION},
        {"tags": {"end_user_id": ground.user, "plan": "pro"}},
    ],
    "getToken": lambda ground: [INTEGRATION, ground.connection],
    "getRawTokenResponse": lambda ground: [INTEGRATION, ground.connection],
    "setMetadata": lambda ground: [INTEGRATION, ground.connection, {"a": 1}],
    "updateMetadata": lambda ground: [INTEGRATION, ground.connection, {"b": 2}],
    "getMetadata": lambda ground: [INTEGRATION, ground.connection],
    "getScriptsConfig": lambda _: [],
    "getEnvironmentVariables": lambda _: [],
    "triggerSync": lambda ground: [INTEGRATION, [SYNC], ground.connection],
    "pauseSync": lambda ground: [INTEGRATION, [SYNC], ground.connection],
    "startSync": lambda ground: [INTEGRATION, [SYNC], ground.connection],
    "syncStatus": lambda ground: [INTEGRATION, [SYNC], ground.connection],
    "updateSyncConnectionFrequency": lambda ground: [
        INTEGRATION,
        SYNC,
        ground.connection,
        "every hour",
    ],
    "createSyncVariant": lambda ground: [_variant(ground)],
    "deleteSyncVariant": lambda ground: [_variant(ground)],
    "listRecords": lambda ground: [{**ground.named, "model": MODEL, "limit": 1}],
    "pruneRecords": lambda ground: [
        {**ground.named, "model": MODEL, "untilCursor": _cursor(ground), "limit": 1}
    ],
    "triggerAction": lambda ground: [INTEGRATION, ground.connection, "send-email", LETTER],
    "triggerActionAsync": lambda ground: [INTEGRATION, ground.connection, "get-profile"],
    "getAsyncActionResult": lambda ground: [ground.answers["triggerActionAsync"]],
    "proxy": lambda ground: [ground.proxied("profile", method="GET")],
    "get": lambda ground: [ground.proxied("messages", params={"maxResults": "1"})],
    "post": lambda ground: [ground.proxied("drafts", data={"message": {"raw": RAW}})],
    "put": lambda ground: [ground.proxied(_draft(ground), data={"message": {"raw": RAW}})],
    "delete": lambda ground: [ground.proxied(_draft(ground))],
    "patch": lambda ground: [ground.proxied("labels/STARRED", data={})],
    "verifyWebhookSignature": lambda ground: [
        ground.webhook[1]["X-Nango-Signature"],
        _parsed(ground),
    ],
    "verifyIncomingWebhookRequest": lambda ground: [*ground.webhook],
    "deleteConnection": lambda ground: [INTEGRATION, ground.connection],
}
"""Arguments by method."""


async def outcome(nango: Nango, method: str, ground: Ground) -> Seen:
    """Call a method and answer what came of it; raises where that is neither answer nor refusal."""
    try:
        answered = await getattr(nango, method)(*CALLS[method](ground))
    except NangoError as error:
        return _refusal(method, error)
    assert answered is not False, method
    ground.answers[method] = answered
    return Seen(served=True)


def _refusal(method: str, error: NangoError) -> Seen:
    if error.status is None:
        assert "deprecated" in str(error), (method, error)
        return Seen(served=False, instead=NO_ANSWER)
    if method == "patch":  # Gmail's own refusal of its own label: the call reached it
        return Seen(served=error.status == 400)
    assert error.status == 404, (method, error.status, error.data)
    return Seen(served=False, instead=str(error.data["error"]["payload"]["instead"]))


def _variant(ground: Ground) -> dict[str, str]:
    named = {"provider_config_key": INTEGRATION, "connection_id": ground.connection}
    return {**named, "name": SYNC, "variant": "mine"}


def _cursor(ground: Ground) -> str:
    record = ground.answers["listRecords"]["records"][0]
    return str(record["_nango_metadata"]["cursor"])


def _draft(ground: Ground) -> str:
    return f"drafts/{ground.answers['post']['data']['id']}"


def _parsed(ground: Ground) -> Any:
    return json.loads(ground.webhook[0])
