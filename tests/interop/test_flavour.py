"""An endpoint of Nango's flavour, verified as a receiver that was written for Nango does."""

import json
from collections.abc import AsyncIterator
from hashlib import sha256

import pytest
import pytest_asyncio

from infra.local.connecting import connect
from infra.local.environment import API_KEY
from infra.local.system import LocalSystem
from tests.adapters.listener import listening
from tests.functions.test_main_job import BOB, backfilled
from tests.interop.nango import Nango, running_client
from tests.interop.test_webhooks import TYPES, Receiver

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def nango(system: LocalSystem) -> AsyncIterator[Nango]:
    """Return the client with the two options that its guide names."""
    async with running_client(host=system.url, secretKey=API_KEY) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def receiver(system: LocalSystem) -> AsyncIterator[Receiver]:
    """Return a receiver that holds the API key, after a mailbox was connected and backfilled."""
    made = Receiver()
    async with listening(made):
        url = f"http://127.0.0.1:{made.port}/hooks"
        asked = {"url": url, "secret": API_KEY, "flavour": "nango"}
        registered = await system.client.post("/webhook-endpoints", json=asked)
        assert (registered.status_code, registered.json()["flavour"]) == (201, "nango")
        id = await connect(system.client, system.google, BOB)
        await backfilled(system, id)
        send = {"to": BOB, "subject": "Hi", "body": "Hello."}
        headers = {"Connection-Id": id, "Idempotency-Key": "one"}
        assert (await system.client.post("/send", json=send, headers=headers)).status_code == 200
        await system.settle()
        yield made


async def test_the_client_verifies_with_its_api_key_alone(nango: Nango, receiver: Receiver) -> None:
    assert receiver.sent
    for body, headers in receiver.sent:
        assert await nango.verifyIncomingWebhookRequest(body, headers) is True
        assert await nango.verifyIncomingWebhookRequest(f"{body} ", headers) is False
        parsed = json.loads(body)
        assert parsed["from"] == "nango"
        nango.schemas.check(TYPES[parsed["type"]], parsed)


async def test_the_older_scheme_verifies_over_the_parsed_body(
    nango: Nango, receiver: Receiver
) -> None:
    for body, headers in receiver.sent:
        again = json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":"))
        expected = sha256(f"{API_KEY}{again}".encode()).hexdigest()
        assert headers["X-Nango-Signature"] == expected
        signed = [expected, json.loads(body)]
        assert await nango.verifyWebhookSignature(*signed) is True


async def test_types_that_nango_has_not_come_only_where_they_are_named(
    receiver: Receiver,
) -> None:
    assert {json.loads(body)["type"] for body, _ in receiver.sent} == {"auth", "sync"}
