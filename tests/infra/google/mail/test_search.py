"""The search language, against a handful of messages written for it."""

import pytest

from tests.infra.google.mail.room import Room, encoded, mail


def seed(room: Room) -> dict[str, str]:
    """Deliver five messages, a day apart; return their names by id."""
    room.call("labels.create", {"name": "Work/Big deals"})
    names = {}

    def put(name: str, *lines: str, label_ids: tuple[str, ...] = ("INBOX",)) -> None:
        room.clock.advance(days=1)
        names[room.deliver(*lines, label_ids=label_ids)] = name

    put(
        "invoice",
        "From: Ann Lee <ann.lee@corp.example>",
        "To: team@acme.example",
        "Subject: Invoice 42",
        "Message-ID: <inv42@corp.example>",
        "Content-Type: multipart/mixed; boundary=b",
        "",
        "--b",
        "",
        "Please pay the red bill",
        "--b",
        "Content-Type: application/pdf",
        'Content-Disposition: attachment; filename="bill-42.pdf"',
        "",
        "x",
        "--b--",
        label_ids=("INBOX", "UNREAD", "Label_1"),
    )
    put(
        "lunch", "From: bob@x.org", "Cc: ann.lee@corp.example", "Subject: Lunch?", "", "red or blue"
    )
    put(
        "tokyo",
        "From: k@jp.example",
        "Subject: \u4f1a\u8b70\u306e\u4ef6",
        "",
        "\u6771\u4eac\u3067\u4f1a\u3044\u307e\u3057\u3087\u3046",
    )
    put("spam", "From: a@spam.example", "Subject: red pills", label_ids=("SPAM",))
    put("trash", "From: bob@x.org", "Subject: old invoice", label_ids=("TRASH", "STARRED"))
    return names


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("", "tokyo lunch invoice"),
        ("invoice", "invoice"),
        ("red", "lunch invoice"),
        ("RED blue", "lunch"),
        ('"red bill"', "invoice"),
        ('"bill red"', ""),
        ("lunch OR invoice", "lunch invoice"),
        ("red lunch OR invoice", "lunch invoice"),
        ("{subject:lunch from:k@jp.example}", "tokyo lunch"),
        ("from:(ann OR bob)", "lunch invoice"),
        ("subject:(invoice 42)", "invoice"),
        ("red -subject:lunch", "invoice"),
        ("-(red OR \u6771\u4eac)", ""),
        ("from:ann.lee@corp.example", "invoice"),
        ("from:corp.example", "invoice"),
        ('from:"ann lee"', "invoice"),
        ("to:team", "invoice"),
        ("cc:ann.lee@corp.example", "lunch"),
        ("bcc:ann", ""),
        ("in:inbox is:unread", "invoice"),
        ("is:read", "tokyo lunch"),
        ("in:spam", "spam"),
        ("in:trash", "trash"),
        ("in:anywhere red", "spam lunch invoice"),
        ("in:anywhere is:starred", "trash"),
        ("-in:spam", "tokyo lunch invoice"),
        ("in:spam OR in:inbox", "spam tokyo lunch invoice"),
        ("label:work-big-deals", "invoice"),
        ('label:"Work/Big deals"', "invoice"),
        ("label:nothing", ""),
        ("-label:nothing", "tokyo lunch invoice"),
        ("has:attachment", "invoice"),
        ("-has:attachment", "tokyo lunch"),
        ("filename:pdf", "invoice"),
        ("filename:bill-42.pdf", "invoice"),
        ("has:pdf", "invoice"),
        ("rfc822msgid:inv42@corp.example", "invoice"),
        ("rfc822msgid:<inv42@corp.example>", "invoice"),
        ("\u4f1a\u8b70", "tokyo"),
        ("\u6771\u4eac", "tokyo"),
        ("has:userlabels", "invoice"),
        ("larger:250", "invoice"),
        ("smaller:1k -larger:250", "tokyo lunch"),
        ("AND lunch", "lunch"),
        ("lunch AND blue", "lunch"),
        ("from:me", ""),
        ("unknown:operator", ""),
        ("???", "tokyo lunch invoice"),
    ],
)
def test_a_search_finds_exactly(room: Room, q: str, expected: str):
    names = seed(room)
    assert " ".join(names[id] for id in room.found(q)) == expected


@pytest.mark.parametrize(
    "q",
    ["(red", "red)", '"red', "{red)", "from:", "red OR", "OR red", "after:soon", "newer_than:9h"],
)
def test_what_cannot_be_read_finds_nothing(room: Room, q: str):
    seed(room)
    assert room.call("messages.list", query={"q": q}) == {"resultSizeEstimate": 0}


def at(room: Room, date: str) -> str:
    """Insert a message dated so; return its id."""
    body = {"raw": encoded(mail(f"Date: {date}", "Subject: dated"))}
    id: str = room.call("messages.import", body)["id"]
    return id


def test_dates_are_midnight_in_california_in_winter(room: Room):
    before = at(room, "Sun, 01 Nov 2026 07:59:59 +0000")
    after = at(room, "Sun, 01 Nov 2026 08:00:00 +0000")
    assert room.found("after:2026/11/01") == [after]
    assert room.found("before:2026-11-01") == [before]
    assert room.found("older:2026/11/1 newer:2026/10/31") == [before]


def test_epochs_are_exact(room: Room):
    id = at(room, "Sun, 01 Nov 2026 08:00:00 +0000")
    assert room.found("after:1793520000") == [id]
    assert room.found("after:1793520001") == []
    assert room.found("before:1793520001") == [id]


def test_newer_than_leaves_out_what_is_exactly_so_old(room: Room):
    id = room.deliver("Subject: s")
    room.clock.advance(days=30)
    assert room.found("newer_than:30d") == []
    assert room.found("older_than:30d") == [id]
    assert room.found("newer_than:2m") == [id]
    assert room.found("newer_than:1y") == [id]


def test_mail_that_comes_after_a_search_is_found_by_the_next(room: Room):
    assert room.found("violet") == []
    id = room.deliver("Subject: s", "", "a violet word")
    assert room.found("violet") == [id]
    room.call("messages.delete", id=id)
    assert room.found("violet") == []
