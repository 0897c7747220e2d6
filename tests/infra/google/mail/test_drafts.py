"""Drafts: saving replaces the message, sending consumes the draft (FACTS 3.8, 5.7, 5.8)."""

from typing import Any

import pytest

from infra.local.google.gmail.errors import GmailError
from infra.local.google.mail.drafts import send_draft
from tests.infra.google.mail.room import ANN, BOB, Room, encoded, mail


def body(*lines: str, **more: Any) -> dict[str, Any]:
    return {"message": {"raw": encoded(mail(f"To: {BOB}", *lines)), **more}}


def status_of(room: Room, method_id: str, *args: Any, **options: Any) -> int:
    with pytest.raises(GmailError) as caught:
        room.call(method_id, *args, **options)
    return caught.value.status


def test_a_save_keeps_the_draft_id_and_replaces_the_message_in_a_thread_of_its_own(room: Room):
    draft = room.call("drafts.create", body("Subject: one"))
    start = room.store.history_id(ANN)
    saved = room.call("drafts.update", body("Subject: two"), id=draft["id"])
    assert saved["id"] == draft["id"]
    assert saved["message"]["id"] != draft["message"]["id"]
    assert saved["message"]["threadId"] == saved["message"]["id"]
    added, deleted = room.changes(start)
    assert added["messagesAdded"][0]["message"]["labelIds"] == ["DRAFT"]
    assert deleted["messagesDeleted"][0]["message"]["id"] == draft["message"]["id"]
    assert [entry["id"] for entry in room.store.messages(ANN)] == [saved["message"]["id"]]


def test_sending_consumes_the_draft_in_its_thread(room: Room):
    draft = room.call("drafts.create", body("Subject: one", "X-Mark: 7"))
    start = room.store.history_id(ANN)
    sent = room.call("drafts.send", {"id": draft["id"]})
    assert sent["labelIds"] == ["SENT"]
    assert sent["id"] != draft["message"]["id"]
    assert sent["threadId"] == draft["message"]["threadId"]
    deleted, added, *silent = room.changes(start)
    assert [record.keys() for record in silent] == [{"id", "messages"}] * 4
    assert deleted["messagesDeleted"][0]["message"]["id"] == draft["message"]["id"]
    assert added["messagesAdded"][0]["message"] == sent
    assert room.call("drafts.list") == {"resultSizeEstimate": 0}
    assert len(room.store.messages(BOB)) == 1


def test_a_consumed_draft_is_gone_but_an_update_says_it_is_no_draft(room: Room):
    draft_id = room.call("drafts.create", body("Subject: one"))["id"]
    room.call("drafts.send", {"id": draft_id})
    assert status_of(room, "drafts.get", id=draft_id) == 404
    assert status_of(room, "drafts.send", {"id": draft_id}) == 404
    assert status_of(room, "drafts.delete", id=draft_id) == 404
    with pytest.raises(GmailError, match="Message not a draft"):
        room.call("drafts.update", body("Subject: two"), id=draft_id)
    assert len(room.store.messages(ANN)) == 1


def test_deleting_an_orphan_deletes_the_sent_message(room: Room):
    draft_id = room.call("drafts.create", body("Subject: one"))["id"]
    send_draft(room.store, ANN, draft_id, orphan=True)
    assert room.call("drafts.get", id=draft_id)["message"]["labelIds"] == ["SENT"]
    assert status_of(room, "drafts.send", {"id": draft_id}) == 400
    assert status_of(room, "drafts.update", body("Subject: two"), id=draft_id) == 400
    room.call("drafts.delete", id=draft_id)
    assert room.store.messages(ANN) == []


def test_a_refused_send_leaves_the_draft_as_it_was(room: Room):
    raw = encoded(mail("Subject: to nobody"))
    draft = room.call("drafts.create", {"message": {"raw": raw}})
    before = room.store.history_id(ANN)
    assert status_of(room, "drafts.send", {"id": draft["id"]}) == 400
    assert room.call("drafts.get", id=draft["id"])["message"]["id"] == draft["message"]["id"]
    assert room.store.history_id(ANN) == before


def test_a_message_given_with_the_send_is_what_is_sent(room: Room):
    draft_id = room.call("drafts.create", body("Subject: old"))["id"]
    sent = room.call("drafts.send", {"id": draft_id, **body("Subject: new")})
    assert room.found("subject:new") == [sent["id"]]
    assert room.found("subject:old") == []


def test_drafts_are_listed_and_read_with_their_ids(room: Room):
    room.deliver("Subject: no draft")
    first = room.call("drafts.create", body("Subject: one"))
    room.clock.advance(seconds=1)
    second = room.call("drafts.create", body("Subject: two"))
    listed = room.call("drafts.list")["drafts"]
    assert [entry["id"] for entry in listed] == [second["id"], first["id"]]
    assert listed[0]["message"].keys() == {"id", "threadId"}
    found = room.call("drafts.list", query={"q": "subject:one"})["drafts"]
    assert [entry["id"] for entry in found] == [first["id"]]
    got = room.call("drafts.get", id=first["id"], query={"format": "metadata"})
    headers = {one["name"]: one["value"] for one in got["message"]["payload"]["headers"]}
    assert list(headers) == ["Received", "From", "To", "Subject", "Date", "Message-Id"]
    assert headers["Subject"] == "one"


def test_a_saved_reply_leaves_its_conversation_unless_its_thread_is_named(room: Room):
    first = room.deliver("Message-ID: <1@x>", "Subject: Plan")
    lines = ("Subject: Re: Plan", "In-Reply-To: <1@x>", "References: <1@x>")
    draft = room.call("drafts.create", body(*lines, threadId=first))
    assert draft["message"]["threadId"] == first
    named = room.call("drafts.update", body(*lines, threadId=first), id=draft["id"])
    assert named["message"]["threadId"] == first
    unnamed = room.call("drafts.update", body(*lines), id=draft["id"])
    assert unnamed["message"]["threadId"] == unnamed["message"]["id"]


def test_deleting_the_message_deletes_the_draft(room: Room):
    draft = room.call("drafts.create", body("Subject: one"))
    room.call("messages.delete", id=draft["message"]["id"])
    assert status_of(room, "drafts.get", id=draft["id"]) == 404


def test_a_seeded_draft_is_a_draft(room: Room):
    id = room.deliver("Subject: seeded", label_ids=("DRAFT",))
    assert [entry["message"]["id"] for entry in room.call("drafts.list")["drafts"]] == [id]


def test_a_draft_without_a_message_is_refused(room: Room):
    with pytest.raises(GmailError, match="Missing draft message"):
        room.call("drafts.create", {})


def test_an_unknown_draft_is_not_found(room: Room):
    assert status_of(room, "drafts.get", id="r1") == 404
    assert status_of(room, "drafts.update", body("Subject: x"), id="r1") == 404


def test_no_id_is_given_twice_though_its_message_is_gone(room: Room):
    """Saves within one millisecond, as of a program: each former message is deleted."""
    draft = room.call("drafts.create", body("Subject: 0"))
    ids = [draft["message"]["id"]]
    for number in range(1, 300):
        saved = room.call("drafts.update", body(f"Subject: {number}"), id=draft["id"])
        ids.append(saved["message"]["id"])
        if number % 3 == 0:
            room.call("drafts.delete", id=draft["id"])
            draft = room.call("drafts.create", body("Subject: again"))
            ids.append(draft["message"]["id"])
    assert len({*ids}) == len(ids)
    assert ids == sorted(ids)
