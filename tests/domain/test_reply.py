"""Subjects of replies in the languages mailers speak, and reference chains."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.mail.reading.email_message import EmailMessage, read_message
from shared.domain.mail.writing.outgoing import Outgoing
from shared.domain.mail.writing.own_addresses import OwnAddresses
from shared.domain.mail.writing.recipients import Mailbox
from shared.domain.mail.writing.reply import (
    MAX_REFERENCES,
    as_reply,
    forward_subject,
    in_thread,
    reply_subject,
)
from shared.errors import InvalidRecipientError

MINE = Outgoing(sender=Mailbox("ada@acme.example"), text="x")


def parent(**headers: str) -> EmailMessage:
    given_headers = [
        {"name": name.replace("_", "-"), "value": value} for name, value in headers.items()
    ]
    message: dict[str, Any] = {"id": "1", "threadId": "2", "payload": {"headers": given_headers}}
    return read_message(message)


@pytest.mark.parametrize(
    ("subject", "reply", "forward"),
    [
        ("Hi", "Re: Hi", "Fwd: Hi"),
        ("Re: Hi", "Re: Hi", "Fwd: Re: Hi"),
        ("RE: Hi", "RE: Hi", "Fwd: RE: Hi"),
        ("re[3]: Hi", "re[3]: Hi", "Fwd: re[3]: Hi"),
        ("AW: Angebot", "AW: Angebot", "Fwd: AW: Angebot"),
        ("Antw: Offerte", "Antw: Offerte", "Fwd: Antw: Offerte"),
        ("SV: Møte", "SV: Møte", "Fwd: SV: Møte"),
        ("Odp: Oferta", "Odp: Oferta", "Fwd: Odp: Oferta"),
        ("回复\uff1a报价", "回复\uff1a报价", "Fwd: 回复\uff1a报价"),
        ("Отв: Счёт", "Отв: Счёт", "Fwd: Отв: Счёт"),
        ("Fwd: Hi", "Re: Fwd: Hi", "Fwd: Hi"),
        ("WG: Bilder", "Re: WG: Bilder", "WG: Bilder"),
        ("TR: Photos", "Re: TR: Photos", "TR: Photos"),
        ("转发\uff1a图片", "Re: 转发\uff1a图片", "转发\uff1a图片"),
        ("Reason: none", "Re: Reason: none", "Fwd: Reason: none"),
        ("", "Re:", "Fwd:"),
        ("  many   spaces ", "Re: many spaces", "Fwd: many spaces"),
    ],
)  # fmt: skip
def test_a_subject_is_marked_once(subject: str, reply: str, forward: str) -> None:
    assert reply_subject(subject) == reply
    assert forward_subject(subject) == forward


@given(st.text(max_size=80))
def test_marking_twice_changes_nothing(subject: str) -> None:
    assert reply_subject(reply_subject(subject)) == reply_subject(subject)
    assert forward_subject(forward_subject(subject)) == forward_subject(subject)


def test_a_long_chain_keeps_its_first_and_its_newest_ids() -> None:
    ids = [f"<{number}@x.example>" for number in range(60)]
    chained = in_thread(MINE, parent(Message_ID="<p@x.example>", References=" ".join(ids)))
    assert len(chained.references) == MAX_REFERENCES
    assert chained.references[0] == "<0@x.example>"
    assert chained.references[-2:] == ("<59@x.example>", "<p@x.example>")
    assert chained.in_reply_to == "<p@x.example>"


def test_each_id_stands_in_the_chain_once() -> None:
    chained = in_thread(MINE, parent(Message_ID="<b@x>", References="<a@x> <b@x> <a@x>"))
    assert chained.references == ("<a@x>", "<b@x>")


def test_nobody_is_answered_twice_nor_oneself() -> None:
    original = parent(
        From="Bob <bob@x.example>",
        To="ADA@acme.example, bob@X.example, Eve <eve@x.example>",
        Cc="eve@x.example, broken, <no@where>, Zoë <zoe@x.example>",
    )
    answer = as_reply(MINE, original, ["ada@acme.example"], to_all=True, quote=False)
    assert [one.address for one in answer.to] == ["bob@x.example"]
    assert [one.address for one in answer.cc] == ["eve@x.example", "zoe@x.example"]


def test_mail_to_oneself_alone_is_answered_to_oneself() -> None:
    original = parent(From="ada@acme.example", To="ada@acme.example")
    answer = as_reply(MINE, original, ["ada@acme.example"], to_all=False, quote=False)
    assert [one.address for one in answer.to] == ["ada@acme.example"]


def test_only_gmails_label_makes_a_message_ones_own() -> None:
    """A website's form writes the shop's own address into From: its customer is in Reply-To."""
    form = parent(From="ada@acme.example", To="bob@acme.example", Reply_To="customer@far.example")
    answer = as_reply(MINE, form, ["ada@acme.example"], to_all=False, quote=False)
    assert [one.address for one in answer.to] == ["customer@far.example"]


def test_own_mail_without_a_reader_is_not_answered_to_oneself() -> None:
    sent = {**parent(From="ada@acme.example", Cc="bob@acme.example"), "isSent": True}
    with pytest.raises(InvalidRecipientError):
        as_reply(MINE, sent, ["ada@acme.example"], to_all=False, quote=False)  # type: ignore[arg-type]


def test_an_address_that_is_left_out_is_told_once() -> None:
    original = parent(From="eve@far.example", To="a..b@x.example, c@x.example", Cc="a..b@x.example")
    answer = as_reply(MINE, original, ["ada@acme.example"], to_all=True, quote=False)
    assert [one.address for one in answer.left_out] == ["a..b@x.example"]


OWN_FORMS = [
    ("ada.love@gmail.com", "adalove@gmail.com"),
    ("ada.love@gmail.com", "a.d.a.love@googlemail.com"),
    ("adalove@googlemail.com", "ada.love+news@gmail.com"),
    ("ada@acme.example", "Ada+shop@ACME.example"),
    ("ada@b\u00fccher.example", "ada@xn--bcher-kva.example"),
    ("ada@xn--bcher-kva.example", "ada@B\u00dcCHER.example"),
    ("j\u00f6rg@acme.example", "jo\u0308rg@acme.example"),
]


@pytest.mark.parametrize(("connected", "written"), OWN_FORMS)
def test_an_own_address_in_any_form_is_nobody_else(connected: str, written: str) -> None:
    original = parent(From="bob@x.example", To=f"{written}, eve@x.example", Cc=written)
    answer = as_reply(MINE, original, [connected], to_all=True, quote=False)
    assert [one.address for one in (*answer.to, *answer.cc)] == ["bob@x.example", "eve@x.example"]
    assert answer.left_out == ()


@pytest.mark.parametrize(("connected", "written"), OWN_FORMS)
def test_own_mail_to_an_own_address_in_any_form_is_mail_to_oneself(
    connected: str, written: str
) -> None:
    sent = {**parent(From=connected, To=written), "isSent": True}
    answer = as_reply(MINE, sent, [connected], to_all=False, quote=False)  # type: ignore[arg-type]
    assert OwnAddresses.of([connected]).include(answer.to[0].address)


@pytest.mark.parametrize(
    ("connected", "written"),
    [
        ("ada.love@acme.example", "adalove@acme.example"),
        ("ada@gmail.com", "ada@acme.example"),
        ("ada@gmail.com", "ada@mail.gmail.com"),
        ("ada@acme.example", "adam@acme.example"),
        ("ada@acme.example", "+@acme.example"),
    ],
)
def test_whoever_is_called_alike_is_somebody_else(connected: str, written: str) -> None:
    original = parent(From="bob@x.example", To=written)
    answer = as_reply(MINE, original, [connected], to_all=True, quote=False)
    assert [one.address for one in answer.cc] == [written]


def test_an_own_address_that_no_mail_reaches_is_not_told_as_left_out() -> None:
    original = parent(From="bob@x.example", To="a..da@gmail.com")
    answer = as_reply(MINE, original, ["ada@gmail.com"], to_all=True, quote=False)
    assert (answer.cc, answer.left_out) == ((), ())


def test_mail_may_be_sent_as_an_own_address_only_as_it_stands() -> None:
    own = OwnAddresses.of(["ada@gmail.com", "ada@b\u00fccher.example"])
    assert own.may_send_as("ADA@Gmail.com")
    assert own.may_send_as("ada@xn--bcher-kva.example")
    assert not own.may_send_as("ada+news@gmail.com")
    assert not own.may_send_as("ada@googlemail.com")
