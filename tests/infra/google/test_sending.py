"""Sent mail: what becomes of it here and in the other mailbox; drafts on the way."""

import email
from typing import Any

import httpx
import pytest
from googleapiclient.errors import HttpError

from tests.infra.google.emulator import Google, b64, error_of, letter, unb64

ADA, BEN, EVE = "ada@demo.example", "ben@demo.example", "eve@demo.example"


def raw_of(users: Any, message_id: str) -> Any:
    answer = users.messages().get(userId="me", id=message_id, format="raw").execute()
    return email.message_from_bytes(unb64(answer["raw"]))


def send(users: Any, mail: Any, **more: Any) -> dict[str, Any]:
    sent: dict[str, Any] = (
        users.messages().send(userId="me", body={"raw": b64(mail), **more}).execute()
    )
    return sent


def test_mail_to_a_seeded_mailbox_arrives_there(google: Google, users: Any, ben: str) -> None:
    send(users, letter("Hello Ben", "How are you?\n", sender=ADA, to=BEN))
    (arrived,) = google.held(BEN)
    assert {"INBOX", "UNREAD"} <= set(arrived["labelIds"])
    got = raw_of(google.client(BEN), arrived["id"])
    assert got["Subject"] == "Hello Ben"
    assert got.get_payload().strip() == "How are you?"


def test_the_two_copies_have_ids_of_their_own_and_one_message_id(
    google: Google, users: Any, ben: str
) -> None:
    sent = send(users, letter("Hello", sender=ADA, to=BEN))
    (arrived,) = google.held(BEN)
    assert arrived["id"] != sent["id"]
    theirs = raw_of(google.client(BEN), arrived["id"])["Message-ID"]
    assert raw_of(users, sent["id"])["Message-ID"] == theirs


def test_the_callers_message_id_is_rewritten_and_its_own_headers_stay(users: Any) -> None:
    """FACTS 5.4 and 5.5."""
    mail = letter("Marked", sender=ADA, to=BEN, X_Marker="m-17", Message_ID="<mine@own.example>")
    stored = raw_of(users, send(users, mail)["id"])
    assert stored["Message-ID"] != "<mine@own.example>"
    assert stored["Message-ID"].startswith("<CA")
    assert stored["Message-ID"].endswith("@mail.gmail.com>")
    assert stored["X-Marker"] == "m-17"


def test_bcc_reaches_its_reader_and_shows_only_to_the_sender(
    google: Google, users: Any, ben: str
) -> None:
    """FACTS 5.12."""
    google.mailbox(EVE)
    sent = send(users, letter("Quietly", sender=ADA, to=BEN, Bcc=EVE))
    assert raw_of(users, sent["id"])["Bcc"] == EVE
    for reader in (BEN, EVE):
        (arrived,) = google.held(reader)
        assert raw_of(google.client(reader), arrived["id"])["Bcc"] is None


def test_a_foreign_sender_is_silently_replaced(users: Any) -> None:
    """FACTS 5.11."""
    sent = send(users, letter("From whom?", sender="boss@elsewhere.example", to=BEN))
    assert ADA in raw_of(users, sent["id"])["From"]


def test_mail_to_oneself_is_sent_and_received(google: Google, users: Any) -> None:
    send(users, letter("Note to self", sender=ADA, to=ADA))
    labels = {label for one in google.held(ADA) for label in one["labelIds"]}
    assert {"SENT", "INBOX"} <= labels


def test_a_reply_joins_the_thread_on_both_sides(google: Google, users: Any, ben: str) -> None:
    sent = send(users, letter("Question", sender=ADA, to=BEN))
    theirs = google.client(BEN)
    (arrived,) = google.held(BEN)
    parent = raw_of(theirs, arrived["id"])["Message-ID"]
    answer = letter("Re: Question", sender=BEN, to=ADA, In_Reply_To=parent, References=parent)
    replied = send(theirs, answer, threadId=arrived["threadId"])
    assert replied["threadId"] == arrived["threadId"]
    thread = users.threads().get(userId="me", id=sent["threadId"]).execute()
    assert thread["messages"][0]["id"] == sent["id"]
    assert len(thread["messages"]) == 2


def test_another_subject_starts_another_thread(google: Google, users: Any) -> None:
    first = google.deliver(ADA, letter("Question", Message_ID="<q@post.example>"))
    same = google.deliver(
        ADA, letter("Re: Question", In_Reply_To="<q@post.example>", References="<q@post.example>")
    )
    other = google.deliver(
        ADA, letter("New topic", In_Reply_To="<q@post.example>", References="<q@post.example>")
    )
    unrelated = google.deliver(ADA, letter("Question"))
    assert same["threadId"] == first["threadId"]
    assert other["threadId"] != first["threadId"]
    assert unrelated["threadId"] != first["threadId"]


def test_an_unknown_thread_is_not_found(users: Any) -> None:
    with pytest.raises(HttpError) as refused:
        send(users, letter("Lost", sender=ADA, to=BEN), threadId="00000000deadbeef")
    assert refused.value.status_code == 404


def test_a_mail_without_recipients_is_refused_and_nothing_is_kept(
    google: Google, users: Any
) -> None:
    mail = letter("To nobody", sender=ADA)
    del mail["To"]
    with pytest.raises(HttpError) as refused:
        send(users, mail)
    assert refused.value.status_code == 400
    assert error_of(refused.value)["message"] == "Recipient address required"
    assert google.held(ADA) == []


def test_an_empty_raw_is_refused(users: Any) -> None:
    with pytest.raises(HttpError) as refused:
        users.messages().send(userId="me", body={}).execute()
    assert refused.value.status_code == 400


def test_a_sent_draft_is_gone_and_its_message_stays(google: Google, users: Any, ben: str) -> None:
    body = {"message": {"raw": b64(letter("Draft", sender=ADA, to=BEN))}}
    made = users.drafts().create(userId="me", body=body).execute()
    assert google.held(BEN) == []
    sent = users.drafts().send(userId="me", body={"id": made["id"]}).execute()
    assert sent["threadId"] == made["message"]["threadId"]
    assert users.drafts().list(userId="me").execute() == {"resultSizeEstimate": 0}
    assert [one["labelIds"] for one in google.held(ADA)] == [["SENT"]]
    assert len(google.held(BEN)) == 1


def test_a_draft_sent_twice_is_not_found_the_second_time(
    google: Google, users: Any, ben: str
) -> None:
    """FACTS 5.7: what was consumed cannot be sent again."""
    body = {"message": {"raw": b64(letter("Once", sender=ADA, to=BEN))}}
    made = users.drafts().create(userId="me", body=body).execute()
    users.drafts().send(userId="me", body={"id": made["id"]}).execute()
    with pytest.raises(HttpError) as refused:
        users.drafts().send(userId="me", body={"id": made["id"]}).execute()
    assert refused.value.status_code == 404
    assert len(google.held(BEN)) == 1


def test_a_saved_draft_leaves_its_thread_and_replaces_its_message(
    google: Google, users: Any
) -> None:
    drafts = users.drafts()
    body = {"message": {"raw": b64(letter("One", sender=ADA, to=BEN))}}
    made = drafts.create(userId="me", body=body).execute()
    body = {"message": {"raw": b64(letter("One", "Longer.\n", sender=ADA, to=BEN))}}
    saved = drafts.update(userId="me", id=made["id"], body=body).execute()
    assert saved["message"]["threadId"] == saved["message"]["id"]
    assert [one["id"] for one in google.held(ADA)] == [saved["message"]["id"]]
    with pytest.raises(HttpError) as refused:
        users.messages().get(userId="me", id=made["message"]["id"]).execute()
    assert refused.value.status_code == 404


def test_a_deleted_draft_takes_its_message_along(google: Google, users: Any) -> None:
    body = {"message": {"raw": b64(letter("Gone", sender=ADA, to=BEN))}}
    made = users.drafts().create(userId="me", body=body).execute()
    users.drafts().delete(userId="me", id=made["id"]).execute()
    assert google.held(ADA) == []


def test_a_draft_can_lose_its_answer_and_still_have_been_sent(
    google: Google, users: Any, ben: str
) -> None:
    """What every client of drafts.send must survive: the effect happens, the answer is lost."""
    body = {"message": {"raw": b64(letter("Unclear", sender=ADA, to=BEN))}}
    made = users.drafts().create(userId="me", body=body).execute()
    google.fault("drop_response", method="gmail.users.drafts.send", email=ADA, times=1)
    with pytest.raises(httpx.TransportError):  # httplib2 would quietly ask again
        google.call(ADA, "POST", "me/drafts/send", json={"id": made["id"]})
    assert users.drafts().list(userId="me").execute() == {"resultSizeEstimate": 0}
    assert len(google.held(BEN)) == 1
