"""Files travel on whatever somebody else called them."""

from base64 import urlsafe_b64encode
from typing import Any

import pytest

from shared.domain.mail.reading.email_message import EmailMessage, read_message
from shared.domain.mail.writing.mime import build
from shared.domain.mail.writing.outgoing import MAX_FILENAME, Attachment, Outgoing, check
from shared.domain.mail.writing.passed_files import fitted_name, issued_ids, passed_files
from shared.domain.mail.writing.recipients import Mailbox
from tests.domain.test_linear import EARLY

ADA = Mailbox("ada@acme.example")
ODD = [
    "",
    " ",
    "logo",
    "l\xf6go @ x",
    "a\r\nBcc: x@y",
    "<<>>",
    "x" * 5_000,
    "\x00",
    "\ud800",
    "%zz",
]


def parent(*parts: dict[str, Any], html: str = "") -> EmailMessage:
    data = urlsafe_b64encode(html.encode("utf-8", "replace")).decode()
    body = {"mimeType": "text/html", "partId": "0", "body": {"size": len(html), "data": data}}
    payload = {"mimeType": "multipart/related", "headers": [], "parts": [body, *parts]}
    return read_message({"id": "1", "threadId": "2", "payload": payload})


def image(part_id: str, content_id: str, **more: Any) -> dict[str, Any]:
    headers = [{"name": "Content-ID", "value": content_id}]
    return {"mimeType": "image/png", "partId": part_id, "filename": "x.png", "headers": headers,
            "body": {"size": 1, "data": "eA=="}, **more}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "fitted"),
    [
        ("report.pdf", "report.pdf"),
        ("re\r\nport.pdf", "re port.pdf"),
        ("", "attachment"),
        ("\u202e\x00", "attachment"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
        ("x" * 300 + ".tar.gz", "x" * 252 + ".gz"),
        ("x" * 300, "x" * 255),
        ("." + "x" * 300, "." + "x" * 254),
        ("x." + "y" * 300, "x." + "y" * 253),
        ("\u00fc" * 300 + ".pdf", "\u00fc" * 251 + ".pdf"),
    ],
)
def test_a_name_is_cleaned_and_a_long_one_keeps_its_extension(name: str, fitted: str) -> None:
    assert fitted_name(name) == fitted
    assert len(fitted) <= MAX_FILENAME


@pytest.mark.parametrize("odd", ODD)
def test_nothing_that_a_file_is_called_is_refused(odd: str) -> None:
    found = parent(
        image("1", f"<{odd}>", filename=odd, mimeType=odd), html=f"<img src='cid:{odd}'>"
    )
    for shown in (True, False):
        files = tuple(
            Attachment(one.filename, one.mime_type, b"x", one.content_id)
            for one in passed_files(found, shown=shown)
        )
        message = Outgoing(sender=ADA, to=(ADA,), html="x", attachments=files)
        check(message)
        build(message, date=EARLY)


def test_two_parts_of_one_content_id_are_an_image_and_a_file() -> None:
    found = parent(image("1", "<a@x>"), image("2", "<a@x>"), html="<img src='cid:a@x'>")
    first, second = passed_files(found, shown=True)
    assert first.content_id == issued_ids(found)["a@x"]
    assert second.content_id is None
    assert [one.part_id for one in passed_files(found, shown=False)] == ["2"]


def test_an_image_that_no_html_shows_is_a_file() -> None:
    found = parent(image("1", "<img1>"), image("2", "<img12>"), html="<img src='cid:img12'>")
    assert [one.content_id is None for one in passed_files(found, shown=True)] == [True, False]
    assert [one.part_id for one in passed_files(found, shown=False)] == ["1"]


def test_new_ids_are_of_the_message_and_the_part() -> None:
    ids = issued_ids(
        parent(image("1", "<a>"), image("2", "<b>"), html="<img src=cid:a><img src=cid:b>")
    )
    assert len(set(ids.values())) == len(ids) == 2
