"""Nothing that could go wrong in somebody's mailbox leaves: each refusal has a code of its own."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.domain.mail.writing.outgoing import Attachment, Outgoing, check
from shared.domain.mail.writing.raw_message import check_raw
from shared.domain.mail.writing.recipients import Mailbox, checked_address, parse_mailboxes
from shared.errors import InvalidRecipientError, InvalidRequestError, TooLargeError
from tests.domain.test_mime import ADA, BOB, PLAIN, read

FILE = Attachment("a.txt", "text/plain", b"x")
BREAKS = ["\r\nBcc: eve@evil.example", "\nX: y", "\r", "\x00", "\x0b", "\x85", "\u2028", "\x1f"]


def refusal(message: Outgoing) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        check(message)
    return caught.value


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize(
    "injected",
    [
        lambda text: replace(PLAIN, subject=f"a{text}"),
        lambda text: replace(PLAIN, sender=replace(ADA, name=f"a{text}")),
        lambda text: replace(PLAIN, to=(replace(BOB, name=f"a{text}"),)),
        lambda text: replace(PLAIN, cc=(Mailbox(f"b@c.example{text}"),)),
        lambda text: replace(PLAIN, bcc=(replace(BOB, name=text),)),
        lambda text: replace(PLAIN, reply_to=(replace(BOB, name=text),)),
        lambda text: replace(PLAIN, in_reply_to=f"<a@b>{text}"),
        lambda text: replace(PLAIN, references=(f"<a@b>{text}",)),
        lambda text: replace(PLAIN, headers={"X-A": f"b{text}"}),
        lambda text: replace(PLAIN, headers={f"X-A{text}": "b"}),
        lambda text: replace(PLAIN, attachments=(replace(FILE, filename=f"a{text}.txt"),)),
        lambda text: replace(PLAIN, attachments=(replace(FILE, mime_type=f"text/plain{text}"),)),
        lambda text: replace(PLAIN, attachments=(replace(FILE, content_id=f"a{text}"),)),
    ],
)  # fmt: skip
def test_no_field_smuggles_a_line_into_the_headers(injected: Any, broken: str) -> None:
    assert refusal(injected(broken)).code in {"invalid_header", "invalid_attachment"}


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_whatever_is_read_as_recipients_has_no_line_breaks_and_comes_back(text: str) -> None:
    try:
        found = parse_mailboxes(text, "to")
    except InvalidRecipientError:
        return
    assume(found)
    reading = read(replace(PLAIN, to=found))
    assert reading.addresses("To") == [(one.name, one.address) for one in found]
    assert reading.old.keys().count("To") == 1
    assert "Bcc" not in reading.old


@pytest.mark.parametrize("broken", BREAKS)
def test_a_line_break_in_an_address_is_refused(broken: str) -> None:
    with pytest.raises(InvalidRecipientError):
        parse_mailboxes(f"Bob{broken} <bob@x.example>", "to")


def test_a_line_break_hidden_in_an_encoded_word_is_refused() -> None:
    with pytest.raises(InvalidRecipientError):
        parse_mailboxes("=?utf-8?q?a=0D=0ABcc=3A_eve=40evil.example?= <b@c.example>", "to")


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("bob@x.example", [("", "bob@x.example")]),
        ("Bob B. <bob@x.example>, a@y.example", [("Bob B.", "bob@x.example"), ("", "a@y.example")]),
        ('"Doe, John" <j@x.example>', [("Doe, John", "j@x.example")]),
        ("Jörg  Müller <j@bücher.example>", [("Jörg Müller", "j@xn--bcher-kva.example")]),
        ("=?utf-8?q?J=C3=B6rg?= <j@x.example>", [("Jörg", "j@x.example")]),
        ("J <j\u00f6rg@M\u00dcLLER.example>", [("J", "j\u00f6rg@m\u00fcller.example")]),
        ("\u5c71\u3000\u592a <t@x.example>", [("\u5c71 \u592a", "t@x.example")]),
        ("Team: a@x.example, b@x.example;", [("", "a@x.example"), ("", "b@x.example")]),
        ("", []),
        ("   ", []),
    ],
)  # fmt: skip
def test_recipients_are_read_as_people_write_them(
    given_text: str, expected: list[tuple[str, str]]
) -> None:
    assert [(one.name, one.address) for one in parse_mailboxes(given_text, "to")] == expected
    assert parse_mailboxes(None, "to") == ()


@pytest.mark.parametrize(
    "bad",
    [
        "bob", "bob@", "@x.example", "bob@localhost", "bob@x..example", "bob@-x.example",
        "bob@x-.example", ".bob@x.example", "bob.@x.example", "b..b@x.example", "a b@x.example",
        "bob@x.example; ann@y.example", "bob@x.example ann@y.example", "Doe, John <j@x.example>",
        "<bob@x.example", "b\uff20b@x.example", "b\u200bb@x.example",
        f"{'a' * 65}@x.example", f"a@{'b' * 64}.example",
        f"a@{'b.' * 130}example", "a@stra\u00dfe.example", "a@[127.0.0.1]", '"a b"@x.example',
        "a@\u202ex.example", "(", "\\", "a@b.c@d.e",
    ],
)  # fmt: skip
def test_what_is_not_clearly_an_address_is_refused(bad: str) -> None:
    with pytest.raises(InvalidRecipientError) as caught:
        parse_mailboxes(["ok@x.example", bad], "cc")
    (problem,) = caught.value.problems
    assert (problem.code, problem.path) == ("invalid_recipient", ("cc", 1))
    assert bad not in str(caught.value) + problem.message


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80))
def test_an_address_is_accepted_in_one_form_or_not_at_all(text: str) -> None:
    try:
        address = checked_address(text)
    except ValueError:
        return
    local, _, domain = address.rpartition("@")
    assert local.isascii() <= domain.isascii()
    assert checked_address(address) == address


def test_none_and_too_many_recipients_are_told_apart() -> None:
    assert refusal(replace(PLAIN, to=())).code == "invalid_recipient"
    crowd = tuple(Mailbox(f"p{n}@x.example") for n in range(501))
    assert refusal(replace(PLAIN, to=crowd)).code == "too_many_recipients"
    assert refusal(replace(PLAIN, to=crowd[:300], bcc=crowd[300:])).code == "too_many_recipients"
    check(replace(PLAIN, to=crowd[:500]))


def test_an_empty_message_is_refused_but_not_one_with_only_a_file() -> None:
    empty = replace(PLAIN, text=None)
    assert refusal(empty).code == "empty_message"
    check(replace(empty, attachments=(FILE,)))
    check(replace(empty, to=()), draft=True)


def test_more_than_gmail_takes_is_refused() -> None:
    big = replace(FILE, content=bytes(25_000_001))
    with pytest.raises(TooLargeError):
        check(replace(PLAIN, attachments=(big,)))


@pytest.mark.parametrize(
    "name",
    ["Bcc", "FROM", "content-type", "Message-ID", "Received", "DKIM-Signature", "Sender",
     "X-Google-Smtp-Source", "Resent-To", "X-Postroom-Send", "ARC-Seal", "Return-Path", "Subject"],
)  # fmt: skip
def test_headers_with_a_field_of_their_own_or_of_mail_servers_are_refused(name: str) -> None:
    assert refusal(replace(PLAIN, headers={name: "x"})).code == "refused_header"


@pytest.mark.parametrize("name", ["", "X Y", "X:Y", "Ü", "1x", "-x", "x" * 77])
def test_a_header_needs_a_name(name: str) -> None:
    assert refusal(replace(PLAIN, headers={name: "x"})).code == "invalid_header"


@pytest.mark.parametrize(
    "value", ["https://x.example", "<ftp://x>", "<https://x y>", "<javascript:x>"]
)
def test_list_unsubscribe_takes_links_in_brackets(value: str) -> None:
    assert refusal(replace(PLAIN, headers={"List-Unsubscribe": value})).code == "invalid_header"


def test_a_header_word_no_line_can_hold_is_refused() -> None:
    assert refusal(replace(PLAIN, headers={"X-A": "b" * 901})).code == "invalid_header"


@pytest.mark.parametrize(
    "changes",
    [{"filename": " "}, {"filename": "x" * 256}, {"mime_type": "pdf"}, {"mime_type": "a/b c"},
     {"mime_type": "multipart/mixed"}, {"content_id": "a b"}, {"content_id": "a<b"}],
)  # fmt: skip
def test_files_need_a_name_a_type_and_a_clean_content_id(changes: dict[str, Any]) -> None:
    error = refusal(replace(PLAIN, attachments=(FILE, replace(FILE, **changes))))
    assert error.code == "invalid_attachment"
    assert error.problems[0].path[:2] == ("attachments", 1)


def test_half_a_character_is_refused() -> None:
    assert refusal(replace(PLAIN, text="\ud83d")).code == "invalid_text"
    assert refusal(replace(PLAIN, subject="\ud83d")).code == "invalid_header"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "invalid_raw"),
        (b"Hello there", "invalid_raw"),
        (b"\r\nTo: a@b.example\r\n\r\nx", "invalid_raw"),
        (b"Subject: x\r\n\r\nx", "invalid_recipient"),
        (b"To: nobody\r\n\r\nx", "invalid_recipient"),
        (b"To: a@b.example\r\nX-Postroom-Send: m\r\n\r\nx", "refused_header"),
        (b"From: a@b.example, c@d.example\r\nTo: a@b.example\r\n\r\nx", "unknown_alias"),
        (b"To: " + b", ".join([b"p@x.example"] * 501) + b"\r\n\r\nx", "too_many_recipients"),
    ],
)  # fmt: skip
def test_a_finished_message_is_held_to_the_same(raw: bytes, code: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        check_raw(raw)
    assert caught.value.code == code


def test_a_finished_message_tells_its_sender() -> None:
    assert check_raw(b"From: A <a@b.example>\r\nBcc: c@d.example\r\n\r\nx") == "a@b.example"
    assert check_raw(b"Bcc: c@d.example\n\nx") is None
    assert check_raw("To: J\u00f6rg <j\u00f6rg@m\u00fcller.example>\n\nx".encode()) is None


@pytest.mark.parametrize(
    "domain", ["stra\u00dfe.example", "STRA\u1e9eE.example", "\u03c3\u03c2.example"]
)
def test_a_domain_that_the_standards_read_differently_is_refused(domain: str) -> None:
    with pytest.raises(ValueError, match="xn--"):
        checked_address(f"ann@{domain}")


def test_a_domain_that_is_longer_than_any_host_is_not_read() -> None:
    """Both readers take more than linear time: 250 such letters took 34 ms, a thousand times."""
    with pytest.raises(ValueError, match="host name"):
        checked_address("ann@" + "\ufdfa" * 240)


def test_recipients_beyond_any_message_are_not_read() -> None:
    with pytest.raises(InvalidRecipientError) as refused:
        parse_mailboxes("a@x.example," * 2_000, "to")
    assert refused.value.code == "too_many_recipients"


def test_all_headers_together_have_a_limit() -> None:
    headers = {f"X-{number}": "a " * 1_000 for number in range(64)}
    problems = refusal(replace(PLAIN, headers=headers)).problems
    assert [one.code for one in problems] == ["invalid_header"]


UNSEEN = "\u3164\u115f\u1160\uffa0\u034f\ufe0f\u17b4\u180b\U000e0100"


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_a_letter_that_nobody_sees_is_in_no_address(unseen: str) -> None:
    """It would pass for the address without it."""
    with pytest.raises(ValueError, match="part before the @"):
        checked_address(f"an{unseen}n@x.example")


def test_a_header_in_another_letter_case_is_the_same_header() -> None:
    twice = {"X-Case": "one", "x-cASE": "two", "X-Other": "three"}
    refused = refusal(replace(PLAIN, headers=twice))
    assert [(one.code, one.path) for one in refused.problems] == [
        ("invalid_header", ("headers", "x-cASE"))
    ]
