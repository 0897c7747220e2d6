"""Attachments as bytes: type, name, ranges, validators, links; also as an action."""

from base64 import urlsafe_b64decode
from datetime import timedelta
from email.message import EmailMessage
from random import Random
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.edge.api.mail.attachments import disposition
from shared.edge.web.streamed import Span, UnsatisfiableError, read_range
from shared.ports.connections import Grants
from tests.harness.acting import ActionHarness
from tests.harness.google import letter
from tests.harness.samples import CONNECTION

CONTENT = Random(7).randbytes(40_000)
SMALL = b"a,b\n1,2\n"


def with_files(*files: tuple[str, str, bytes]) -> EmailMessage:
    mail = letter()
    for name, kind, content in files:
        main, _, sub = kind.partition("/")
        mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return mail


@pytest.fixture
async def message(harness: ActionHarness) -> str:
    return harness.deliver(
        with_files(
            ("Rechnung März.pdf", "application/pdf", CONTENT),
            ("table.csv", "text/csv", SMALL),
            ("page.html", "text/html", b"<script>alert(1)</script>"),
        )
    )


async def get(harness: ActionHarness, id: str, part: str = "1", **headers: str) -> httpx.Response:
    return await harness.api.get(f"/attachments/{id}/{part}", headers=headers)


async def test_the_bytes_come_with_their_type_name_and_size(
    harness: ActionHarness, message: str
) -> None:
    answer = await get(harness, message)
    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"Rechnung M_rz.pdf\"; filename*=UTF-8''Rechnung%20M%C3%A4rz.pdf"
    )
    assert (await get(harness, message, "2")).content == SMALL


async def test_a_message_that_is_one_file_is_had_by_its_root_and_by_a_link_to_it(
    harness: ActionHarness,
) -> None:
    mail = letter()
    mail.set_content(CONTENT, maintype="application", subtype="pdf", filename="r.pdf")
    id = harness.deliver(mail)
    assert (await get(harness, id, "root")).content == CONTENT
    linked = await harness.api.post(f"/attachments/{id}/root/link")
    assert linked.status_code == 200, linked.text
    opened = await harness.api.get(urlsplit(linked.json()["url"]).path)
    assert opened.content == CONTENT
    found = await harness.ran("get-attachment", {"messageId": id, "partId": "root"})
    assert urlsafe_b64decode(found["data"]) == CONTENT


async def test_a_page_is_saved_and_never_run(harness: ActionHarness, message: str) -> None:
    answer = await get(harness, message, "3")
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_a_range_is_answered_alone(harness: ActionHarness, message: str) -> None:
    answer = await get(harness, message, Range="bytes=10000-10099")
    assert (answer.status_code, answer.content) == (206, CONTENT[10000:10100])
    assert answer.headers["content-range"] == f"bytes 10000-10099/{len(CONTENT)}"
    assert answer.headers["content-length"] == "100"
    last = await get(harness, message, Range="bytes=-5")
    assert (last.status_code, last.content) == (206, CONTENT[-5:])


async def test_a_range_beyond_the_end_is_refused_with_the_size(
    harness: ActionHarness, message: str
) -> None:
    answer = await get(harness, message, Range=f"bytes={len(CONTENT)}-")
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"
    assert answer.json()["error"]["code"] == "range_not_satisfiable"


async def test_several_ranges_are_answered_with_all_of_it(
    harness: ActionHarness, message: str
) -> None:
    answer = await get(harness, message, Range="bytes=0-1,5-6")
    assert (answer.status_code, answer.content) == (200, CONTENT)


async def test_a_known_etag_costs_nothing(harness: ActionHarness, message: str) -> None:
    etag = (await get(harness, message)).headers["etag"]
    before = harness.calls()
    again = await get(harness, message, **{"If-None-Match": f'"other", {etag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert harness.calls() == before


async def test_a_range_of_something_else_is_answered_with_all_of_it(
    harness: ActionHarness, message: str
) -> None:
    asked = {"Range": "bytes=0-9", "If-Range": '"other"'}
    assert (await get(harness, message, **asked)).status_code == 200
    asked["If-Range"] = (await get(harness, message)).headers["etag"]
    assert (await get(harness, message, **asked)).status_code == 206


async def test_head_tells_the_size_without_the_bytes(harness: ActionHarness, message: str) -> None:
    answer = await harness.api.head(f"/attachments/{message}/1")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert "messages.attachments.get" not in harness.calls()


async def test_a_mail_that_is_nothing_but_a_file_has_a_root(harness: ActionHarness) -> None:
    mail = b"Subject: x\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n%PDF"
    answer = await get(harness, harness.deliver(mail), "root")
    assert (answer.content, answer.headers["content-type"]) == (b"%PDF", "application/pdf")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("18f00000000000ff/1", 404, "not_found"),
        ("{id}/9", 404, "not_found"),
        ("{id}/x", 404, "not_found"),
        ("a.b/1", 404, "not_found"),
    ],
)
async def test_what_is_not_there_says_so(
    harness: ActionHarness, message: str, path: str, status: int, code: str
) -> None:
    answer = await harness.api.get(f"/attachments/{path.replace('{id}', message)}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_the_first_failures_are_tried_again(harness: ActionHarness, message: str) -> None:
    harness.fault("status_503", method="gmail.users.messages.attachments.get", times=2)
    assert (await get(harness, message)).content == CONTENT
    harness.fault("status_503", method="gmail.users.messages.attachments.get", times=3)
    assert (await get(harness, message)).json()["error"]["code"] == "upstream_error"


async def link(
    harness: ActionHarness, message: str, part: str = "1", **body: Any
) -> httpx.Response:
    return await harness.api.post(f"/attachments/{message}/{part}/link", json=body)


async def opened(harness: ActionHarness, url: str) -> httpx.Response:
    """Open a link as a browser does: with no key."""
    bare = {"Authorization": "", "Connection-Id": "", "Provider-Config-Key": ""}
    return await harness.api.get(urlsplit(url).path, headers=bare)


async def test_a_link_opens_without_a_key_until_it_expires(
    harness: ActionHarness, message: str
) -> None:
    url = (await link(harness, message, expires_in_s=60)).json()["url"]
    assert (await opened(harness, url)).content == CONTENT
    harness.clock.advance(timedelta(seconds=59))
    assert (await opened(harness, url)).status_code == 200
    harness.clock.advance(timedelta(seconds=2))
    late = await opened(harness, url)
    assert (late.status_code, late.json()["error"]["code"]) == (403, "forbidden")


async def test_a_link_never_lasts_longer_than_a_quarter_of_an_hour(
    harness: ActionHarness, message: str
) -> None:
    assert (await link(harness, message, expires_in_s=901)).status_code == 400
    url = (await link(harness, message)).json()["url"]
    harness.clock.advance(timedelta(seconds=901))
    assert (await opened(harness, url)).status_code == 403


async def test_a_changed_link_opens_nothing(harness: ActionHarness, message: str) -> None:
    url = (await link(harness, message)).json()["url"]
    start, _, token = url.rpartition("/")
    for place in range(0, len(token), 7):
        other = "A" if token[place] != "A" else "B"
        forged = f"{start}/{token[:place]}{other}{token[place + 1 :]}"
        assert (await opened(harness, forged)).status_code in {403, 404}, place
    assert (await opened(harness, f"{start}/nonsense")).status_code == 403
    assert (await opened(harness, f"{start}/a.b.c")).status_code == 403


async def test_a_link_ends_with_its_connection(harness: ActionHarness, message: str) -> None:
    url = (await link(harness, message)).json()["url"]
    grant = await harness.container.use(Grants).get(CONNECTION)
    assert grant is not None
    await harness.container.use(Grants).delete(grant)
    assert (await opened(harness, url)).status_code == 403


async def test_the_action_answers_the_same_bytes_as_json(
    harness: ActionHarness, message: str
) -> None:
    found = await harness.ran("get-attachment", {"messageId": message, "partId": "1"})
    assert urlsafe_b64decode(found["data"]) == CONTENT
    assert (found["filename"], found["size"]) == ("Rechnung März.pdf", len(CONTENT))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-0", Span(0, 0)),
        ("bytes=5-", Span(5, 9)),
        ("bytes=5-500", Span(5, 9)),
        ("bytes=-3", Span(7, 9)),
        ("bytes=-300", Span(0, 9)),
        ("bytes=7-5", None),
        ("bytes=-", None),
        ("items=0-1", None),
        ("bytes=x-y", None),
    ],
)
def test_a_range_is_read_as_http_says(header: str | None, expected: Span | None) -> None:
    assert read_range(header, 10) == expected


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=-0"])
def test_a_range_past_the_end_cannot_be_met(header: str) -> None:
    with pytest.raises(UnsatisfiableError):
        read_range(header, 10)


@given(st.text(max_size=200))
def test_no_file_name_leaves_its_header_or_its_folder(name: str) -> None:
    made = disposition(name)
    assert made.isascii()
    assert made.isprintable()
    plain = made.partition('filename="')[2].partition('"')[0]
    assert not set(plain) & set('/\\";%')
    assert plain
    assert not plain.startswith(".")
    assert made.count('"') == 2
