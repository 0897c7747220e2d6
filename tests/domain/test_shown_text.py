"""Names and subjects: what controls a device never leaves, what spells a word always stays."""

from typing import Any

import pytest

from shared.domain.mail.reading.charset_text import decode_text
from shared.domain.mail.reading.email_message import read_message
from shared.domain.mail.reading.mail_headers import read_date
from shared.domain.mail.reading.markup.html_text import html_to_text

CONTROLS = [*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), "\u2028", "\u2029"]
OVERRIDES = [*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))]


def headed(name: str, value: str) -> dict[str, Any]:
    return dict(read_message({"payload": {"headers": [{"name": name, "value": value}]}}))


@pytest.mark.parametrize("control", CONTROLS, ids=ascii)
def test_a_control_character_leaves_in_no_subject_name_or_file_name(control: str) -> None:
    assert control not in headed("Subject", f"a{control}b")["subject"]
    assert control not in headed("From", f'"a{control}b" <a@b.example>')["from"]["name"]
    part = {"mimeType": "image/png", "filename": f"a{control}b.png", "body": {"data": "eA=="}}
    (one,) = read_message({"payload": part})["attachments"]
    assert one["filename"] in {"a b.png", "ab.png"}


@pytest.mark.parametrize("override", OVERRIDES, ids=ascii)
def test_no_file_name_turns_the_direction_of_its_text(override: str) -> None:
    part = {"mimeType": "image/png", "filename": f"a{override}gnp.exe", "body": {"data": "eA=="}}
    (one,) = read_message({"payload": part})["attachments"]
    assert one["filename"] == "agnp.exe"


@pytest.mark.parametrize(
    "kept",
    [
        "می\u200cخواهم",  # noqa: RUF001  Persian
        "کتاب\u200cها",  # noqa: RUF001  Persian
        "هـ\u200d",
        "क\u094d\u200dष",
        "ক\u09cd\u200cষ",
        "ශ\u0dca\u200dරී",
        "ᠮᠣᠩᠭᠣᠯ\u200dᠠ",
        "👨\u200d👩\u200d👧\u200d👦",
        "🏳\ufe0f\u200d🌈",
        "👩🏽\u200d💻",
        "❤\ufe0f\u200d🔥",
        "🧔\u200d♂\ufe0f",
    ],
)
def test_joiners_stay_where_script_or_emoji_needs_them(kept: str) -> None:
    assert html_to_text(f"<p>{kept}</p>") == kept
    assert headed("Subject", kept)["subject"] == kept


@pytest.mark.parametrize(
    "padding", ["&zwnj;", "&zwj;", "&#8203;", "&shy;", "\ufeff", "&zwnj;&nbsp;"]
)
def test_padding_goes(padding: str) -> None:
    assert html_to_text(f"<p>Sale{padding * 9}</p><p>now") == "Sale\n\nnow"


@pytest.mark.parametrize(
    ("zone", "hour"),
    [
        *(("+0200", 8), ("+02:00", 8), ("GMT+2", 8), ("UTC+02:00", 8), ("+0200 (CEST)", 8)),
        *(("CEST", 8), ("BST", 9), ("JST", 1), ("(EDT) -0400", 14), ("-0400 (EDT)", 14)),
        *(("EDT -0400", 14), ("-0400 EDT", 14), ("GMT", 10), ("Z", 10), ("UT", 10), ("CET", 9)),
        *(("PDT", 17), ("EST", 15), ("KST", 1), ("GMT-3", 13), ("", 10), ("-0000", 10)),
    ],
)
def test_a_zone_is_read_as_it_is_meant(zone: str, hour: int) -> None:
    at = read_date(f"Tue, 1 Jul 2025 10:00:00 {zone}")
    assert at is not None
    assert (at.day, at.hour, at.minute) == (1, hour, 0)


@pytest.mark.parametrize("zone", ["IST", "XYZ", "Romance Standard Time", "+9900", "+0275", "Q"])
def test_a_zone_that_says_nothing_certain_leaves_gmails_date(zone: str) -> None:
    assert read_date(f"Tue, 1 Jul 2025 10:00:00 {zone}") is None


@pytest.mark.parametrize("zone", ["+0200", "CEST", ""])
def test_a_date_as_c_writes_it_is_read(zone: str) -> None:
    at = read_date(f"Tue Jul  1 10:00:00 {zone} 2025")
    assert at is not None
    assert (at.year, at.hour) == (2025, 8 if zone else 10)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<a@b.example>", "<a@b.example>"),
        ("<a@b.example> <c@d.example>", "<a@b.example>"),
        ("Your message of Tuesday <a@b.example>", "<a@b.example>"),
        ("Your message of Tuesday", None),
        ("", None),
    ],
)
def test_an_id_is_one_msg_id_or_null(value: str, expected: str | None) -> None:
    assert headed("Message-ID", value)["messageId"] == expected
    assert headed("In-Reply-To", value)["inReplyTo"] == expected


def test_a_subject_that_looks_encoded_stays_what_gmail_said() -> None:
    assert headed("Subject", "=?utf-8?q?a=62?=")["subject"] == "=?utf-8?q?a=62?="


@pytest.mark.parametrize(
    ("data", "charset", "expected"),
    [
        ("Привет".encode() + b"\xff", "utf-8", "Привет\ufffd"),
        ("Grüße aus Köln".encode() + b"\xfc", "us-ascii", "Grüße aus Köln\ufffd"),
        ("日本語".encode("euc-jp") + b"\xff", "euc-jp", "日本語\ufffd"),
        (b"caf\xe9", "utf-8", "café"),
        ("Grüße".encode("latin-1"), "utf-8", "Grüße"),
    ],
)
def test_one_bad_byte_spoils_one_character(data: bytes, charset: str, expected: str) -> None:
    assert decode_text(data, charset) == expected
