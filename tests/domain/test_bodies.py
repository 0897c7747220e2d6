"""Bodies and files of mail as people send it, held to what CPython's own reader finds."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from email import message_from_bytes, policy
from itertools import product
from pathlib import Path
from typing import Any

import orjson
import pytest

from infra.local.google.mail.mime import Part, read_part
from infra.local.google.mail.rendering import render
from shared.domain.mail.reading.email_message import EmailMessage, read_message, unfetched_bodies

GIVEN = Path(__file__).parent.parent / "cases" / "mail"


def record(raw: bytes) -> EmailMessage:
    """Read raw mail as the emulated Google hands it out."""
    root = read_part(raw)
    payload = orjson.loads(b"attachment".join(render(root).payload))
    message = {"id": "m", "internalDate": "1795000000123", "payload": payload}
    fetched = {one: part_at(root, one).body for one in unfetched_bodies(message)}
    return read_message(message, fetched)


def part_at(root: Part, part_id: str) -> Part:
    for place in filter(None, part_id.split(".")):
        root = root.parts[int(place)]
    return root


def given(number: str) -> EmailMessage:
    (path,) = GIVEN.glob(f"{number}-*.eml")
    return record(path.read_bytes())


def names(found: EmailMessage) -> list[str]:
    return [one["filename"] for one in found["attachments"]]


def test_a_plain_footer_below_html_is_in_both_bodies() -> None:
    found = given("08")
    for body in (found["text"], found["html"] or ""):
        assert body.index("invoice 42") < body.index("team mailing list")


def test_a_plain_body_above_an_html_disclaimer_is_in_both_bodies() -> None:
    found = given("09")
    for body in (found["text"], found["html"] or ""):
        assert body.index("invoice 42") < body.index("Confidential.")


def test_enriched_text_alone_is_the_body() -> None:
    found = given("11")
    assert (found["text"].strip(), found["html"]) == ("Yes, at nine.", None)


def test_a_named_file_of_a_text_type_is_a_file() -> None:
    assert names(given("12")) == ["cv.rtf"]


def test_a_message_that_is_one_file_has_it_as_root() -> None:
    (one,) = given("18")["attachments"]
    assert (one["partId"], one["filename"]) == ("root", "report.zip")


def test_an_attached_message_is_one_file_with_its_own_within() -> None:
    found = given("19")
    (one,) = found["attachments"]
    assert one["filename"] == "orig.eml"
    assert [(file["partId"], file["filename"]) for file in one["parts"]] == [("1.0.1", "y.pdf")]
    assert "inner" not in found["text"]


def test_a_zone_with_a_colon_is_read() -> None:
    assert given("20")["date"] == "2025-07-01T08:00:00.000Z"


@pytest.mark.parametrize("handed_out", ["replaced", "as it came"])
def test_one_bad_byte_spoils_one_character(handed_out: str) -> None:
    """Gmail may hand the byte out or U+FFFD for it; nobody has recorded which."""
    body = next(GIVEN.glob("23-*.eml")).read_bytes().partition(b"\r\n\r\n")[2]
    if handed_out == "replaced":
        body = body.decode("utf-8", "replace").encode()
    headers = [{"name": "Content-Type", "value": "text/plain; charset=utf-8"}]
    data = urlsafe_b64encode(body).decode()
    payload = {"mimeType": "text/plain", "headers": headers, "body": {"data": data}}
    found = read_message({"payload": payload})
    assert found["text"].strip() == "Привет, как дела? \ufffd Конец."


LEAVES = {
    "plain": "Content-Type: text/plain; charset=utf-8\n\nplain-{}\n",
    "html": "Content-Type: text/html; charset=utf-8\n\n<p>html-{}</p>\n",
    "enriched": "Content-Type: text/enriched\n\n<bold>enriched</bold>-{}\n",
    "amp": "Content-Type: text/x-amp-html\n\n<html amp4email>amp-{}</html>\n",
    "calendar": "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR{}\n",
    "unknown": "Content-Type: text/x-notes\n\nunknown-{}\n",
    "status": "Content-Type: message/delivery-status\n\nReporting-MTA: dns; status-{}\n",
    "winmail": "Content-Type: application/ms-tnef; name=winmail.dat\n\nwinmail-{}\n",
    "named": "Content-Type: text/plain; name=n.txt\n"
    "Content-Disposition: attachment; filename=n.txt\n\nnamed-{}\n",
    "mail": "Content-Type: message/rfc822\n\nSubject: i\n\ninner-{}\n",
    "signature": "Content-Type: application/pgp-signature\n\nsignature-{}\n",
}
WORDS = {"plain", "html", "enriched", "amp", "unknown", "calendar", "status"}
CONTAINERS = ("mixed", "alternative", "related", "signed", "report")
PAIRS = (
    *(("plain", "html"), ("html", "plain"), ("plain", "amp"), ("html", "enriched")),
    *(("plain", "calendar"), ("plain", "status"), ("html", "unknown"), ("plain", "winmail")),
    *(("enriched", "named"), ("html", "mail"), ("calendar", "signature"), ("unknown", "mail")),
)
SHAPES = [
    *((*one, "plain") for one in product(CONTAINERS, CONTAINERS, PAIRS)),
    *((outer, "mixed", pair, "html") for outer, pair in product(CONTAINERS, PAIRS)),
]


def multipart(subtype: str, boundary: str, parts: list[str]) -> str:
    pieces = "".join(f"--{boundary}\n{part}" for part in parts)
    return f"Content-Type: multipart/{subtype}; boundary={boundary}\n\n{pieces}--{boundary}--\n"


def shape(outer: str, inner: str, pair: tuple[str, str], last: str) -> bytes:
    leaves = [LEAVES[kind].format(number) for number, kind in enumerate((*pair, last))]
    within = multipart(inner, "in", leaves[:2])
    return f"From: a@b.example\n{multipart(outer, 'out', [within, leaves[2]])}".encode()


def leaves(message: Any) -> Iterator[Any]:
    """Yield leaves and attached messages, as the standard library reads them."""
    if message.get_content_maintype() == "multipart":
        for part in message.iter_parts():
            yield from leaves(part)
    else:
        yield message


@pytest.mark.parametrize("outer", CONTAINERS)
def test_every_leaf_is_in_a_body_or_a_file(outer: str) -> None:
    lost = []
    for one in (one for one in SHAPES if one[0] == outer):
        raw = shape(*one)
        found = record(raw)
        shown = found["text"] + (found["html"] or "")
        files = [file["mimeType"] for file in found["attachments"]]
        for number, leaf in enumerate(leaves(message_from_bytes(raw, policy=policy.default))):
            kind = leaf.get_content_type()
            if f"-{number}" not in shown and kind not in files:
                lost.append((one, kind))
    assert not lost


@pytest.mark.parametrize("kind", sorted(WORDS))
@pytest.mark.parametrize("container", ["", *CONTAINERS])
def test_text_of_any_kind_is_the_body_where_it_is_all(kind: str, container: str) -> None:
    leaf = LEAVES[kind].format(0)
    raw = multipart(container, "b", [leaf]) if container else leaf
    assert record(f"From: a@b.example\n{raw}".encode())["text"].strip()


@pytest.mark.parametrize("outer", ["mixed", "signed", "report"])
@pytest.mark.parametrize("inner", ["mixed", "signed", "report"])
@pytest.mark.parametrize("pair", [("plain", "html"), ("html", "plain")])
def test_parts_side_by_side_are_all_in_both_bodies(
    outer: str, inner: str, pair: tuple[str, str]
) -> None:
    found = record(shape(outer, inner, pair, "plain"))
    for body in (found["text"], found["html"] or ""):
        places = [body.index(f"{kind}-{at}") for at, kind in enumerate((*pair, "plain"))]
        assert places == sorted(places)


def test_a_footer_below_alternatives_is_in_both_and_neither_says_anything_twice() -> None:
    found = record(shape("mixed", "alternative", ("plain", "html"), "plain"))
    assert found["text"].split() == ["plain-0", "plain-2"]
    assert "plain-0" not in (found["html"] or "")
    assert "plain-2" in (found["html"] or "")


def test_plain_words_in_html_are_escaped() -> None:
    raw = multipart(
        "mixed", "b", [LEAVES["html"].format(0), "Content-Type: text/plain\n\n<script>&\n"]
    )
    assert "&lt;script&gt;&amp;" in (record(raw.encode())["html"] or "")


@pytest.mark.parametrize(
    ("named", "is_inline"),
    [
        ('<img src="cid:img1">', True),
        ("<img src=CID:img1>", True),
        ("<img src='c&#105;d:img1'>", True),
        ('<img src="cid:im%671">', True),
        ('<p style="background:url(cid:img1)">', True),
        ("<style>p{background:url('cid:img1')}</style>", True),
        ('<img srcset="cid:img0 1x, cid:img1 2x">', True),
        ('<img src="cid:img12">', False),
        ('<img src="cid:img">', False),
        ('<img src="cid:IMG1">', False),
        ("<p>cid:img1</p>", False),
        ('<a href="cid:img1">file</a>', False),
        ('<!-- <img src="cid:img1"> -->', False),
    ],
)
def test_a_picture_is_inline_where_the_html_names_it_exactly(named: str, is_inline: bool) -> None:
    picture = "Content-Type: image/png; name=a.png\nContent-ID: <img1>\n\nx\n"
    raw = multipart("related", "b", [f"Content-Type: text/html\n\n{named}\n", picture])
    (one,) = record(raw.encode())["attachments"]
    assert one["inline"] is is_inline


def test_a_picture_that_no_html_shows_is_a_file() -> None:
    picture = "Content-Type: image/png\nContent-Disposition: inline\nContent-ID: <a>\n\nx\n"
    raw = multipart("mixed", "b", [LEAVES["plain"].format(0), picture])
    assert [one["inline"] for one in record(raw.encode())["attachments"]] == [False]


def test_messages_within_messages_are_listed_without_end_of_the_stack() -> None:
    part: dict[str, Any] = {"mimeType": "text/plain", "body": {"data": "eA=="}}
    for _ in range(3_000):
        part = {"mimeType": "message/rfc822", "parts": [{"mimeType": "multipart/mixed",
                "parts": [part]}]}  # fmt: skip
    orjson.dumps(read_message({"payload": part}))
