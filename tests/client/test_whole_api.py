"""The Python client against the API: every operation for products, as it is described."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from shared.actions.gmail.send_email import SendEmailInput
from shared.client import (
    ConflictError,
    Message,
    NotFoundError,
    Postroom,
    ReauthRequiredError,
    WaitingForApprovalError,
)
from shared.client.records import EmailMessage as Record
from shared.client.sends import File
from shared.edge.api.mail.record_models import EmailMessage as ServedRecord
from tests.client.conftest import ADA, SEEDED, ClientHarness

LETTER: Message = {"to": "bo@example.org", "subject": "Tea", "body": "At four?"}


def test_the_typed_messages_are_the_described_ones() -> None:
    asked = SendEmailInput.model_json_schema(by_alias=True)
    assert Message.__annotations__.keys() == asked["properties"].keys()
    assert File.__annotations__.keys() == asked["$defs"]["AttachmentField"]["properties"].keys()
    served = ServedRecord.model_json_schema(by_alias=True)
    assert Record.__annotations__.keys() == served["properties"].keys()


async def test_a_mailbox_is_connected_looked_at_and_changed(harness: ClientHarness) -> None:
    connections = harness.postroom.connections
    session = await connections.session({"end_user_id": "u"}, access="read")
    assert session.token in session.connect_link
    again = await connections.reconnect_session(harness.connection_id, {"end_user_id": ADA})
    assert again.expires_at > datetime.now(UTC)
    (found,) = await connections.of_end_user(ADA)
    assert (found.id, found.email, found.needs_consent) == (harness.connection_id, ADA, False)
    await connections.change(found.id, tags={"team": "blue"}, sync={"window": "60d"})
    await connections.replace_metadata(found.id, metadata={"a": 1, "b": 1})
    await connections.merge_metadata(found.id, metadata={"b": 2})
    (changed,) = await connections.page(tags={"team": "blue"}, search="ada")
    assert changed.metadata == {"a": 1, "b": 2}
    assert [one.id async for one in connections.all()] == [found.id]
    whole = await connections.get(found.id, refresh_token=True)
    assert whole.credentials is not None
    assert whole.credentials.refresh_token is not None
    assert whole.credentials.refresh_token not in repr(whole)
    assert whole.watch.expires_at is not None


async def test_a_connection_is_removed_and_taken_over_from_elsewhere(
    harness: ClientHarness,
) -> None:
    connections = harness.postroom.connections
    credentials = (await connections.get(harness.connection_id, refresh_token=True)).credentials
    assert credentials is not None
    moved = await connections.take_over(credentials.refresh_token or "", connection_id="moved-1")
    assert (moved.id, moved.email) == ("moved-1", ADA)
    await connections.disconnect("moved-1")
    await harness.system.settle()
    await connections.disconnect("moved-1")
    receipt = await connections.receipt("moved-1")
    assert receipt.finished_at is not None


async def test_records_are_followed_by_cursor_and_shown_on_screens(harness: ClientHarness) -> None:
    records, id = harness.postroom.records, harness.connection_id
    pages = [page async for page in records.pages(id, None, limit=2)]
    messages = [one for page in pages for one in page.records]
    assert len(messages) == SEEDED
    assert [page.more for page in pages][-1] is False
    assert (await records.page(id, pages[-1].cursor)).records == []
    screen = await records.screen(id, label="INBOX", limit=1)
    assert screen.records[0]["id"] == messages[0]["id"] or screen.before
    found = await records.search(id, labels=messages[0]["labelIds"][:1], limit=100)
    assert messages[0]["id"] in [row["id"] for row in found.records]
    assert (found.units, found.complete) == (0, True)
    counts = await records.labels(id)
    assert (counts.messages, counts.complete) == (SEEDED, True)
    unread = await records.screen(id, label=["UNREAD", "INBOX"])
    assert all({"UNREAD", "INBOX"} <= {*row["labelIds"]} for row in unread.records)
    (one,) = await records.get(id, messages[0]["id"], "none")
    assert one["_nango_metadata"]["last_action"] == "ADDED"
    since = datetime.now(UTC) - timedelta(days=1)
    assert (await records.page(id, None, only=["deleted"], modified_after=since)).records == []
    pruned = await records.prune(id, messages[0]["_nango_metadata"]["cursor"])
    assert (pruned.count, pruned.has_more) == (1, False)


async def test_a_file_is_read_as_it_arrives_and_where_it_broke_off(harness: ClientHarness) -> None:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "bo@example.org", ADA, "File"
    letter.set_content("Here it is.")
    content = bytes(range(256)) * 1000
    letter.add_attachment(content, "application", "x-data", filename="data.bin")
    path = f"/_control/mailboxes/{ADA}/messages"
    await harness.system.google.post(path, content=letter.as_bytes())
    await harness.system.settle()
    records, id = harness.postroom.records, harness.connection_id
    (found,) = (await records.screen(id, limit=1)).records
    (file,) = found["attachments"]
    async with records.attachment(id, found["id"], file["partId"]) as answer:
        assert b"".join([piece async for piece in answer.aiter_bytes()]) == content
    async with records.attachment(id, found["id"], file["partId"], from_byte=255_000) as answer:
        assert await answer.aread() == content[255_000:]
    link = await records.attachment_link(id, found["id"], file["partId"])
    assert (await harness.system.client.get(link.url)).content == content


async def test_syncs_are_steered_and_explained(harness: ClientHarness) -> None:
    syncs, id = harness.postroom.syncs, harness.connection_id
    status = await syncs.status(id)
    assert status is not None
    assert (status.messages, status.backfilling, status.error) == (SEEDED, False, None)
    await syncs.pause(id)
    assert [one.status for one in await syncs.statuses()] == ["PAUSED"]
    await syncs.start(id)
    await syncs.trigger(id, reset=True)
    await syncs.trigger(id)
    await syncs.audit(id)
    assert await syncs.set_frequency(id, "every 2 hours") == "every 2 hours"
    await harness.system.settle()
    known = (await harness.postroom.records.page(id, None, limit=1)).records[0]["id"]
    assert (await syncs.explain(id, known)).verdict == "stored"
    by_words = await syncs.explain(id, "in:anywhere")
    assert (by_words.verdict, by_words.found[0]) == ("stored", by_words.message_id)
    assert len(by_words.found) == SEEDED
    with pytest.raises(NotFoundError):
        await syncs.explain(id, "subject:nothing-is-called-so")
    assert await syncs.quarantine(id) == []
    with pytest.raises(NotFoundError):
        await syncs.retry(id, known)


async def test_a_key_sends_once_later_or_never(harness: ClientHarness) -> None:
    sends, id = harness.postroom.sends, harness.connection_id
    first = await sends.send(id, LETTER, "order/17")
    again = await sends.send(id, LETTER, "order/17")
    assert (first.status, first.replayed, again.replayed) == ("submitted", False, True)
    assert first.message_id == again.message_id == (await sends.get(id, "order/17")).id
    dry = await sends.send(id, {**LETTER, "dry_run": True}, "dry")
    assert dry.raw is not None
    with pytest.raises(ConflictError):
        await sends.send(id, {**LETTER, "subject": "Coffee"}, "order/17")
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert (await sends.send(id, {**LETTER, "send_at": later}, "later")).status == "accepted"
    assert (await sends.cancel(id, "later")).status == "cancelled"
    bulk = await sends.bulk(id, {"b-1": LETTER, "b-2": {**LETTER, "subject": "Two"}})
    await harness.system.settle()
    progress = await sends.bulk_progress(id, bulk.id, limit=1)
    assert (progress.total, progress.done, progress.counts) == (2, True, {"submitted": 2})
    assert [one.idempotency_key for one in progress.messages] == ["b-1"]


async def test_actions_run_now_later_and_by_gmails_own_name(harness: ClientHarness) -> None:
    actions, id = harness.postroom.actions, harness.connection_id
    profile = await actions.run(id, "get-profile")
    assert profile["emailAddress"] == ADA
    made = await actions.run(id, "create-label", {"name": "Tea"}, idempotency_key="l-1")
    same = await actions.run(id, "create-label", {"name": "Tea"}, idempotency_key="l-1")
    assert made == same
    started = await actions.begin(id, "list-labels")
    await harness.system.settle()
    done, output = await actions.result(started)
    assert done
    assert made["id"] in {one["id"] for one in output["labels"]}
    labels = (await actions.gmail(id, "GET", "users/me/labels")).json()["labels"]
    assert made["id"] in {one["id"] for one in labels}
    path = f"users/me/labels/{made['id']}"
    await actions.gmail(id, "PUT", path, json={"name": "Coffee"})
    await actions.gmail(id, "PATCH", path, json={"name": "Milk"})
    await actions.gmail(id, "DELETE", path)
    await actions.gmail(id, "POST", "users/me/labels", json={"name": "Water"})
    catalogue = {one["name"] for one in (await actions.catalogue())[0]["actions"]}
    tools = {one["name"] for one in await actions.tools()}
    assert {"send-email"} <= tools
    assert catalogue - tools == {"watch-mailbox", "stop-watch", "list-watch-history"}


async def test_events_their_receivers_and_operations_are_seen(harness: ClientHarness) -> None:
    events, webhooks = harness.postroom.events, harness.postroom.webhooks
    made = await webhooks.create("http://127.0.0.1:9/hooks", types=["sync"])
    assert made.secret is not None
    assert made.secret not in repr(made)
    (seen,) = await webhooks.list()
    changed = await webhooks.change(made.id, description="ours", enabled=False)
    assert (seen.enabled, changed.enabled) == (True, False)
    assert (await webhooks.get(made.id)).description == "ours"
    assert (await webhooks.rotate_secret(made.id)).live_secrets == 2
    await webhooks.delete(made.id)
    await webhooks.delete(made.id)
    first, *_ = await events.list(connection_id=harness.connection_id)
    assert first.payload["from"] == "postroom"
    assert await events.redeliver(first.id) == "pending"
    again = await events.redeliver_since(first.created_at, state="delivered")
    assert not again.more
    operations = await events.operations(connection_id=harness.connection_id, type="sync")
    assert {one.name for one in operations} == {"fetch-messages"}


async def test_keys_are_made_rotated_and_revoked(harness: ClientHarness) -> None:
    keys = harness.postroom.keys
    made = await keys.create("reader", ["records:read"], connections=[harness.connection_id])
    assert made.key not in repr(made)
    assert [one.id for one in await keys.list()] == [made.id]
    rotated = await keys.rotate(made.id, overlap_hours=1)
    assert rotated.key != made.key
    assert (await keys.get(made.id)).previous_until is not None
    assert (await keys.revoke(made.id)).revoked_at is not None


async def test_what_an_agent_may_not_do_alone_is_decided_by_a_person(
    harness: ClientHarness,
) -> None:
    postroom, id = harness.postroom, harness.connection_id
    key = await postroom.keys.create(
        "agent", ["send", "actions"], policy={"approval_required": ["send"]}
    )
    async with Postroom.open(harness.system.url, key.key) as agent:
        asked = await agent.sends.send(id, LETTER, "agent-1")
        with pytest.raises(WaitingForApprovalError) as waits:
            await agent.actions.run(id, "send-email", LETTER, idempotency_key="agent-2")
    waiting = await postroom.approvals.page(connection_id=id, state="pending")
    second, first = waiting.approvals
    assert (asked.status, asked.approval_id) == ("waiting_for_approval", first.id)
    assert waits.value.approval_id == second.id
    opened = await postroom.approvals.get(first.id)
    assert opened.preview is not None
    assert opened.preview["subject"] == "Tea"
    assert (await postroom.approvals.approve(first.id)).state == "approved"
    async with Postroom.open(harness.system.url, key.key) as agent:
        assert (await agent.sends.send(id, LETTER, "agent-1")).status == "submitted"
    rejected = await postroom.approvals.reject(second.id, "Not today.")
    assert (rejected.state, rejected.reason) == ("rejected", "Not today.")


async def test_a_grant_that_ended_asks_for_a_new_consent(harness: ClientHarness) -> None:
    harness.system.emulated.grants.revoke(ADA)
    with pytest.raises(ReauthRequiredError):
        await harness.postroom.connections.get(harness.connection_id, fresh_token=True)
