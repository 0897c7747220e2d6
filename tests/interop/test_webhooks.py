"""Webhooks that Postroom really sent, verified by Nango's Node client and held to its types."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from infra.local.connecting import NotConnectedError, _walk, connect
from infra.local.environment import INTEGRATION, WEBHOOK_SECRET
from infra.local.system import LocalSystem
from tests.adapters.listener import Listener, listening
from tests.functions.test_main_job import ADA, BOB, backfilled
from tests.interop.nango import Nango

pytestmark = pytest.mark.asyncio(loop_scope="module")
MAIL = b"From: ada@acme.example\r\nTo: bob@acme.example\r\nSubject: Hi\r\n\r\nHello!"
TYPES = {"auth": "authWebhook", "sync": "syncWebhook", "async_action": "asyncActionWebhook"}
PATIENT = 3
"""Failures in a row after which the product is told."""
Sent = tuple[str, dict[str, str]]


class Receiver(Listener):
    """A product's webhook address."""

    @property
    def sent(self) -> list[Sent]:
        """Return the raw body and the headers of each webhook."""
        return [_taken_apart(one) for one in self.requests]

    def of_type(self, type: str) -> list[dict[str, Any]]:
        bodies = [json.loads(body) for body, _ in self.sent]
        return [one for one in bodies if one["type"] == type]


def _taken_apart(request: bytes) -> Sent:
    head, body = request.split(b"\r\n\r\n", 1)
    lines = [line.split(": ", 1) for line in head.decode().split("\r\n")[1:]]
    return body.decode(), dict(lines)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def receiver(system: LocalSystem) -> AsyncIterator[Receiver]:
    """Return the receiver of everything that happens to Bob's connection from its first day."""
    made = Receiver()
    async with listening(made):
        url = f"http://127.0.0.1:{made.port}/hooks"
        registered = await system.client.post(
            "/webhook-endpoints", json={"url": url, "secret": WEBHOOK_SECRET}
        )
        assert registered.status_code == 201
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bob(system: LocalSystem, receiver: Receiver, nango: Nango) -> str:
    """Return Bob's connection after it connected, got a mail and ran an action later."""
    id = await connect(system.client, system.google, BOB)
    await backfilled(system, id)
    await system.google.post(f"/_control/mailboxes/{BOB}/messages", content=MAIL)
    await system.settle()
    await nango.triggerActionAsync(INTEGRATION, id, "get-profile")
    await system.settle()
    return id


async def test_every_webhook_verifies_and_is_of_its_type(
    nango: Nango, receiver: Receiver, bob: str
) -> None:
    assert {json.loads(body)["type"] for body, _ in receiver.sent} == {*TYPES}
    for body, headers in receiver.sent:
        assert await nango.verifyIncomingWebhookRequest(body, headers) is True
        parsed = json.loads(body)
        nango.schemas.check(TYPES[parsed["type"]], parsed)
        assert parsed["connectionId"] == bob


async def test_webhooks_say_what_happened(nango: Nango, receiver: Receiver, bob: str) -> None:
    (auth,) = receiver.of_type("auth")
    assert (auth["operation"], auth["success"], auth["authMode"]) == ("creation", True, "OAUTH2")
    assert auth["endUser"] == {"endUserId": BOB, "endUserEmail": BOB, "tags": {}}
    newest = receiver.of_type("sync")[-1]
    assert (newest["syncName"], newest["model"]) == ("fetch-messages", "EmailMessage")
    assert newest["responseResults"] == {"added": 1, "updated": 0, "deleted": 0}
    page = {"providerConfigKey": INTEGRATION, "connectionId": bob, "model": newest["model"]}
    since = await nango.listRecords({**page, "modifiedAfter": newest["modifiedAfter"]})
    assert [one["subject"] for one in since["records"]] == ["Hi"]
    (later,) = receiver.of_type("async_action")
    output = await nango.getAsyncActionResult(later["payload"])
    assert output["emailAddress"] == BOB


async def test_what_was_changed_on_its_way_or_signed_with_another_key_is_refused(
    nango: Nango, receiver: Receiver, bob: str
) -> None:
    body, headers = receiver.sent[0]
    assert await nango.verifyIncomingWebhookRequest(f"{body} ", headers) is False
    assert await nango.verifyIncomingWebhookRequest(body.replace("true", "false"), headers) is False
    unsigned = {name: value for name, value in headers.items() if "hmac" not in name.lower()}
    assert await nango.verifyIncomingWebhookRequest(body, unsigned) is False
    stranger = nango.using(webhookSigningKey="whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCwgMzIgYnk=")
    assert await stranger.verifyIncomingWebhookRequest(body, headers) is False


async def test_after_a_rotation_the_new_secret_signs(
    system: LocalSystem, nango: Nango, receiver: Receiver, bob: str
) -> None:
    (endpoint,) = (await system.client.get("/webhook-endpoints")).json()["webhook_endpoints"]
    rotated = await system.client.post(
        f"/webhook-endpoints/{endpoint['id']}/rotate-secret", json={}
    )
    before = len(receiver.sent)
    await system.google.post(f"/_control/mailboxes/{BOB}/messages", content=MAIL)
    await system.settle()
    body, headers = receiver.sent[before]
    renewed = nango.using(webhookSigningKey=rotated.json()["secret"])
    assert await renewed.verifyIncomingWebhookRequest(body, headers) is True
    assert await nango.verifyIncomingWebhookRequest(body, headers) is False


async def test_a_sync_that_fails_is_told_of(
    system: LocalSystem, nango: Nango, receiver: Receiver, bob: str
) -> None:
    await system.control("/faults", {"fault": "status_503", "email": BOB})
    for _ in range(PATIENT):
        await nango.triggerSync(INTEGRATION, ["fetch-messages"], bob)
        await system.advance(7_200)
        await system.settle()
    failed = receiver.of_type("sync")[-1]
    nango.schemas.check("syncWebhook", failed)
    assert (failed["success"], failed["error"]["type"]) == (False, "upstream_error")
    (listed,) = (await nango.listConnections(bob))["connections"]
    assert [one["type"] for one in listed["errors"]] == ["sync"]
    (sync,) = (await nango.syncStatus(INTEGRATION, "*", bob))["syncs"]
    assert sync["status"] == "ERROR"
    await system.google.delete("/_control/faults")
    await nango.triggerSync(INTEGRATION, ["fetch-messages"], bob)
    await system.advance(7_200)
    await backfilled(system, bob)


async def test_a_revoked_grant_and_its_renewal_are_told_of(
    system: LocalSystem, nango: Nango, receiver: Receiver, bob: str
) -> None:
    seen = len(receiver.of_type("auth"))
    system.emulated.grants.revoke(BOB)
    await nango.triggerSync(INTEGRATION, ["fetch-messages"], bob)
    await system.settle()
    (refresh,) = receiver.of_type("auth")[seen:]
    nango.schemas.check("authWebhook", refresh)
    assert (refresh["operation"], refresh["success"]) == ("refresh", False)
    assert refresh["error"]["type"]
    asked = {"connection_id": bob, "integration_id": INTEGRATION}
    session = (await nango.createReconnectSession(asked))["data"]
    await system.control("/consent", {"email": BOB, "decision": "approve"})
    await _walk(session["connect_link"])
    await system.settle()
    override = receiver.of_type("auth")[-1]
    nango.schemas.check("authWebhook", override)
    assert (override["operation"], override["success"]) == ("override", True)
    assert (await nango.getConnection(INTEGRATION, bob))["errors"] == []


async def test_a_consent_that_was_denied_is_told_of(
    system: LocalSystem, nango: Nango, receiver: Receiver, bob: str
) -> None:
    seen = len(receiver.of_type("auth"))
    asked = {"end_user": {"id": "u-denied", "email": ADA}, "allowed_integrations": [INTEGRATION]}
    session = (await nango.createConnectSession(asked))["data"]
    await system.control("/consent", {"email": ADA, "decision": "deny"})
    with pytest.raises(NotConnectedError):
        await _walk(session["connect_link"])
    await system.settle()
    (denied,) = receiver.of_type("auth")[seen:]
    nango.schemas.check("authWebhook", denied)
    assert (denied["operation"], denied["success"]) == ("creation", False)
    assert denied["error"]["type"] == "access_denied"
    assert denied["endUser"]["endUserId"] == "u-denied"
    assert (await nango.listConnections({"userId": "u-denied"}))["connections"] == []


async def test_a_connection_may_have_a_webhook_address_of_its_own(
    system: LocalSystem, nango: Nango, receiver: Receiver
) -> None:
    own = Receiver()
    async with listening(own):
        session = await nango.createConnectSession(
            {
                "tags": {"end_user_id": ADA, "end_user_email": ADA},
                "webhook_url_override": f"http://127.0.0.1:{own.port}/of-ada",
            }
        )
        before = len(receiver.sent)
        await system.control("/consent", {"email": ADA, "decision": "approve"})
        await _walk(session["data"]["connect_link"])
        await system.settle()
        (ada,) = (await nango.listConnections({"userId": ADA}))["connections"]
        assert [one["connectionId"] for one in own.of_type("auth")] == [ada["connection_id"]]
        for body, headers in own.sent:
            assert await nango.verifyIncomingWebhookRequest(body, headers) is True
        assert len(receiver.sent) == before
        await nango.deleteConnection(INTEGRATION, ada["connection_id"])
        await system.settle()
        gone = own.of_type("auth")[-1]
        nango.schemas.check("authWebhook", gone)
        assert (gone["operation"], gone["success"]) == ("deletion", True)
