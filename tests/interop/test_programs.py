"""Programs written for Nango, in eleven ways that people use it, with host and key changed.

What stands besides is the deployment's: the names that they call sync and model by, and a webhook
endpoint of Nango's flavour with the key that they verify with.
"""

from collections.abc import AsyncIterator
from email.message import EmailMessage
from typing import Any

import pytest
import pytest_asyncio

from infra.local.connecting import _walk, connect
from infra.local.environment import API_KEY, INTEGRATION
from infra.local.system import LocalSystem
from tests.functions.test_main_job import ADA, BOB
from tests.harness.whole import whole_system
from tests.interop.running import Program, running

pytestmark = pytest.mark.asyncio(loop_scope="module")
NAMES = {"POSTROOM_SYNC_ALIAS": "emails/GmailEmail"}
SEEDED = 4


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalSystem]:
    folder = tmp_path_factory.mktemp("programs")
    async with whole_system(folder, {ADA: SEEDED, BOB: SEEDED}, NAMES) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bob(system: LocalSystem) -> str:
    """Return the connection of a user whose mailbox is read to the end."""
    id = await connect(system.client, system.google, BOB)
    await system.settle()
    return id


async def deliver(
    system: LocalSystem, to: str, subject: str, sender: str = "bo@far.example"
) -> None:
    raw = f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\n\r\nHello!".encode()
    await deliver_raw(system, to, raw)


async def deliver_raw(system: LocalSystem, to: str, raw: bytes) -> None:
    (await system.google.post(f"/_control/mailboxes/{to}/messages", content=raw)).raise_for_status()
    await system.settle()


def with_file(name: str, text: str) -> bytes:
    """Return a mail with a file, small ones of which Gmail shows inline."""
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "bo@far.example", f"With {name}"
    mail.set_content("Attached.")
    mail.add_attachment(text, subtype="csv", filename=name)
    return mail.as_bytes()


async def listen(system: LocalSystem, port: int) -> str:
    """Register a program as a receiver; answer the endpoint's path."""
    endpoint = {
        "url": f"http://127.0.0.1:{port}/webhooks",
        "secret": API_KEY,
        "flavour": "nango",
    }
    made = await system.client.post("/webhook-endpoints", json=endpoint)
    return f"/webhook-endpoints/{made.json()['id']}"


async def test_a_backend_opens_sessions_and_is_driven_by_webhooks(system: LocalSystem) -> None:
    async with running("webhooks", host=system.url) as program:
        began = await program.said()
        endpoint = await listen(system, began["port"])
        await system.control("/consent", {"email": ADA, "decision": "approve"})
        await _walk(began["link"])
        await system.settle()
        assert await program.said() == {"connected": "user-1", "key": INTEGRATION}
        seeded = [await program.said() for _ in range(SEEDED)]
        assert all(one["mail"] for one in seeded)
        await deliver(system, ADA, "Fresh")
        assert await program.said() == {"mail": "Fresh", "from": "bo@far.example"}
        await system.client.delete(endpoint)


async def test_a_drip_sender_writes_through_the_proxy(system: LocalSystem, bob: str) -> None:
    async with running("drip", "lead@far.example", "two@far.example", host=system.url) as program:
        first, second, refused = await program.rest()
    assert (first["lead"], first["messages"]) == ("lead@far.example", 1)
    assert second["id"] != first["id"]
    assert refused == {"refused": 403, "scope": "https://mail.google.com/"}


async def test_an_assistant_asks_gmail_with_the_token(system: LocalSystem, bob: str) -> None:
    gmail = system.environ["POSTROOM_GOOGLE_URL"]
    async with running("assistant", BOB, host=system.url, GMAIL_URL=gmail) as program:
        (seen,) = await program.rest()
    assert (seen["status"], seen["messages"]) == (200, 3)
    assert "https://www.googleapis.com/auth/gmail.modify" in seen["scopes"]


async def test_a_page_of_integrations_shows_what_is_connected(
    system: LocalSystem, bob: str
) -> None:
    async with running("catalogue", BOB, host=system.url) as program:
        (card,) = await program.rest()
    assert card == {
        "name": "Gmail",
        "key": INTEGRATION,
        "mode": "OAUTH2",
        "logo": True,
        "connected": 1,
        "broken": [],
        "syncs": ["fetch-messages", "emails"],
        "actions": True,
    }


async def test_a_relay_verifies_by_itself_and_finds_every_field(
    system: LocalSystem, bob: str
) -> None:
    async with running("relay", host=system.url) as program:
        endpoint = await listen(system, (await program.said())["port"])
        await deliver(system, BOB, "Relayed")
        assert await program.said() == {"type": "sync", "genuine": True, "missing": []}
        session = await system.client.post(
            "/connect/sessions/reconnect",
            json={"connection_id": bob, "integration_id": INTEGRATION},
        )
        await system.control("/consent", {"email": BOB, "decision": "approve"})
        await _walk(session.json()["data"]["connect_link"])
        await system.settle()
        assert await said_of(program, "auth") == {"type": "auth", "genuine": True, "missing": []}
        await system.client.delete(endpoint)


async def said_of(program: Program, type: str) -> Any:
    """Return the next thing it says of a webhook of that type."""
    while (found := await program.said())["type"] != type:
        assert found["genuine"]
    return found


async def test_filters_in_the_metadata_choose_the_tickets(system: LocalSystem, bob: str) -> None:
    await deliver(system, BOB, "It is broken", sender="eve@client.example")
    async with running("filters", BOB, "eve@client.example", host=system.url) as program:
        (done,) = await program.rest()
    assert done == {
        "tickets": ["It is broken"],
        "seen": 1,
        "kept": {"sender": "eve@client.example"},
    }


async def test_a_nightly_job_takes_what_changed_since(system: LocalSystem, bob: str) -> None:
    answer = await system.client.get(
        "/records", headers={"Connection-Id": bob}, params={"limit": 1000}
    )
    newest = max(one["_nango_metadata"]["last_modified_at"] for one in answer.json()["records"])
    await system.advance(60)
    for subject in ("One", "Two", "Three"):
        await deliver(system, BOB, subject)
    async with running("delta", bob, newest, host=system.url) as program:
        (done,) = await program.rest()
    assert done["status"] == "SUCCESS"
    assert [one for one in done["found"] if one[1] in {"One", "Two", "Three"}] == [
        ["ADDED", "One"],
        ["ADDED", "Two"],
        ["ADDED", "Three"],
    ]
    assert len(done["found"]) <= SEEDED


async def test_an_agent_for_each_user_calls_the_mailboxes_tools(
    system: LocalSystem, bob: str
) -> None:
    async with running("agent", BOB, host=system.url) as program:
        answers = await program.rest()
    assert [one["tool"] for one in answers] == ["list-labels", "send-email"]
    assert all(one["text"] and not one["failed"] for one in answers)


async def test_a_worker_without_a_client_names_mailbox_and_integration_by_headers(
    system: LocalSystem, bob: str
) -> None:
    await deliver_raw(system, BOB, with_file("notes.csv", "a,b"))
    async with running("worker", BOB, host=system.url) as program:
        (done,) = await program.rest()
    assert done == {"status": "SUCCESS", "files": ["a,b"], "draft": ["DRAFT"], "seen": True}


async def test_an_archive_keeps_the_files_and_disconnects_the_user(system: LocalSystem) -> None:
    id = await connect(system.client, system.google, ADA)
    await deliver_raw(system, ADA, with_file("large.csv", "1,2\r\n" * 20_000))
    async with running("archive", ADA, host=system.url) as program:
        (done,) = await program.rest()
    (file,) = done.pop("kept")
    assert (file["name"], file["bytes"]) == ("large.csv", file["size"])
    assert done == {
        "name": "Gmail",
        "renamed": "Sorted",
        "status": "PAUSED",
        "left": "none",
        "marked": True,
    }
    await system.settle()
    gone = await system.client.get(f"/connections/{id}")
    assert gone.status_code == 404
