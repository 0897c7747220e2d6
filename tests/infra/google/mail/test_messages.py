"""users.messages, labels and threads: shapes, refusals, paging."""

from typing import Any

import pytest

from infra.local.google.gmail.call import Media
from infra.local.google.gmail.errors import GmailError
from tests.infra.google.mail.room import ANN, BOB, Room, encoded, mail

UNKNOWN = "18c0ffee18c0ffee"


def refusal(room: Room, method_id: str, *args: Any, **options: Any) -> tuple[int, str]:
    """Return (status, message) of a call that must be refused."""
    with pytest.raises(GmailError) as caught:
        room.call(method_id, *args, **options)
    assert caught.value.body()["error"]["code"] == caught.value.status
    return caught.value.status, caught.value.message


def test_a_full_message_has_what_gmail_sends(room: Room):
    id = room.deliver("From: Bob <bob@x.org>", "Subject: =?utf-8?q?na=C3=AFve?=", "", "Hi <you>")
    message = room.call("messages.get", id=id)
    assert message["id"] == message["threadId"] == id
    assert message["labelIds"] == ["INBOX", "UNREAD"]
    assert message["snippet"] == "Hi &lt;you&gt;"
    now_ms = int(room.clock.now().timestamp() * 1000)
    assert now_ms - 15_999 <= int(message["internalDate"]) <= now_ms
    assert message["internalDate"].endswith("000")
    assert int(id, 16) >> 20 == now_ms
    assert message["historyId"] == str(room.store.history_id(ANN))
    payload = message["payload"]
    assert payload["headers"][1] == {"name": "Subject", "value": "na\u00efve"}
    assert payload["body"] == {"size": 10, "data": "SGkgPHlvdT4NCg=="}


def test_a_body_is_utf_8_whatever_its_charset_claims(room: Room):
    raw = b"Content-Type: text/plain; charset=iso-8859-2\r\n\r\n\xb1"
    id = room.store.deliver(ANN, raw).id
    body = room.call("messages.get", id=id)["payload"]["body"]
    assert body == {"size": 2, "data": "xIU="}


def test_metadata_is_headers_only_and_the_filter_ignores_case(room: Room):
    id = room.deliver("From: b@x.org", "Subject: s", "X-Mark: 1", "", "body")
    query = [("format", "METADATA"), ("metadataHeaders", "x-mark"), ("metadataHeaders", "SUBJECT")]
    payload = room.call("messages.get", id=id, query=query)["payload"]
    assert payload == {
        "mimeType": "text/plain",
        "headers": [{"name": "Subject", "value": "s"}, {"name": "X-Mark", "value": "1"}],
    }


def test_raw_is_what_was_stored_and_minimal_has_an_empty_payload(room: Room):
    raw = mail("Subject: s", "", "body")
    id = room.store.deliver(ANN, raw).id
    assert room.call("messages.get", id=id, query={"format": "raw"})["raw"] == encoded(raw)
    minimal = room.call("messages.get", id=id, query={"format": "minimal"})
    assert minimal["payload"] == {"partId": ""}
    assert "snippet" not in minimal


def test_a_message_without_labels_has_no_label_ids(room: Room):
    id = room.deliver("Subject: s", label_ids=())
    assert "labelIds" not in room.call("messages.get", id=id)


@pytest.mark.parametrize("bad", ["xyz", "", "-1", "8000000000000000", "123456789012345678"])
def test_an_id_that_is_none_is_refused(room: Room, bad: str):
    assert refusal(room, "messages.get", id=bad) == (400, "Invalid id value")


@pytest.mark.parametrize(
    "method_id",
    ["messages.get", "messages.trash", "messages.delete", "threads.get", "threads.trash"],
)
def test_an_unknown_id_is_not_found(room: Room, method_id: str):
    assert refusal(room, method_id, id=UNKNOWN) == (404, "Requested entity was not found.")


def test_another_mailboxes_message_is_not_found(room: Room):
    id = room.deliver("Subject: s", email=BOB)
    assert refusal(room, "messages.get", id=id)[0] == 404


def test_an_empty_list_has_no_key(room: Room):
    assert room.call("messages.list") == {"resultSizeEstimate": 0}
    assert room.call("threads.list") == {"resultSizeEstimate": 0}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("0", "Invalid maxResults"),
        (str(2**31), "Invalid maxResults"),
        ("many", "Invalid value at 'max_results' (TYPE_UINT32), \"many\""),
        ("-1", "Invalid value at 'max_results' (TYPE_UINT32), \"-1\""),
    ],
)
def test_a_page_size_that_is_none_is_refused(room: Room, given: str, message: str):
    assert refusal(room, "messages.list", query={"maxResults": given}) == (400, message)


def test_a_page_holds_at_most_five_hundred(room: Room):
    now = room.clock.now()
    room.store.deliver_many(ANN, [(mail("Subject: s"), now, ("INBOX",))] * 502)
    page = room.call("messages.list", query={"maxResults": "9999"})
    assert len(page["messages"]) == 500
    assert page["resultSizeEstimate"] == 201
    assert len(page["nextPageToken"]) == 20
    assert page["nextPageToken"].isdigit()


def test_deletions_shift_the_next_page(room: Room):
    ids = [room.deliver(f"Subject: {number}") for number in range(6)][::-1]
    page = room.call("messages.list", query={"maxResults": "2"})
    room.call("messages.delete", id=ids[0])
    token = {"maxResults": "2", "pageToken": page["nextPageToken"]}
    following = room.call("messages.list", query=token)["messages"]
    assert [entry["id"] for entry in following] == ids[3:5]


def test_a_page_token_belongs_to_its_query(room: Room):
    for number in range(3):
        room.deliver(f"Subject: {number}")
    token = room.call("messages.list", query={"maxResults": "1"})["nextPageToken"]
    for query in ({"q": "in:inbox"}, {"includeSpamTrash": "true"}, {"labelIds": "INBOX"}):
        query["pageToken"] = token
        assert refusal(room, "messages.list", query=query) == (400, "Invalid pageToken")
    query = {"pageToken": "junk"}
    assert refusal(room, "messages.list", query=query) == (400, "Invalid pageToken")


def test_labels_are_anded_and_unknown_ones_refused(room: Room):
    room.deliver("Subject: one")
    both = room.deliver("Subject: two", label_ids=("INBOX", "STARRED"))
    query = [("labelIds", "INBOX"), ("labelIds", "STARRED")]
    listed = room.call("messages.list", query=query)["messages"]
    assert [entry["id"] for entry in listed] == [both]
    query = [("labelIds", "Label_9")]
    assert refusal(room, "messages.list", query=query) == (400, "Invalid label")


def test_an_unknown_parameter_is_refused(room: Room):
    status, message = refusal(room, "messages.list", query={"maxresults": "5"})
    assert status == 400
    assert 'Unknown name "maxresults"' in message


def test_other_formats_than_json_are_refused_loudly(room: Room):
    assert refusal(room, "messages.list", query={"alt": "proto"})[0] == 501


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "No label add or removes specified"),
        ({"addLabelIds": ["Label_9"]}, "Invalid label: Label_9"),
        ({"addLabelIds": ["SENT"]}, "Invalid label: SENT"),
        ({"removeLabelIds": ["DRAFT"]}, "Invalid label: DRAFT"),
        (
            {"addLabelIds": ["STARRED"], "removeLabelIds": ["STARRED"]},
            "Cannot both add and remove the same label",
        ),
    ],
)
def test_an_impossible_label_change_is_refused(room: Room, body: Any, message: str):
    id = room.deliver("Subject: s")
    before = room.store.history_id(ANN)
    assert refusal(room, "messages.modify", body, id=id) == (400, message)
    assert room.store.history_id(ANN) == before


def test_a_batch_passes_over_unknown_ids(room: Room):
    ids = [room.deliver("Subject: 1"), room.deliver("Subject: 2")]
    body = {"ids": [*ids, UNKNOWN], "removeLabelIds": ["UNREAD"]}
    assert room.call("messages.batchModify", body) is None
    assert [room.labels(id) for id in ids] == [["INBOX"], ["INBOX"]]
    assert room.call("messages.batchDelete", {"ids": [*ids, UNKNOWN]}) is None
    assert room.store.messages(ANN) == []


def test_insert_stores_as_it_is_and_import_takes_the_date_header(room: Room):
    raw = mail("Date: Tue, 03 Mar 2026 10:00:00 +0100", "Message-ID: <own@x>")
    body = {"raw": encoded(raw), "labelIds": ["INBOX"]}
    inserted = room.call("messages.insert", body)
    imported = room.call("messages.import", body)
    assert inserted["labelIds"] == ["INBOX"]
    dates = [
        room.call("messages.get", id=entry["id"])["internalDate"] for entry in (inserted, imported)
    ]
    assert dates == [str(int(room.clock.now().timestamp() * 1000)), "1772528400000"]
    assert len(room.found("rfc822msgid:own@x")) == 2


def test_an_upload_carries_the_bytes_and_its_metadata_the_rest(room: Room):
    media = Media(mail("Subject: s", "", "\u00fc"), {"labelIds": ["STARRED"]})
    id = room.call("messages.insert", media=media)["id"]
    assert room.labels(id) == ["STARRED"]


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (None, "'raw' RFC822 payload message string"),
        ({"raw": "***"}, "Base64 decoding failed"),
        ({"raw": 5}, "Invalid value at 'raw'"),
        ({"text": "hi"}, 'Unknown name "text"'),
        ([], "Root element must be a message"),
    ],
)
def test_a_message_that_is_none_is_refused(room: Room, body: Any, part: str):
    status, message = refusal(room, "messages.insert", body)
    assert status == 400
    assert part in message


def test_fields_cut_the_answer_down(room: Room):
    id = room.deliver("Subject: s", "From: b@x.org", "", "hi")
    query = {"fields": "id,payload(headers/name,body/size)"}
    assert room.call("messages.get", id=id, query=query) == {
        "id": id,
        "payload": {"headers": [{"name": "Subject"}, {"name": "From"}], "body": {"size": 4}},
    }
    assert room.call("messages.list", query={"fields": "messages/id"}) == {"messages": [{"id": id}]}
    assert room.call("messages.list", query={"fields": "nextPageToken"}) == {}


@pytest.mark.parametrize(
    "fields", ["nonsense", "id,", "id(", "payload(headers", "messages)", "a b"]
)
def test_fields_that_are_none_are_refused(room: Room, fields: str):
    status, message = refusal(room, "messages.list", query={"fields": fields})
    assert status == 400
    assert message.startswith("Invalid field selection")


def test_the_metadata_scope_sees_neither_bodies_nor_search(room: Room):
    id = room.deliver("Subject: s")
    room.scopes = frozenset({"https://www.googleapis.com/auth/gmail.metadata"})
    assert refusal(room, "messages.get", id=id)[0] == 403
    assert refusal(room, "messages.list", query={"q": "x"})[0] == 403
    assert room.call("messages.get", id=id, query={"format": "metadata"})["id"] == id


def test_a_fresh_message_may_be_missing_for_a_moment(room: Room):
    id = room.deliver("Subject: s")
    room.faults = ["fresh_404"]
    assert refusal(room, "messages.get", id=id)[0] == 404
    assert room.call("messages.get", id=id)["id"] == id


def test_a_thread_is_read_changed_trashed_and_deleted_as_one(room: Room):
    first = room.deliver("Message-ID: <1@x>", "Subject: Plan", "", "first words")
    second = room.deliver("References: <1@x>", "Subject: Re: Plan", "", "last words")
    listed = room.call("threads.list")["threads"]
    assert [(entry["id"], entry["snippet"]) for entry in listed] == [(first, "last words")]
    thread = room.call("threads.get", id=first, query={"format": "minimal"})
    assert [message["id"] for message in thread["messages"]] == [first, second]
    assert "snippet" not in thread
    start = room.store.history_id(ANN)
    room.call("threads.modify", {"removeLabelIds": ["UNREAD"]}, id=first)
    assert len(room.changes(start)) == 1
    room.call("threads.trash", id=first)
    assert room.call("threads.list") == {"resultSizeEstimate": 0}
    back = room.call("threads.untrash", id=first)
    assert list(back) == ["id", "historyId", "messages"]
    assert room.labels(second) == []
    assert room.call("threads.delete", id=first) is None
    assert room.store.messages(ANN) == []


def test_labels_are_made_counted_renamed_and_deleted(room: Room):
    label = room.call("labels.create", {"name": "Big deals"})
    id = room.deliver("Subject: s")
    room.call("messages.modify", {"addLabelIds": [label["id"]]}, id=id)
    assert "type" not in label
    assert room.call("labels.get", id=label["id"]) == {
        **label,
        "type": "user",
        "messagesTotal": 1,
        "messagesUnread": 1,
        "threadsTotal": 1,
        "threadsUnread": 1,
    }
    assert room.found("label:big-deals") == [id]
    room.call("labels.patch", {"name": "Deals"}, id=label["id"])
    assert room.found("label:deals") == [id]
    start = room.store.history_id(ANN)
    assert room.call("labels.delete", id=label["id"]) is None
    assert room.changes(start)[0]["labelsRemoved"][0]["labelIds"] == [label["id"]]
    assert room.labels(id) == ["INBOX", "UNREAD"]


def test_label_names_are_unique_and_gmails_own_are_fixed(room: Room):
    room.call("labels.create", {"name": "Deals"})
    assert refusal(room, "labels.create", {"name": "deals"})[0] == 409
    other = room.call("labels.create", {"name": "Work/Deals"})
    assert room.call("labels.create", {"name": "Work-Deals"})["id"] != other["id"]
    assert refusal(room, "labels.patch", {"name": "DEALS"}, id=other["id"])[0] == 409
    assert refusal(room, "labels.create", {"name": "Inbox"})[0] == 400
    assert refusal(room, "labels.create", {"name": " "})[0] == 400
    assert refusal(room, "labels.delete", id="INBOX")[0] == 400
    assert refusal(room, "labels.get", id="Label_9")[0] == 404
    assert all("messagesTotal" not in label for label in room.call("labels.list")["labels"])


def test_watch_and_stop_reach_the_registrations(room: Room):
    answer = room.call("watch", {"topicName": "projects/demo/topics/gmail", "labelIds": ["INBOX"]})
    assert answer == {"historyId": str(room.store.history_id(ANN)), "expiration": "1800000000000"}
    assert room.watches.topics[ANN] == ("projects/demo/topics/gmail", ["INBOX"], "include")
    assert room.call("stop") is None
    assert room.watches.topics == {}


def test_watch_refuses_a_second_client_and_unknown_labels(room: Room):
    room.faults = ["watch_conflict"]
    body = {"topicName": "projects/demo/topics/gmail"}
    assert "Only one user push" in refusal(room, "watch", body)[1]
    assert refusal(room, "watch", {**body, "labelIds": ["X"]})[0] == 400
    assert refusal(room, "watch", {})[0] == 400
