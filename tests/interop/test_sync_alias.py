"""Code that was written for Nango's published Gmail sync: its names, its records, its webhooks."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from infra.local.connecting import connect
from infra.local.environment import API_KEY
from infra.local.system import LocalSystem
from tests.adapters.listener import listening
from tests.functions.test_main_job import ADA
from tests.harness.whole import whole_system
from tests.interop.nango import Nango, NangoError
from tests.interop.test_webhooks import Receiver

pytestmark = pytest.mark.asyncio(loop_scope="module")
KEY, SYNC, MODEL = "gmail", "emails", "GmailEmail"
SECOND = "gmail-inbox", "Email"
SEEDED = 5
FIELDS = {"id", "sender", "recipients", "date", "subject", "body", "attachments", "threadId"}
MAIL = (
    b"From: Bo <bo@example.org>\r\nTo: Ada <ada@acme.example>, c@example.org\r\nSubject: Hi\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nHello!\r\n"
    b"--b\r\nContent-Type: text/csv; name=a.csv\r\n"
    b"Content-Disposition: attachment; filename=a.csv\r\n\r\n1,2\r\n--b--\r\n"
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalSystem]:
    names = {
        "POSTROOM_INTEGRATION_ALIASES": KEY,
        "POSTROOM_SYNC_ALIAS": f"{SYNC}/{MODEL}, {SECOND[0]}/{SECOND[1]}",
    }
    async with whole_system(tmp_path_factory.mktemp("alias"), {ADA: SEEDED}, names) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def receiver(system: LocalSystem) -> AsyncIterator[Receiver]:
    made = Receiver()
    async with listening(made):
        url = f"http://127.0.0.1:{made.port}/hooks"
        endpoint = {"url": url, "secret": API_KEY, "flavour": "nango"}
        (await system.client.post("/webhook-endpoints", json=endpoint)).raise_for_status()
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def connection(system: LocalSystem, receiver: Receiver) -> str:
    id = await connect(system.client, system.google, ADA)
    await system.settle()
    await system.google.post(f"/_control/mailboxes/{ADA}/messages", content=MAIL)
    await system.settle()
    return id


async def emails(nango: Nango, connection: str, **more: Any) -> list[dict[str, Any]]:
    asked = {"providerConfigKey": KEY, "connectionId": connection, "model": MODEL, **more}
    return list((await nango.listRecords(asked))["records"])


async def test_records_have_the_published_shape(nango: Nango, connection: str) -> None:
    found = await emails(nango, connection)
    assert len(found) == SEEDED + 1
    assert all(one.keys() - {"_nango_metadata"} == FIELDS for one in found)
    newest = found[-1]
    assert newest["sender"] == "Bo <bo@example.org>"
    assert newest["recipients"] == "Ada <ada@acme.example>, c@example.org"
    assert (newest["subject"], newest["body"].strip()) == ("Hi", "Hello!")
    (file,) = newest["attachments"]
    assert (file["filename"], file["mimeType"]) == ("a.csv", "text/csv")
    named = {"messageId": newest["id"], "attachmentId": file["attachmentId"]}
    got = await nango.triggerAction(KEY, connection, "get-attachment", named)
    assert got["size"] == file["size"]


async def test_the_webhook_names_what_the_receiver_reads(
    nango: Nango, receiver: Receiver, connection: str
) -> None:
    told = receiver.of_type("sync")[-1]
    assert (told["providerConfigKey"], told["syncName"], told["model"]) == (KEY, SYNC, MODEL)
    since = await emails(nango, connection, modifiedAfter=told["modifiedAfter"])
    assert [one["subject"] for one in since] == ["Hi"]
    assert await emails(nango, connection, cursor=told["cursor"]) == []


async def test_the_status_and_the_catalogue_have_it_under_its_name(
    nango: Nango, connection: str
) -> None:
    (sync,) = (await nango.syncStatus(KEY, [SYNC], connection))["syncs"]
    assert (sync["name"], sync["status"]) == (SYNC, "SUCCESS")
    assert sync["recordCount"] == {MODEL: SEEDED + 1}
    config = (await nango.getScriptsConfig())[0]
    listed = {one["name"]: one["returns"] for one in config["syncs"]}
    assert listed == {"fetch-messages": ["EmailMessage"], SYNC: [MODEL], SECOND[0]: [SECOND[1]]}


async def test_a_second_pair_of_names_is_served_beside_the_first(
    nango: Nango, connection: str
) -> None:
    sync, model = SECOND
    found = await emails(nango, connection)
    assert [one["id"] for one in await emails(nango, connection, model=model)] == [
        one["id"] for one in found
    ]
    statuses = (await nango.syncStatus(KEY, [SYNC, sync], connection))["syncs"]
    assert {one["name"]: one["recordCount"] for one in statuses} == {
        SYNC: {MODEL: len(found)},
        sync: {model: len(found)},
    }
    await nango.triggerSync(KEY, [sync], connection)


async def test_it_is_paused_started_triggered_and_paced_by_its_name(
    system: LocalSystem, nango: Nango, connection: str
) -> None:
    async def status() -> str:
        (sync,) = (await nango.syncStatus(KEY, [SYNC], connection))["syncs"]
        return str(sync["status"])

    await nango.pauseSync(KEY, [SYNC], connection)
    assert await status() == "PAUSED"
    await nango.startSync(KEY, [{"name": SYNC, "variant": "base"}], connection)
    await nango.triggerSync(KEY, [SYNC], connection, {"reset": True})
    async with asyncio.timeout(60):
        while await status() == "RUNNING":
            await system.settle()
    paced = await nango.updateSyncConnectionFrequency(KEY, SYNC, connection, "every 30 minutes")
    assert paced == {"frequency": "every 30 minutes"}
    with pytest.raises(NangoError) as unknown:
        await nango.triggerSync(KEY, ["mails"], connection)
    assert unknown.value.code == "unknown_sync"
