"""HttpGmail against the emulated Google: every operation."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from shared.adapters.gmail.client import HttpGmail
from shared.domain.ids import HistoryId, LabelId, MessageId, ThreadId
from shared.domain.mail.reading.email_message import read_message
from shared.domain.sync.history import fold
from shared.errors import (
    GmailNotFoundError,
    GmailRefusedError,
    HistoryExpiredError,
    InvalidRequestError,
)
from tests.contracts.google.emulated_google import ADA, BEN, calls
from tests.infra.google.emulator import Google, letter

TOPIC = "projects/demo/topics/gmail"
UNKNOWN = MessageId("18c00000000fffff")

# Reading


async def test_the_profile_names_the_mailbox_and_its_history_id(
    google: Google, gmail: HttpGmail
) -> None:
    google.deliver(ADA, letter("Hello"))
    profile = await gmail.profile()
    assert (profile.email, profile.messages_total) == (ADA, 1)
    assert profile.history_id > 0


async def test_history_tells_what_was_added_relabelled_and_deleted(
    google: Google, gmail: HttpGmail
) -> None:
    start = (await gmail.profile()).history_id
    kept = google.deliver(ADA, letter("Kept"))["id"]
    gone = google.deliver(ADA, letter("Gone"))["id"]
    await gmail.call("POST", f"/messages/{kept}/modify", body={"removeLabelIds": ["UNREAD"]})
    await gmail.call("DELETE", f"/messages/{gone}")
    page = await gmail.history(start, None)
    net = fold(page.records)
    assert net[MessageId(kept)].added
    assert not next(on for _, on in net[MessageId(kept)].label_ops.values())
    assert net[MessageId(gone)].deleted
    assert page.next_page is None
    assert page.history_id == (await gmail.profile()).history_id


async def test_a_quiet_history_is_empty(gmail: HttpGmail) -> None:
    start = (await gmail.profile()).history_id
    page = await gmail.history(start, None)
    assert (page.records, page.history_id, page.next_page) == ((), start, None)


async def test_a_page_of_history_may_be_empty_and_not_the_last(
    google: Google, gmail: HttpGmail
) -> None:
    start = (await gmail.profile()).history_id
    google.deliver(ADA, letter("Hello"))
    google.fault("page_without_history", times=1)
    first = await gmail.history(start, None)
    assert first.next_page is not None
    assert not first.records
    assert (await gmail.history(start, first.next_page)).records


async def test_history_that_is_too_old_has_an_error_of_its_own(
    google: Google, gmail: HttpGmail
) -> None:
    google.fault("history_expired")
    with pytest.raises(HistoryExpiredError):
        await gmail.history(HistoryId(1), None)


async def test_listings_are_paged_and_include_spam_and_trash(
    google: Google, gmail: HttpGmail
) -> None:
    google.mailbox(ADA, messages=620)
    google.control(
        "POST", f"/mailboxes/{ADA}/messages?labelIds=SPAM", content=letter("x").as_bytes()
    )
    first = await gmail.message_ids(since=None)
    assert first.next_page is not None
    second = await gmail.message_ids(since=None, page=first.next_page)
    found = {ref.id for page in (first, second) for ref in page.refs}
    assert found == {message["id"] for message in google.held(ADA)}


async def test_a_listing_can_begin_at_a_second_and_be_of_one_label(
    google: Google, gmail: HttpGmail
) -> None:
    google.mailbox(ADA, messages=60, span_days=20)
    since = datetime.now(UTC) - timedelta(days=10)
    page = await gmail.message_ids(since=since, label_id=LabelId("INBOX"))
    expected = {
        message["id"]
        for message in google.held(ADA)
        if int(message["internalDate"]) >= since.timestamp() * 1000
        and "INBOX" in message["labelIds"]
    }
    assert {ref.id for ref in page.refs} == expected


async def test_a_message_and_its_thread_come_in_full(google: Google, gmail: HttpGmail) -> None:
    sent = google.deliver(ADA, letter("Full", "Some words.\n"))
    message = await gmail.message(MessageId(sent["id"]))
    assert read_message(message)["text"] == "Some words.\n"
    assert [found["id"] for found in await gmail.thread(ThreadId(sent["threadId"]))] == [sent["id"]]


async def test_an_unknown_message_is_not_found(gmail: HttpGmail) -> None:
    with pytest.raises(GmailNotFoundError):
        await gmail.message(UNKNOWN)


async def test_every_label_is_named(gmail: HttpGmail) -> None:
    made = await gmail.call("POST", "/labels", body={"name": "Clients"})
    assert {"INBOX", "SPAM", made["id"]} <= set(await gmail.label_ids())


async def test_a_watch_expires_within_a_week_and_can_be_stopped(gmail: HttpGmail) -> None:
    watched = await gmail.watch(TOPIC)
    assert watched.expires_at - datetime.now(UTC) < timedelta(days=8)
    await gmail.stop()


async def test_a_second_client_of_a_watch_is_told_to_stop_first(
    google: Google, gmail: HttpGmail
) -> None:
    google.fault("watch_conflict", times=1)
    with pytest.raises(GmailRefusedError) as refused:
        await gmail.watch(TOPIC)
    assert refused.value.status == 400
    assert "Only one user push notification client" in refused.value.body


# Attachments


def with_attachment(content: bytes) -> EmailMessage:
    mail = letter("Attached")
    mail.add_attachment(content, maintype="application", subtype="pdf", filename="a.pdf")
    return mail


async def test_an_attachment_is_addressed_by_its_part(google: Google, gmail: HttpGmail) -> None:
    id = MessageId(google.deliver(ADA, with_attachment(b"%PDF" * 5_000))["id"])
    (found,) = read_message(await gmail.message(id))["attachments"]
    assert await gmail.attachment(id, found["partId"]) == b"%PDF" * 5_000


async def test_a_part_with_inline_data_needs_no_second_request(
    google: Google, gmail: HttpGmail
) -> None:
    id = MessageId(google.deliver(ADA, with_attachment(b"x"))["id"])
    assert await gmail.attachment(id, "0") == b"Hello.\n"
    assert calls(google, "gmail.users.messages.attachments.get") == 0


async def test_a_part_that_does_not_exist_is_not_found(google: Google, gmail: HttpGmail) -> None:
    id = MessageId(google.deliver(ADA, letter("Hello"))["id"])
    with pytest.raises(GmailNotFoundError):
        await gmail.attachment(id, "7.7")


# Sending


@pytest.mark.parametrize("size", [10, 4_000_000], ids=["json", "upload"])
@pytest.mark.parametrize("threaded", [False, True])
async def test_mail_of_any_size_is_sent_and_keeps_its_thread(
    google: Google, gmail: HttpGmail, size: int, threaded: bool
) -> None:
    google.mailbox(BEN)
    first = google.deliver(ADA, letter("Numbers"))
    asked = (await gmail.headers(MessageId(first["id"]), ["Message-ID"]))["payload"]["headers"]
    mail = letter("Re: Numbers", sender=ADA, to=BEN, In_Reply_To=asked[0]["value"])
    mail["References"] = asked[0]["value"]
    mail.add_attachment(b"n" * size, maintype="application", subtype="x-n", filename="n")
    sent = await gmail.send(mail.as_bytes(), ThreadId(first["threadId"]) if threaded else None)
    assert sent.id in {ref.id for ref in await gmail.sent_since(datetime.now(UTC) - timedelta(1))}
    assert len(google.held(BEN)) == 1
    if threaded:
        assert sent.thread_id == first["threadId"]


@pytest.mark.parametrize("size", [10, 4_000_000], ids=["json", "upload"])
async def test_a_draft_lives_until_it_is_sent(google: Google, gmail: HttpGmail, size: int) -> None:
    google.mailbox(BEN)
    began = datetime.now(UTC) - timedelta(minutes=1)
    mail = letter("Draft", sender=ADA, to=BEN)
    mail.add_attachment(b"n" * size, maintype="application", subtype="x-n", filename="n")
    draft = await gmail.create_draft(mail.as_bytes(), None)
    assert await gmail.get_draft(draft.id) == draft
    assert draft in await gmail.recent_drafts(began)
    sent = await gmail.send_draft(draft.id)
    assert sent.thread_id == draft.thread_id
    assert await gmail.get_draft(draft.id) is None
    with pytest.raises(GmailNotFoundError):
        await gmail.send_draft(draft.id)


async def test_only_the_headers_asked_for_come_back(google: Google, gmail: HttpGmail) -> None:
    sent = google.deliver(ADA, letter("Marked", X_Postroom_Send="abc"))
    found = await gmail.headers(MessageId(sent["id"]), ["X-Postroom-Send"])
    assert found["payload"]["headers"] == [{"name": "X-Postroom-Send", "value": "abc"}]
    (same,) = await gmail.thread_headers(ThreadId(sent["threadId"]), ["X-Postroom-Send"])
    assert same["payload"]["headers"] == found["payload"]["headers"]


async def test_the_account_itself_is_the_first_alias(gmail: HttpGmail) -> None:
    assert (await gmail.aliases())[0]["sendAsEmail"] == ADA


# Any other method


async def test_any_method_can_be_called(google: Google, gmail: HttpGmail) -> None:
    google.mailbox(ADA, messages=3)
    listed = await gmail.call("GET", "/messages", query={"maxResults": "2", "labelIds": ["INBOX"]})
    assert len(listed["messages"]) <= 2
    made = await gmail.call("POST", "/labels", body={"name": "New"})
    assert await gmail.call("DELETE", f"/labels/{made['id']}") is None


@pytest.mark.parametrize(
    "path",
    [
        "messages",
        "//evil.example/x",
        "/../x",
        "/messages/..",
        "/a?b=c",
        "/a#b",
        "/a%2e",
        "",
        "/a\nb",
    ],
)
async def test_a_path_cannot_leave_the_mailbox(gmail: HttpGmail, path: str) -> None:
    with pytest.raises(InvalidRequestError):
        await gmail.call("GET", path)
