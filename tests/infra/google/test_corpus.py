"""The made-up mail: repeatable, believable in its shares, and everything it promises is in it."""

import email
import email.policy
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.message import Message
from typing import Any

import pytest

from infra.local.google.corpus import SeedMail, seed_messages

ADA = "ada.moor@demo.example"
# fmt: off
CHARSETS = [
    "us-ascii", "utf-8", "iso-8859-1", "windows-1252", "iso-2022-jp", "shift_jis",
    "gb18030", "koi8-r", "euc-kr", "windows-1251", "windows-1255",
    "windows-1256", "iso-8859-8", "iso-8859-2", "iso-8859-7", "iso-8859-9",
]
KINDS = [
    "text/plain", "text/html", "multipart/alternative", "multipart/related",
    "multipart/mixed", "multipart/report", "message/delivery-status", "message/rfc822",
    "text/calendar", "application/pdf", "image/png", "text/csv", "application/ics",
]
# fmt: on
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def mails() -> list[SeedMail]:
    """Make one mailbox of 3,000."""
    return list(seed_messages(ADA, 3000, 25, NOW))


@pytest.fixture(scope="module")
def parsed(mails: list[SeedMail]) -> list[Message]:
    """Read them as the lenient standard library does."""
    return [email.message_from_bytes(one.raw) for one in mails]


def test_the_same_arguments_give_the_same_bytes(mails: list[SeedMail]) -> None:
    assert list(seed_messages(ADA, 3000, 25, NOW)) == mails


@pytest.mark.parametrize(
    "other",
    [
        {"email": "ben@demo.example"},
        {"seed": 1},
        {"count": 40},
    ],
)
def test_another_mailbox_has_other_mail(other: dict[str, object]) -> None:
    base: dict[str, object] = {"email": ADA, "count": 30, "span_days": 25, "now": NOW}
    first = {one.raw for one in seed_messages(**base)}  # type: ignore[arg-type]
    second = {one.raw for one in seed_messages(**{**base, **other})}  # type: ignore[arg-type]
    assert not first & second


@pytest.mark.parametrize("count", [0, 1, 2, 7, 501])
def test_there_are_exactly_as_many_as_asked_for(count: int) -> None:
    assert len(list(seed_messages(ADA, count, 25, NOW))) == count


@pytest.mark.parametrize("span", [1, 25, 400])
def test_dates_lie_in_the_span_oldest_first_and_reach_into_the_last_hour(span: int) -> None:
    dates = [one.internal_date for one in seed_messages(ADA, 300, span, NOW)]
    assert dates == sorted(dates)
    assert NOW - timedelta(days=span) <= dates[0]
    assert NOW - timedelta(hours=1) <= dates[-1] <= NOW


def test_threads_have_about_1_66_messages_and_some_are_long(parsed: list[Message]) -> None:
    roots: dict[str, str] = {}
    sizes: Counter[str] = Counter()
    for number, mail in enumerate(parsed):
        known = (mail["References"] or "").split()
        id_ = mail["Message-ID"] or str(number)
        roots[id_] = next((roots[each] for each in known if each in roots), id_)
        sizes[roots[id_]] += 1
    assert 1.5 <= len(parsed) / len(sizes) <= 1.85
    assert sum(10 <= size <= 30 for size in sizes.values()) >= 5
    assert max(sizes.values()) <= 30


def test_a_reply_never_comes_before_what_it_answers(parsed: list[Message]) -> None:
    seen: set[str] = set()
    for mail in parsed:
        parent = mail["In-Reply-To"]
        assert parent is None or "codeharbour" in parent or parent in seen
        seen.add(mail["Message-ID"] or "")


def test_labels_have_believable_shares(mails: list[SeedMail]) -> None:
    counted = Counter(label for one in mails for label in one.label_ids)
    share = {label: number / len(mails) for label, number in counted.items()}
    assert 0.5 < share["INBOX"] < 0.8
    assert 0.1 < share["UNREAD"] < 0.4
    assert 0.05 < share["SENT"] < 0.25
    for rare in ("SPAM", "TRASH", "STARRED", "CATEGORY_SOCIAL"):
        assert 0.005 < share[rare] < 0.06
    assert {"CATEGORY_PROMOTIONS", "CATEGORY_FORUMS", "CATEGORY_UPDATES", "IMPORTANT"} <= set(share)


def test_folders_exclude_each_other(mails: list[SeedMail]) -> None:
    for one in mails:
        assert len({"INBOX", "SENT", "SPAM", "TRASH"} & set(one.label_ids)) <= 1


def test_what_the_owner_sent_is_from_the_owner(
    mails: list[SeedMail], parsed: list[Message]
) -> None:
    for one, mail in zip(mails, parsed, strict=True):
        if "SENT" in one.label_ids:
            assert ADA in mail["From"]
            assert mail["Received"] is None


@pytest.mark.parametrize(
    "charset",
    CHARSETS,
)
def test_the_charsets_of_the_world_are_there(parsed: list[Message], charset: str) -> None:
    used = {part.get_content_charset() for mail in parsed for part in mail.walk()}
    assert charset in used


@pytest.mark.parametrize(
    "kind",
    KINDS,
)
def test_the_kinds_of_parts_are_there(parsed: list[Message], kind: str) -> None:
    assert any(part.get_content_type() == kind for mail in parsed for part in mail.walk())


def test_attachments_are_what_they_say(parsed: list[Message]) -> None:
    marks = {
        "application/pdf": b"%PDF-1.4",
        "image/png": b"\x89PNG",
        "text/calendar": b"BEGIN:VCAL",
    }
    checked: Counter[str] = Counter()
    for mail in parsed:
        for part in mail.walk():
            mark = marks.get(part.get_content_type())
            if mark and "oldoffice" not in str(mail["From"] or "") and "torn" not in str(mail):
                data: Any = part.get_payload(decode=True)
                assert data.startswith(mark)
                checked[part.get_content_type()] += 1
    assert all(checked[kind] > 20 for kind in marks)


def test_file_names_come_in_rfc_2231_and_in_encoded_words(mails: list[SeedMail]) -> None:
    whole = b"".join(one.raw for one in mails)
    for way in (rb"filename\*=UTF-8''", rb"filename\*0\*=UTF-8''", rb'filename="=\?utf-8\?'):
        assert re.search(way, whole)


def test_newsletters_carry_remote_images_and_a_way_out(parsed: list[Message]) -> None:
    letters = [mail for mail in parsed if mail["List-Unsubscribe"] and mail["X-Campaign"]]
    assert len(letters) > 200
    for mail in letters:
        page = next(part for part in mail.walk() if part.get_content_type() == "text/html")
        body: Any = page.get_payload(decode=True)
        assert b"http://images.example/o/" in body
        assert b'style="' in body


def test_every_link_leads_to_a_fictional_host(parsed: list[Message]) -> None:
    for mail in parsed:
        for part in mail.walk():
            if part.get_content_maintype() == "text":
                body: Any = part.get_payload(decode=True)
                hosts = set(re.findall(rb"https?://([\w.-]+)", body)) - {b"www.w3.org"}
                assert all(host.endswith(b".example") for host in hosts)


def test_good_text_survives_its_charset(parsed: list[Message]) -> None:
    """Whatever is not damaged on purpose decodes strictly in the charset it names."""
    for mail in parsed:
        if "oldoffice" in str(mail["From"] or "oldoffice"):
            continue
        for part in mail.walk():
            if part.get_content_maintype() == "text":
                charset = part.get_content_charset() or "utf-8"
                data: Any = part.get_payload(decode=True)
                data.decode(charset)


def test_sizes_are_spread_as_in_a_real_mailbox(mails: list[SeedMail]) -> None:
    sizes = sorted(len(one.raw) for one in mails)
    assert 8_000 < sum(sizes) / len(sizes) < 40_000
    assert sizes[len(sizes) // 10] < 4_000
    assert sizes[-len(sizes) // 20] > 40_000
