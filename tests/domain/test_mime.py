"""What is parsed back equals what was given."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.utils import collapse_rfc2231_value

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.domain.mail.writing.header_lines import addresses_line, text_line
from shared.domain.mail.writing.mime import build, mark_raw
from shared.domain.mail.writing.outgoing import Attachment, Outgoing, check
from shared.domain.mail.writing.recipients import Mailbox
from tests.domain.reading import Reading

DATE = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ADA = Mailbox("ada@acme.example", "Ada")
BOB = Mailbox("bob@acme.example")
PLAIN = Outgoing(sender=ADA, to=(BOB,), subject="Hello", text="Hi.\n")
LONG = 'A name, with a comma; and quite \\ long "indeed" it is, as long names go, esq.'

printable = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])
lines = st.text(printable, max_size=200)
names = st.text(printable, max_size=90).map(lambda text: " ".join(text.split()))
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=400)
addresses = st.builds(
    "{}@{}.example".format,
    st.text("abcdefghijklmnopqrstuvwxyz0123456789+-_", min_size=1, max_size=30),
    st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=30),
)
mailboxes = st.builds(Mailbox, addresses, names)
file_names = st.text(printable, min_size=1, max_size=120).filter(lambda name: bool(name.strip()))
often = settings(max_examples=150, deadline=None)


def read(message: Outgoing, marker: str | None = None) -> Reading:
    check(message)
    return Reading(build(message, date=DATE, marker=marker))


@often
@given(lines)
@example("Re: " + "日本語 " * 40)
@example("word  " * 60 + "end")
@example("x" * 400 + " ü " + "y" * 400)
@example("a" * 950)
@example("=?utf-8?q?not_a_word?= stays as it is")
@example("tab\tinside")
@example("\U0001d50a\U0001d52füße 👩‍👩‍👧‍👦 " * 20)
def test_any_subject_comes_back_as_it_was(subject: str) -> None:
    reading = read(replace(PLAIN, subject=subject))
    assert reading.text("Subject") == subject.strip()
    assert reading.longest_line() <= 998


@often
@given(st.lists(mailboxes, min_size=1, max_size=12), st.lists(mailboxes, max_size=4), mailboxes)
@example([Mailbox("a@b.example", LONG), Mailbox("c@d.example")], [], ADA)
@example([Mailbox("a@b.example", "Müller, Jörg " * 9)], [], Mailbox("a@b.example", "<x@y.example>"))
@example([Mailbox("a@b.example", "=?utf-8?q?Eve?=")], [], Mailbox("a@b.example", "a@c.example, b"))
def test_any_names_and_addresses_come_back_and_no_recipient_becomes_two(
    to: list[Mailbox], cc: list[Mailbox], sender: Mailbox
) -> None:
    message = replace(PLAIN, sender=sender, to=tuple(to), cc=tuple(cc), reply_to=tuple(cc))
    reading = read(message)
    for name, given_ones in (("From", [sender]), ("To", to), ("Cc", cc), ("Reply-To", cc)):
        expected = [(" ".join(one.name.split()), one.address) for one in given_ones]
        assert reading.addresses(name) == expected
    assert reading.longest_line() <= 998


@often
@given(texts, st.none() | texts)
@example("From the start\n.\n..\nFrom again\n", None)
@example("trailing spaces   \nand = signs =20\n" * 30, "<p>" + "x" * 3_000 + "</p>")
@example("controls \x0b\x0c\x1b[0m \x85 \u2028 stay\n", None)
def test_any_text_and_html_come_back(text: str, html: str | None) -> None:
    reading = read(replace(PLAIN, text=text, html=html))
    assert (reading.body("plain") or "").rstrip("\n") == text.rstrip("\n")
    if html is not None:
        assert (reading.body("html") or "").rstrip("\n") == html.rstrip("\n")
    assert reading.longest_line() <= 998


@often
@given(st.lists(st.tuples(file_names, st.binary(max_size=300)), min_size=1, max_size=4))
@example([("Überlänge " * 12 + ".pdf", b"\r\n.\r\n")])
@example([('quote"s and \\back% slashes.txt', b"")])
@example([("../../etc/passwd", b"x")])
def test_any_file_name_and_bytes_come_back(files: list[tuple[str, bytes]]) -> None:
    attachments = tuple(Attachment(name, "application/pdf", data) for name, data in files)
    reading = read(replace(PLAIN, attachments=attachments))
    found = [(one.filename, one.content, one.disposition) for one in reading.files()]
    assert found == [(name, data, "attachment") for name, data in files]
    assert reading.body("plain") == "Hi.\n"
    assert reading.longest_line() <= 998


def test_the_text_is_derived_from_html_where_only_that_is_given() -> None:
    reading = read(
        replace(PLAIN, text=None, html="<p>One</p><p>Two <a href='https://x.example/y'>l</a>")
    )
    assert (reading.body("plain") or "").split() == ["One", "Two", "l", "(https://x.example/y)"]
    assert reading.old.get_content_type() == "multipart/alternative"


def test_images_of_the_html_stand_beside_it_and_files_apart() -> None:
    image = Attachment("logo.png", "image/png", b"\x89PNG", "logo@acme")
    file = Attachment("terms.pdf", "application/pdf", b"%PDF")
    html = '<img src="cid:logo@acme">'
    reading = read(replace(PLAIN, html=html, attachments=(file, image)))
    shape = [part.get_content_type() for part in reading.old.walk()]
    assert shape == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "application/pdf",
    ]
    inline, attached = reading.files()
    assert (inline.disposition, inline.content_id) == ("inline", "<logo@acme>")
    assert (attached.disposition, attached.content_id) == ("attachment", None)


def test_an_inline_image_without_html_is_a_file_like_any_other() -> None:
    image = Attachment("logo.png", "image/png", b"\x89PNG", "<logo@acme>")
    (file,) = read(replace(PLAIN, attachments=(image,))).files()
    assert (file.disposition, file.content_id) == ("attachment", "<logo@acme>")


def test_an_attached_message_is_attached_as_it_is_and_never_in_base64() -> None:
    inner = b"Subject: inner\r\n\r\nHello\r\n"
    (file,) = read(
        replace(PLAIN, attachments=(Attachment("m.eml", "message/rfc822", inner),))
    ).files()
    assert (file.kind, file.content.replace(b"\r\n", b"\n")) == (
        "message/rfc822",
        b"Subject: inner\n\nHello\n",
    )
    odd = "Subject: grün\r\n\r\nx".encode()
    (file,) = read(
        replace(PLAIN, attachments=(Attachment("m.eml", "message/rfc822", odd),))
    ).files()
    assert (file.kind, file.content) == ("application/octet-stream", odd)


def test_a_part_that_holds_our_boundary_gets_another_one() -> None:
    wicked = Attachment("m.eml", "message/rfc822", b"A: b\r\n\r\n--=_part_0_\r\n--=_part_0_--\r\n")
    reading = read(replace(PLAIN, html="<b>", attachments=(wicked, Attachment("b", "a/b", b"2"))))
    assert [file.filename for file in reading.files()] == ["m.eml", "b"]


def test_parameters_of_a_type_reach_the_reader() -> None:
    invite = Attachment("i.ics", "text/calendar; method=REQUEST; charset=utf-8", b"BEGIN:VCALENDAR")
    part = next(
        part
        for part in read(replace(PLAIN, attachments=(invite,))).old.walk()
        if part.get_content_type() == "text/calendar"
    )
    assert part.get_param("method") == "REQUEST"


def test_links_and_ids_are_never_encoded_or_cut() -> None:
    links = "<https://news.example/u/" + "t" * 300 + ">, <mailto:u@news.example?subject=x>"
    ids = tuple(f"<{n}{'i' * 180}@mail.example>" for n in range(12))
    reading = read(
        replace(PLAIN, headers={"List-Unsubscribe": links}, in_reply_to=ids[-1], references=ids)
    )
    assert reading.header("List-Unsubscribe") == links
    assert reading.header("References").split() == list(ids)
    assert reading.header("In-Reply-To") == ids[-1]


@often
@given(lines)
def test_any_value_of_a_header_of_ones_own_comes_back(value: str) -> None:
    value = value[:150]
    assert read(replace(PLAIN, headers={"X-Campaign": value})).text("X-Campaign") == value.strip()


def test_bcc_stays_for_gmail_and_the_marker_is_a_header() -> None:
    reading = read(replace(PLAIN, bcc=(Mailbox("eve@acme.example"),)), marker="m-1")
    assert reading.addresses("Bcc") == [("", "eve@acme.example")]
    assert reading.header("X-Postroom-Send") == "m-1"
    assert reading.old["Message-ID"] is None


def test_a_finished_message_is_marked_in_front_and_otherwise_untouched() -> None:
    for newline in (b"\r\n", b"\n"):
        raw = b"To: a@b.example" + newline + b"Subject: x" + newline * 2 + b"Hi"
        assert mark_raw(raw, "m") == b"X-Postroom-Send: m" + newline + raw


@pytest.mark.parametrize("name", ["To", "Reply-To", "Subject", "X-" + "y" * 70])
def test_no_line_that_holds_an_encoded_word_is_longer_than_76(name: str) -> None:
    for value in ("ü" * 100, "a" * 40 + "ü" * 40, "über alles " * 20, "😀" * 50):
        lines = [text_line(name, value)]
        if len(name) < 20:
            lines.append(addresses_line(name, [Mailbox("ada@acme.example", value)] * 2))
        encoded = [one for line in lines for one in line.split("\r\n") if "=?" in one]
        assert max(map(len, encoded)) <= 76


def test_related_parts_name_their_type_and_files_their_name_twice() -> None:
    files = (
        Attachment("Über.pdf", "application/pdf", b"x"),
        Attachment("a.png", "image/png", b"x", "a@x"),
    )
    message = Outgoing(
        sender=Mailbox("ada@acme.example"), html="<img src=cid:a@x>", attachments=files
    )
    parts = list(message_from_bytes(build(message, date=datetime(2026, 11, 1, tzinfo=UTC))).walk())
    (related,) = (one for one in parts if one.get_content_type() == "multipart/related")
    assert related.get_param("type") == "text/html"
    named = [one for one in parts if one.get_filename()]
    for one in named:
        assert collapse_rfc2231_value(one.get_param("name") or "") == one.get_filename()
    assert {one.get_filename() for one in named} == {"a.png", "Über.pdf"}
