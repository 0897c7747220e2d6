"""Recipients that are seen and judged are those that mail is delivered to, or it is refused.

The emulated Google reads the bytes with a reader of its own (`delivery_addresses`), as a mail
server does, and shares none of Postroom's code.
"""

import contextlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from infra.local.google.mail import drafts as gmails
from infra.local.google.mail.headers import read_headers, split_head
from infra.local.google.mail.sending import UnsendableError, recipients_of
from shared.domain.mail.writing.envelope import envelope_of
from shared.domain.mail.writing.mime import build
from shared.domain.mail.writing.outgoing import Outgoing
from shared.domain.mail.writing.raw_message import check_raw
from shared.domain.mail.writing.recipients import Mailbox, parse_mailboxes
from shared.errors import InvalidRecipientError, InvalidRequestError
from tests.actions.agents import agent, asked_for, decide, person, rule_of, shown
from tests.harness.acting import ActionHarness, action_harness
from tests.harness.google import EMAIL

EVIL, BEN = "evil@evil.example", "b@acme.example"
ADDRESSES = st.sampled_from([BEN, "c.d@acme.example", EVIL, "e+x@far.example"])
HIDING = "=?utf-8?q?=28?= <evil@evil.example>, =?utf-8?q?=29?= <b@acme.example>"
QUOTING = "=?utf-8?q?=22?= <evil@evil.example>, =?utf-8?q?=22?= <b@acme.example>"
NAMES = st.sampled_from(
    [
        *("", "Bob", "Bob B.", "J\u00f6rg", EVIL, f"({EVIL})", "a:", '"a', "a)", "("),
        *('"Bob, B."', rf'"B \"x\" <{EVIL}>"', "=?utf-8?q?=28?=", "=?utf-8?q?=22?="),
        *("=?utf-8?b?PGV2aWxAZXZpbC5leGFtcGxlPiw=?=", "=?utf-8?q?a,_b?=", "=?utf-8?q?=40evil?="),
        "=?utf-8?q?M=C3=BCller=2C_J=C3=B6rg?=",
    ]
)
FORMS = st.sampled_from(
    [
        *("{n} <{a}>", "{a}", "<{a}>", "{a} ({n})", "{n} <@evil.example:{a}>", "{n}<{a}>", "{n}"),
        *("g: {n} <{a}>;", "{a} {a}", "{n} {a} <{a}>", "<{a}", "{n} < {a} >", "{a}(c(d)e)"),
        *('"{a}" <{a}>', "{a};"),
    ]
)
ODD = st.builds(lambda form, n, a: str(form.format(n=n, a=a)), FORMS, NAMES, ADDRESSES)
PROPER = st.builds(
    lambda form, n, a: str(form.format(n=n, a=a)),
    st.sampled_from(["{n} <{a}>", "{a}", "{a} (c)", "g: {n} <{a}>;", "{n}\r\n <{a}>"]),
    st.sampled_from(
        ['"Bob, B."', "Bob", "=?utf-8?q?=28?=", "=?utf-8?q?=22?=", rf'"<{EVIL}>,"', "J\u00f6rg"]
    ),
    ADDRESSES,
)
PEOPLE = st.one_of(PROPER, PROPER, PROPER, PROPER, ODD)
JOINTS = st.sampled_from([", ", ",", ",\r\n ", ",\r\n\t", ", ,", "; ", " ", "\r\n "])
PIECES = st.sampled_from(
    [*'"()<>,;:@\\[]. ', "\r\n ", "a@acme.example", "x", "=?utf-8?q?=2C?=", EVIL, "\xe9"]
)
HEADERS = st.sampled_from(
    [*("To", "to", "Cc", "Bcc", "BCC", "X-To") * 3, "Resent-To", "Apparently-To", "Bcc "]
)


@st.composite
def values(draw: st.DrawFn) -> str:
    """Make the value of an address header, well formed or not."""
    people = draw(st.lists(PEOPLE, min_size=1, max_size=3))
    if draw(st.integers(0, 9)) == 9:
        return "".join(draw(st.lists(PIECES, min_size=1, max_size=12)))
    return "".join(person + draw(JOINTS) for person in people[:-1]) + people[-1]


@st.composite
def heads(draw: st.DrawFn) -> bytes:
    """Make the headers of a message; some come several times."""
    lines = draw(st.lists(st.tuples(HEADERS, values()), min_size=1, max_size=3))
    newline = draw(st.sampled_from(["\r\n", "\n"]))
    text = "".join(f"{name}: {value}\r\n" for name, value in lines)
    odd = draw(st.sampled_from(["utf-8", "utf-8", "utf-8", "latin-1"]))
    return text.replace("\r\n", newline).encode(odd) + newline.encode() + b"A text."


def delivered(raw: bytes) -> set[str]:
    """Return to whom the emulated Google delivers the bytes."""
    try:
        return {*recipients_of(read_headers(split_head(raw)[0]))}
    except UnsendableError:
        return set()


@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(heads())
@example(f"To: {HIDING}\r\n\r\nx".encode())
@example(f"To: {QUOTING}\r\n\r\nx".encode())
@example(b'To: "Bob, B." <b@acme.example>\r\nTo: ,\r\n\r\nx')
@example(b"To: b@acme.example\r\nCc: (nobody)\r\n\r\nx")
@example(b"To: b@acme.example\r\nCc: g:;,\r\n\r\nx")
@example(b"To: b@acme.example\r\nCc: g:;\r\n\r\nx")
def test_what_is_judged_is_what_is_delivered_to(raw: bytes) -> None:
    with contextlib.suppress(InvalidRequestError):
        assert {one.lower() for one in envelope_of(raw).recipients} == delivered(raw)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=40), ADDRESSES), max_size=4))
def test_what_is_built_goes_to_those_it_was_built_for(people: Sequence[tuple[str, str]]) -> None:
    boxes: list[Mailbox] = []
    for name, address in people:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        with contextlib.suppress(InvalidRecipientError):
            boxes += parse_mailboxes(f'"{quoted}" <{address}>', "to")
    message = Outgoing(Mailbox(EMAIL), to=tuple(boxes), text="x")
    raw = build(message, date=datetime(2026, 11, 22, tzinfo=UTC), marker=None)
    named = {one.address.lower() for one in boxes}
    assert {one.lower() for one in envelope_of(raw).recipients} == named == delivered(raw)


def test_parentheses_and_quotes_in_encoded_words_hide_no_recipient() -> None:
    for value in (HIDING, QUOTING):
        envelope = envelope_of(f"To: {value}\r\n\r\nx".encode())
        assert envelope.to == ("evil@evil.example", "b@acme.example")


@pytest.mark.parametrize(
    "name", ["=?utf-8?q?M=C3=BCller=2C_J=C3=B6rg?=", "=?utf-8?b?U3VwcG9ydCAoWsO8cmljaCk=?="]
)
def test_a_name_may_hold_a_comma_or_parentheses_as_an_encoded_word(name: str) -> None:
    raw = f"To: {name} <b@acme.example>\r\n\r\nx".encode()
    assert envelope_of(raw).to == ("b@acme.example",)
    check_raw(raw)
    assert delivered(raw) == {"b@acme.example"}


@pytest.mark.parametrize(
    "value",
    [
        "=?utf-8?q?b=40acme=2Eexample?=",
        "<=?utf-8?q?b?=@acme.example>",
        "b@=?utf-8?q?acme?=.example",
        "b@acme.example, =?utf-8?q?=2C_evil=40evil=2Eexample?=",
        "=?utf-8?q?g?=: b@acme.example; (=?utf-8?q?=29?=)",
    ],
)
def test_an_encoded_word_outside_a_display_name_is_refused(value: str) -> None:
    raw = f"To: {value}\r\n\r\nx".encode()
    with pytest.raises(InvalidRequestError) as refused:
        envelope_of(raw)
    assert refused.value.code == "ambiguous_recipients"
    with pytest.raises(InvalidRecipientError):
        check_raw(raw)


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ActionHarness]:
    async with action_harness(tmp_path) as opened:
        yield opened


def encoded(value: str) -> str:
    text = f"From: {EMAIL}\r\nTo: {value}\r\nSubject: Hi\r\n\r\nx"
    return urlsafe_b64encode(text.encode()).decode()


async def draft_of(harness: ActionHarness, value: str) -> str:
    """Keep a draft as its owner does, in Gmail itself: Postroom has judged nothing of it."""
    raw = urlsafe_b64decode(encoded(value))
    return gmails.create_draft(harness.google.store, EMAIL, raw)[0]


@pytest.mark.parametrize("value", [HIDING, QUOTING])
async def test_every_way_of_a_draft_or_a_finished_message_sees_all_recipients(
    harness: ActionHarness, value: str
) -> None:
    """Allowed domains refuse it; where a person is asked, the preview names everybody."""
    held = await agent(harness, allowed_domains=["acme.example"])
    draft = await draft_of(harness, value)
    for action, asked in (
        ("send-draft", {"id": draft}),
        ("send-message", {"raw": encoded(value)}),
        ("create-draft", {"raw": encoded(value)}),
        ("update-draft", {"id": draft, "raw": encoded(value)}),
    ):
        assert rule_of(await held.run(action, asked)) == "allowed_domains", action
    caller, anne = await agent(harness, approval_required=True), await person(harness)
    for action, asked in (
        ("send-draft", {"id": draft}),
        ("send-message", {"raw": encoded(value)}),
        ("create-draft", {"raw": encoded(value)}),
        ("update-draft", {"id": draft, "raw": encoded(value)}),
    ):
        id = await asked_for(caller, action, asked, action)
        preview = (await shown(anne, id))["preview"]
        assert preview["to"] == ["evil@evil.example", "b@acme.example"], action


async def test_an_approved_draft_reaches_exactly_those_in_its_preview(
    harness: ActionHarness,
) -> None:
    caller, anne = await agent(harness, approval_required=["send"]), await person(harness)
    harness.google.store.create_mailbox("evil@evil.example")
    harness.google.store.create_mailbox("b@acme.example")
    draft = await draft_of(harness, HIDING)
    id = await asked_for(caller, "send-draft", {"id": draft})
    people = (await shown(anne, id))["preview"]["to"]
    assert (await decide(anne, id, "approve"))["succeeded"] is True
    reached = [
        one for one in ("evil@evil.example", "b@acme.example") if harness.google.store.messages(one)
    ]
    assert reached == people
