"""Gmail's message JSON as an EmailMessage."""

import string
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.google.corpus import seed_messages
from infra.local.google.mail.mime import read_part
from infra.local.google.mail.rendering import render
from shared.domain.mail.reading.email_message import read_message, received_at, unfetched_bodies

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def data(content: str | bytes, *, padded: bool = True) -> dict[str, Any]:
    raw = content.encode() if isinstance(content, str) else content
    text = urlsafe_b64encode(raw).decode()
    return {"size": len(raw), "data": text if padded else text.rstrip("=")}


def part(mime_type: str, body: Any = None, part_id: str = "0", **more: Any) -> dict[str, Any]:
    headers = [
        {"name": name.replace("_", "-"), "value": value}
        for name, value in more.pop("headers", {}).items()
    ]
    return {
        "partId": part_id,
        "mimeType": mime_type,
        "filename": more.pop("filename", ""),
        "headers": headers,
        "body": {"size": 0} if body is None else body,
        **more,
    }


def gmail(payload: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": "18c0000000000001",
        "threadId": "18c0000000000002",
        "labelIds": ["INBOX", "UNREAD"],
        "snippet": "Tom &amp; Jerry &#39;s",
        "historyId": "4711",
        "internalDate": "1795000000123",
        "sizeEstimate": 2048,
        "payload": payload,
        **more,
    }


def read(payload: Any, **more: Any) -> dict[str, Any]:
    return dict(read_message(gmail(payload, **more)))


def test_every_field_of_the_contract_is_there() -> None:
    headers = {
        "From": "Maya Okafor <maya@x.example>",
        "To": "a@x.example, B <b@x.example>",
        "To_": "ignored",
        "Reply_To": "desk@x.example",
        "Subject": "Grüße",
        "Date": "Fri, 20 Nov 2026 10:30:00 +0100",
        "Message_ID": "<m1@x.example>",
        "In_Reply_To": "<m0@x.example>",
        "References": "<r1@x.example> <m0@x.example>",
        "List_Unsubscribe": "<https://x.example/u>",
        "X_Postroom_Send": "marker",
        "Received": "from nowhere",
    }
    assert read(part("text/plain", data("Hello.\r\n"), headers=headers)) == {
        "id": "18c0000000000001",
        "threadId": "18c0000000000002",
        "historyId": "4711",
        "labelIds": ["INBOX", "UNREAD"],
        "isUnread": True,
        "isDraft": False,
        "isSent": False,
        "date": "2026-11-20T09:30:00.000Z",
        "internalDate": "1795000000123",
        "from": {"name": "Maya Okafor", "email": "maya@x.example"},
        "to": [{"name": "", "email": "a@x.example"}, {"name": "B", "email": "b@x.example"}],
        "cc": [],
        "bcc": [],
        "replyTo": [{"name": "", "email": "desk@x.example"}],
        "subject": "Grüße",
        "snippet": "Tom & Jerry 's",
        "text": "Hello.\n",
        "replyText": "Hello.\n",
        "html": None,
        "attachments": [],
        "messageId": "<m1@x.example>",
        "inReplyTo": "<m0@x.example>",
        "references": ["<r1@x.example>", "<m0@x.example>"],
        "headers": {"list-unsubscribe": "<https://x.example/u>", "x-postroom-send": "marker"},
        "sizeEstimate": 2048,
        "cause": None,
        "body_truncated": False,
    }


@pytest.mark.parametrize("header", ["X_Postroom_Send", "X_Postroom_Draft"])
@pytest.mark.parametrize(
    ("labels", "cause"),
    [(["SENT"], "api"), (["DRAFT"], "api"), (["INBOX", "SENT"], "api"), (["INBOX"], None)],
)
def test_what_a_call_of_ours_made_is_told_from_its_recipients_copy(
    header: str, labels: list[str], cause: str | None
) -> None:
    made = part("text/plain", data("Hi"), headers={header: "m"})
    assert read(made, labelIds=labels)["cause"] == cause
    assert read(part("text/plain", data("Hi")), labelIds=labels)["cause"] is None


def test_both_alternatives_are_kept() -> None:
    found = read(
        part(
            "multipart/alternative",
            parts=[part("text/plain", data("plain")), part("text/html", data("<b>rich</b>"))],
        )
    )
    assert (found["text"], found["html"]) == ("plain", "<b>rich</b>")


@pytest.mark.parametrize(
    "plain",
    [
        [],
        [part("text/plain", data(" \r\n"))],
        [part("text/plain", data("\u200b\ufeff\u200c \u00a0\r\n"))],
    ],
)
def test_text_is_derived_where_there_is_none(plain: list[Any]) -> None:
    found = read(part("multipart/alternative", parts=[*plain, part("text/html", data("<p>Hi"))]))
    assert found["text"] == "Hi"


def test_a_body_in_pieces_is_joined() -> None:
    pieces = [part("text/plain", data("one")), part("text/plain", data("two"))]
    assert read(part("multipart/mixed", parts=pieces))["text"] == "one\ntwo"


def test_base64_needs_no_padding() -> None:
    assert read(part("text/plain", data("a", padded=False)))["text"] == "a"
    assert read(part("text/plain", data(b"\xff\xfe\xfb>?", padded=False)))["text"]


def test_a_body_that_is_no_utf_8_is_read_as_its_header_claims() -> None:
    headers = {"Content_Type": 'text/plain; charset="koi8-r"; format=flowed'}
    found = read(part("text/plain", data("Счёт".encode("koi8-r")), headers=headers))
    assert found["text"] == "Счёт"


def test_attachments_are_named_by_part() -> None:
    files = [
        part("text/plain", data("see file")),
        part(
            "application/pdf",
            {"attachmentId": "A1", "size": 900},
            "1",
            filename="=?utf-8?q?Z=C3=A4hler.pdf?=",
            headers={"Content_Disposition": "attachment"},
        ),
        part("text/plain", {"attachmentId": "A2", "size": 5}, "2", filename="notes.txt"),
    ]
    found = read(part("multipart/mixed", parts=files))
    assert found["text"] == "see file"
    assert found["attachments"] == [
        {
            "partId": "1",
            "filename": "Zähler.pdf",
            "mimeType": "application/pdf",
            "size": 900,
            "contentId": None,
            "inline": False,
        },
        {
            "partId": "2",
            "filename": "notes.txt",
            "mimeType": "text/plain",
            "size": 5,
            "contentId": None,
            "inline": False,
        },
    ]


def test_a_picture_is_inline_where_the_html_shows_it() -> None:
    def picture(id: str, content_id: str) -> dict[str, Any]:
        headers = {"Content_ID": f"<{content_id}>", "Content_Disposition": "inline"}
        body = {"attachmentId": "A", "size": 1}
        return part("image/png", body, id, filename=f"{id}.png", headers=headers)

    html = part("text/html", data('<img src="cid:logo@x"><img src="cid:a%20b">'))
    pictures = [picture("1", "logo@x"), picture("2", "a b"), picture("3", "unused@x")]
    found = read(part("multipart/related", parts=[html, *pictures]))
    assert [file["inline"] for file in found["attachments"]] == [True, True, False]
    assert found["attachments"][0]["contentId"] == "logo@x"


def test_a_calendar_part_without_a_name_is_an_invitation() -> None:
    invitation = part("text/calendar", data("BEGIN:VCALENDAR"), "1")
    found = read(part("multipart/alternative", parts=[part("text/html", data("x")), invitation]))
    assert [file["filename"] for file in found["attachments"]] == ["invite.ics"]


@pytest.mark.parametrize("kind", ["message/rfc822", "message/global"])
def test_an_attached_message_is_one_attachment_and_no_body(kind: str) -> None:
    inner = part(
        "multipart/mixed", part_id="1.0", parts=[part("text/plain", data("inner"), "1.0.0")]
    )
    attached = part(kind, {"attachmentId": "A", "size": 9}, "1", parts=[inner])
    found = read(part("multipart/mixed", parts=[part("text/plain", data("outer")), attached]))
    assert found["text"] == "outer"
    assert found["attachments"][0]["filename"] == "message.eml"


def test_another_rendering_of_the_body_is_an_attachment() -> None:
    amp = part("text/x-amp-html", data("<html amp4email>"), "1")
    found = read(part("multipart/alternative", parts=[part("text/plain", data("x")), amp]))
    assert found["text"] == "x"
    assert [file["mimeType"] for file in found["attachments"]] == ["text/x-amp-html"]


def test_a_body_behind_an_attachment_id_is_flagged_and_can_be_given() -> None:
    large = part("text/html", {"attachmentId": "A", "size": 9_000_000}, "1")
    message = gmail(part("multipart/alternative", parts=[part("text/plain", data("x")), large]))
    assert unfetched_bodies(message) == ["1"]
    assert read_message(message)["body_truncated"]
    found = read_message(message, {"1": b"<p>large"})
    assert (found["html"], found["body_truncated"]) == ("<p>large", False)


def test_a_bad_part_costs_only_itself() -> None:
    broken = part("text/html", {"size": 3, "data": "a"})
    found = read(part("multipart/alternative", parts=[part("text/plain", data("good")), broken]))
    assert (found["text"], found["html"], found["body_truncated"]) == ("good", None, True)


def test_a_snippet_is_one_line_without_control_characters() -> None:
    found = read(part("text/plain"), snippet="a\x1b[2J&#7; b\u2028c&#10;d \ud83d ")
    assert found["snippet"] == "a[2J b c d \ufffd"


def test_the_senders_date_falls_back_to_gmails() -> None:
    found = read(part("text/plain", headers={"Date": "yesterday"}))
    assert found["date"] == "2026-11-18T11:06:40.123Z"


@pytest.mark.parametrize("given", [None, "", "x", "9" * 30, {}, 1e99, True])
def test_a_message_without_a_time_is_of_1970(given: Any) -> None:
    assert received_at({"internalDate": given}).year == 1970


def test_the_whole_corpus_reads() -> None:
    for mail in seed_messages("ada@demo.example", 300, 25, NOW):
        rendered = render(read_part(mail.raw))
        payload = orjson.loads(b"attachment".join(rendered.payload))
        found = read(payload, snippet=rendered.snippet)
        assert found["text"] or found["attachments"] or not found["html"]
        assert not found["body_truncated"]
        orjson.dumps(found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
HEADER = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["From", "To", "Date", "Subject", "Content-Type", "References"])
        | JSON,
        "value": st.text(max_size=40) | JSON,
    },
)
BASE64 = st.text(alphabet=string.ascii_letters + string.digits + "-_=", max_size=30)
BODY = st.fixed_dictionaries(
    {}, optional={"data": BASE64 | JSON, "size": JSON, "attachmentId": st.just("A") | JSON}
)
MIME_TYPES = st.sampled_from(
    ["text/plain", "text/html", "multipart/mixed", "message/rfc822", "text/calendar", "image/png"]
)


def parts_of(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = {
        "partId": st.text(max_size=3) | JSON,
        "mimeType": MIME_TYPES | JSON,
        "filename": st.text(max_size=9) | JSON,
        "headers": st.lists(HEADER | JSON, max_size=4) | JSON,
        "body": BODY | JSON,
        "parts": st.lists(children, max_size=3) | JSON,
    }
    return st.fixed_dictionaries({}, optional=fields)


PAYLOAD = st.recursive(parts_of(st.none()), parts_of, max_leaves=6)
MESSAGE = st.fixed_dictionaries(
    {},
    optional={
        "payload": PAYLOAD | JSON,
        "labelIds": JSON,
        "snippet": JSON,
        "historyId": JSON,
        "internalDate": JSON,
        "sizeEstimate": JSON,
        "id": JSON,
    },
)


@given(MESSAGE)
@settings(deadline=None)
def test_no_message_is_too_broken_to_read(message: dict[str, Any]) -> None:
    found = read_message(message)
    assert found.keys() == read_message({}).keys()
    assert found["body_truncated"] or not unfetched_bodies(message)
