"""Recipients of a finished message are read in one way, or not at all."""

from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.mail.writing.envelope import MAX_HEAD, envelope_of
from shared.errors import InvalidRequestError

END = b"\r\n\r\nA text.\r\nBcc: nobody@body.example\r\n"
DOMAINS = st.sampled_from(["acme.example", "far.example", "sub.far.example"])
ADDRESSES = st.builds(
    "{}@{}".format, st.from_regex(r"[a-z][a-z0-9]{0,8}(\.[a-z0-9]{1,5})?", fullmatch=True), DOMAINS
)


def test_every_recipient_of_every_header_is_seen() -> None:
    raw = (
        b"From: ada@acme.example\r\nTo: Bob <bob@acme.example>,\r\n"
        b"\t=?utf-8?q?=C3=89ve?= <eve@x.yy>\r\n"
        b"to: second@to.example\r\nCC: team: a@b.cc, d@e.ff;\r\nBcc: hidden@far.example\r\n"
        b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=" + END
    )
    found = envelope_of(raw)
    assert found.to == ("bob@acme.example", "eve@x.yy", "second@to.example")
    assert (found.cc, found.bcc) == (("a@b.cc", "d@e.ff"), ("hidden@far.example",))
    assert found.subject == "Gr\u00fc\u00dfe"


@pytest.mark.parametrize(
    "head",
    [
        b"To: a@ok.example\r\nnot a header\r\nBcc: e@far.example",
        b"To: a@ok.example\r\nBcc : e@far.example",
        b"To: a@ok.example\rBcc: e@far.example",
        b"Subject: x\r\r\nBcc: e@far.example",
        b"To: a@ok.example\x00\r\nBcc: e@far.example",
        b"To: a@ok.example\r\nResent-To: e@far.example",
        b"To: a@ok.example\r\nResent-Bcc: e@far.example",
        b"To: a@ok.example\r\nApparently-To: e@far.example",
        b"To: a@ok.example; e@far.example",
        b"To: a@ok.example e@far.example",
        b"To: a@ok.example <e@far.example>",
        b"To: <a@ok.example",
        b"To: <@far.example:a@ok.example>",
        b"To: =?utf-8?q?e=40far.example=2C?=@ok.example",
        b"To: a@ok.example\xff",
        b"To: =?utf-8?q?a?=@ok.example",
        b"To: <=?utf-8?q?a=40far.example=3E=2C_=3Cb?=@ok.example>",
        b'To: "=?utf-8?q?=22_=3Ce=40far.example=3E=2C?=" <a@ok.example>',
        b"To: a =?utf-8?q?b@far.example,?= <a@ok.example>",
        b"To: a@ok.example (=?utf-8?q?=29=2C_e=40far.example?=)",
        b"To: a@ok.example (\\), e@far.example)",
        b'To: "a\\" <a@ok.example>, "b" <e@far.example>',
        b"To: team: a@ok.example, more: e@far.example;;",
        b"To: a@ok.example\xc2\xa0",
        b"To: a@[127.0.0.1]",
        b"To: a@ok.example,, ,e@",
        b"X: " + b"x" * MAX_HEAD + b"\r\nBcc: e@far.example",
    ],
    ids=lambda head: head[-50:].decode("latin-1"),
)
def test_what_two_programs_might_read_differently_is_refused(head: bytes) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        envelope_of(head + END)
    assert refused.value.code == "ambiguous_recipients"


@pytest.mark.parametrize(
    ("value", "address"),
    [
        (b"=?utf-8?q?M=C3=BCller=2C_J=C3=B6rg?= <a@ok.example>", "a@ok.example"),
        (b"=?utf-8?q?Support_=28Z=C3=BCrich=29?= <a@ok.example>", "a@ok.example"),
        ("M\u00fcller <j\u00f6rg@m\u00fcller.example>".encode(), "j\u00f6rg@m\u00fcller.example"),
        (b"a@ok.example (Ada)", "a@ok.example"),
    ],
)
def test_names_may_hold_anything_once_the_addresses_are_known(value: bytes, address: str) -> None:
    assert envelope_of(b"To: " + value + END).to == (address,)


def test_brackets_made_of_encoded_words_hide_no_recipient() -> None:
    hidden = b"To: =?utf-8?q?=28?= <e@far.example>, =?utf-8?q?=29?= <b@acme.example>"
    assert envelope_of(hidden + END).to == ("e@far.example", "b@acme.example")


@given(st.lists(ADDRESSES, max_size=5), st.lists(ADDRESSES, max_size=5), st.lists(ADDRESSES))
def test_a_plain_message_goes_to_exactly_those_it_names(
    to: list[str], cc: list[str], bcc: list[str]
) -> None:
    mail = EmailMessage()
    for name, people in (("To", to), ("Cc", cc), ("Bcc", bcc)):
        if people:
            mail[name] = ", ".join(people)
    mail.set_content("x")
    found = envelope_of(mail.as_bytes(policy=SMTP))
    assert (found.to, found.cc, found.bcc) == (tuple(to), tuple(cc), tuple(bcc))
