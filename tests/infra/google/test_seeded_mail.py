"""The seeded mailbox, read twice: as the emulator tells it and by Python's own parser."""

import email
import re
from collections.abc import Callable
from email.header import decode_header, make_header
from email.message import Message
from typing import Any

import pytest

from tests.infra.google.emulator import Google, unb64

ADA = "ada@demo.example"
DAMAGED = "oldoffice.example"
Mail = dict[str, Any]


@pytest.fixture(scope="module")
def read(google_url: str) -> tuple[Google, list[Mail]]:
    """Seed once; return each message's id, labels, time and its parsed MIME."""
    google = Google(google_url)
    google.reset()
    google.mailbox(ADA, messages=600)
    messages = google.client(ADA).messages()
    mails = []
    for held in google.held(ADA):
        raw = unb64(messages.get(userId="me", id=held["id"], format="raw").execute()["raw"])
        mails.append({**held, "mime": email.message_from_bytes(raw), "bytes": raw})
    return google, mails


def sound(mails: list[Mail]) -> list[Mail]:
    """Leave out what is damaged on purpose."""
    return [one for one in mails if DAMAGED.encode() not in one["bytes"]]


def header(mime: Message, name: str) -> str:
    return str(make_header(decode_header(str(mime[name] or "")))).replace("\n", "")


def texts(mime: Message) -> list[str]:
    """Decode the inline texts of a sound message, as Python reads them."""
    found = []
    for part in mime.walk():
        if part.get_content_maintype() == "text" and not part.get_filename():
            data: Any = part.get_payload(decode=True)
            found.append(data.decode(part.get_content_charset() or "utf-8"))
    return found


def told_texts(part: dict[str, Any]) -> list[str]:
    inner = [text for each in part.get("parts", []) for text in told_texts(each)]
    if part["mimeType"].startswith("text/") and "data" in part["body"]:
        return [unb64(part["body"]["data"]).decode()]
    return inner


def test_every_sound_text_is_told_as_python_reads_it(read: tuple[Google, list[Mail]]) -> None:
    google, mails = read
    messages = google.client(ADA).messages()
    for one in sound(mails):
        if one["mime"].get_content_type() == "multipart/report":
            continue  # Python turns the report's fields into text parts of their own
        told = messages.get(userId="me", id=one["id"]).execute()["payload"]
        assert [each.split() for each in told_texts(told)] == [
            each.split() for each in texts(one["mime"]) if each
        ]


def test_every_sound_subject_is_told_decoded(read: tuple[Google, list[Mail]]) -> None:
    google, mails = read
    messages = google.client(ADA).messages()
    for one in sound(mails):
        get = messages.get(userId="me", id=one["id"], format="metadata", metadataHeaders="Subject")
        told = get.execute()["payload"]["headers"][0]["value"]
        assert told == header(one["mime"], "Subject")


def test_attachments_are_told_by_name_and_size(read: tuple[Google, list[Mail]]) -> None:
    google, mails = read
    messages = google.client(ADA).messages()
    named = 0
    for one in sound(mails):
        expected = []
        for part in one["mime"].walk():
            name = part.get_filename()
            if name:
                data: Any = part.get_payload(decode=True)
                expected.append((str(make_header(decode_header(name))), len(data)))
        told = messages.get(userId="me", id=one["id"]).execute()["payload"]
        assert files(told) == expected
        named += len(expected)
    assert named > 50


def files(part: dict[str, Any]) -> list[tuple[str, int]]:
    own = [(part["filename"], part["body"]["size"])] if part["filename"] else []
    return own + [each for inner in part.get("parts", []) for each in files(inner)]


def whole_word(word: str) -> Callable[[Mail], bool]:
    pattern = re.compile(rf"\b{re.escape(word)}\b", re.IGNORECASE)
    return lambda one: bool(pattern.search(header(one["mime"], "Subject")))


def labelled(*labels: str) -> Callable[[Mail], bool]:
    return lambda one: set(labels) <= set(one["labelIds"])


@pytest.mark.parametrize(
    ("q", "wanted"),
    [
        ("in:inbox", labelled("INBOX")),
        ("is:unread in:inbox", labelled("INBOX", "UNREAD")),
        ("in:sent", labelled("SENT")),
        ("is:starred", labelled("STARRED")),
        ("category:promotions", labelled("CATEGORY_PROMOTIONS")),
        ("category:updates is:important", labelled("CATEGORY_UPDATES", "IMPORTANT")),
        ("subject:invoice", whole_word("invoice")),
        ("subject:release", whole_word("release")),
        ("from:swiftpost.example", lambda one: "@swiftpost.example" in header(one["mime"], "From")),
        ("from:keyhole", lambda one: "keyhole" in header(one["mime"], "From").lower()),
        (
            "filename:pdf",
            lambda one: any(
                str(make_header(decode_header(part.get_filename() or ""))).endswith(".pdf")
                for part in one["mime"].walk()
            ),
        ),
        ("in:inbox -category:promotions -category:social -category:updates -category:forums",
         lambda one: "INBOX" in one["labelIds"]
         and not {"CATEGORY_PROMOTIONS", "CATEGORY_SOCIAL", "CATEGORY_UPDATES", "CATEGORY_FORUMS"}
         & set(one["labelIds"])),
    ],
)  # fmt: skip
def test_a_search_finds_what_a_plain_reading_finds(
    read: tuple[Google, list[Mail]], q: str, wanted: Callable[[Mail], bool]
) -> None:
    google, mails = read
    visible = [one for one in sound(mails) if not {"SPAM", "TRASH"} & set(one["labelIds"])]
    damaged = {one["id"] for one in mails} - {one["id"] for one in sound(mails)}
    expected = {one["id"] for one in visible if wanted(one)}
    assert expected
    assert listed(google, q=q) - damaged == expected


def test_an_epoch_window_is_exact_at_every_message(read: tuple[Google, list[Mail]]) -> None:
    """FACTS 4.2: the sync lists by epoch seconds and must see each message once."""
    google, mails = read
    times = sorted(int(one["internalDate"]) for one in mails)
    for at in (times[len(times) // 4] // 1000, times[len(times) // 2] // 1000):
        later = {one["id"] for one in mails if int(one["internalDate"]) >= at * 1000}
        everything = {one["id"] for one in mails}
        found = listed(google, q=f"after:{at}", includeSpamTrash=True)
        assert found <= later
        assert {i["id"] for i in mails if int(i["internalDate"]) >= (at + 1) * 1000} <= found
        assert found | listed(google, q=f"before:{at + 1}", includeSpamTrash=True) == everything


def listed(google: Google, **asked: Any) -> set[str]:
    messages = google.client(ADA).messages()
    ask = messages.list(userId="me", maxResults=500, **asked)
    found: set[str] = set()
    while ask is not None:
        answer = ask.execute()
        found |= {one["id"] for one in answer.get("messages", [])}
        ask = messages.list_next(ask, answer)
    return found
