"""What a person is shown of a finished message is all that its readers get, however it is built."""

from base64 import b64encode
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.actions.policy.preview import LONGEST, preview_of
from shared.actions.policy.recipients import MessageRecipients
from shared.domain.mail.writing.envelope import Envelope
from shared.domain.mail.writing.recipients import Mailbox
from shared.domain.send.request import SendRequest

HEAD = b"To: bob@acme.example\r\nMIME-Version: 1.0\r\n"
TWICE = (
    HEAD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nHarmless.\r\n'
    b"--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nPay at once, J\xf6rg!\r\n--b\r\n"
    b"Content-Type: application/pdf; name=bill.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + b64encode(b"12345")
    + b"\r\n--b--\r\n"
)


async def previewed(raw: bytes) -> dict[str, object]:
    return await preview_of(MessageRecipients(Envelope(), SendRequest(raw=raw)))


async def test_every_text_part_is_shown_and_every_file_is_named() -> None:
    shown = await previewed(TWICE)
    assert shown["text"] == "Harmless.\n\nPay at once, J\u00f6rg!"
    assert shown["attachments"] == [
        {"filename": "bill.pdf", "mime_type": "application/pdf", "size": 5}
    ]


async def test_text_and_html_that_differ_are_both_shown() -> None:
    mail = EmailMessage()
    mail.set_content("Harmless.")
    mail.add_alternative("<p>Pay <b>at once</b>!</p><script>x</script>", subtype="html")
    shown = await previewed(mail.as_bytes())
    assert (shown["text"], shown["html_as_text"]) == ("Harmless.\n", "Pay at once!")


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"Content-Type: application/x-unknown\r\n\r\nPay at once!",
        HEAD + b"Content-Type: multipart/mixed\r\n\r\nPay at once!",
        HEAD + b"Content-Type: text/calendar\r\n\r\nPay at once!",
    ],
)
async def test_what_has_no_text_to_show_shows_its_source(raw: bytes) -> None:
    assert "Pay at once!" in str((await previewed(raw))["text"])


async def test_a_header_of_endless_parameters_is_shown_as_it_is() -> None:
    """The library reads parameters in quadratic time: such a message is not given to it."""
    header = b'Content-Disposition: attachment; filename="' + b";" * 10_000 + b'"\r\n\r\n'
    shown = await previewed(HEAD + header + b"Pay!")
    assert "Content-Disposition" in str(shown["text"])
    assert shown["attachments"] == []


async def test_a_long_text_is_cut_and_said_to_be() -> None:
    shown = await previewed(HEAD + b"\r\n" + b"x" * (LONGEST + 1))
    assert shown["truncated"] is True
    assert len(str(shown["text"])) == LONGEST


@given(st.binary(max_size=300), st.binary(max_size=300))
async def test_no_message_is_too_odd_to_be_shown(head: bytes, body: bytes) -> None:
    shown = await previewed(HEAD + head + b"\r\n\r\n" + body)
    assert isinstance(shown["attachments"], list)


FURTHER = (
    b"From: =?utf-8?q?Ada_Bo=C3=9F?= <sales@acme.example>\r\nSubject: Hi\r\n"
    b"Reply-To: Eve <eve@far.example>,\r\n other@far.example\r\n"
    b"X-Campaign: =?utf-8?q?caf=C3=A9?=\r\nDisposition-Notification-To: eve@far.example\r\n"
    b"x-campaign: second\r\nSUBJECT: Bye\r\n"
)


async def test_every_header_of_a_finished_message_is_shown() -> None:
    shown = await previewed(FURTHER + HEAD + b"\r\nHello.")
    assert shown["from"] == "Ada Bo\u00df <sales@acme.example>"
    assert shown["reply_to"] == ["eve@far.example", "other@far.example"]
    assert shown["headers"] == [
        {"name": "X-Campaign", "value": "caf\u00e9"},
        {"name": "Disposition-Notification-To", "value": "eve@far.example"},
        {"name": "x-campaign", "value": "second"},
        {"name": "SUBJECT", "value": "Bye"},
    ]


async def test_a_message_of_fields_shows_its_alias_and_its_headers() -> None:
    request = SendRequest(
        sender=Mailbox("sales@acme.example", "Sales"), text="x", headers={"X-Campaign": "7"}
    )
    shown = await preview_of(MessageRecipients(Envelope(), request), "ada@acme.example")
    assert shown["from"] == "Sales <sales@acme.example>"
    assert shown["headers"] == [{"name": "X-Campaign", "value": "7"}]


@pytest.mark.parametrize("written", [SendRequest(text="x"), SendRequest(raw=HEAD + b"\r\nx")])
async def test_a_message_that_names_no_sender_is_from_the_connected_address(
    written: SendRequest,
) -> None:
    shown = await preview_of(MessageRecipients(Envelope(), written), "ada@acme.example")
    assert shown["from"] == "ada@acme.example"


async def test_headers_without_end_are_cut_and_said_to_be() -> None:
    shown = await previewed(b"X-Long: " + b"y " * LONGEST + b"\r\n" + HEAD + b"\r\nx")
    assert shown["truncated"] is True
    assert len(str(shown["headers"])) < LONGEST + 100
