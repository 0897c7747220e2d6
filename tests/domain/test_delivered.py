"""Recipients that the strict reader sees are those that the emulated Google delivers to."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from infra.local.google.app import create_app
from infra.local.google.mail.sending import UnsendableError, prepare
from infra.local.google.mail.store import MailStore
from infra.local.google.settings import GoogleSettings
from shared.domain.mail.writing.envelope import envelope_of
from shared.errors import InvalidRequestError

ADA = "ada@acme.example"
PEOPLE = [
    "bob@acme.example",
    "eve@far.example",
    "j\u00f6rg@m\u00fcller.example",
    "x@b\u00fccher.example",
]
NAMES = [
    "Bob", "B. Ob", '"Doe, John"', '"a\\"b <c@far.example>"', "J\u00f6rg",
    "=?utf-8?q?=28?=", "=?utf-8?q?=29?=",
    "=?utf-8?q?M=C3=BCller=2C_J=C3=B6rg?=", "=?utf-8?q?Support_=28Z=C3=BCrich=29?=",
    "=?utf-8?q?eve=40far=2Eexample=2C?=", '"=?utf-8?q?=22?="',
    "=?utf-8?b?PGVAZmFyLmV4YW1wbGU+LA==?=",
]  # fmt: skip
PIECES = [
    *PEOPLE, *NAMES, *(f"<{one}>" for one in PEOPLE), ",", ", ", ";", ":", "team: ",
    "(", ")", "(a)", '"', "\\", "<", ">", " ", "\r\n ", "=?utf-8?q?", "?=",
    "@far.example:", "%far.example", "[1.2.3.4]",
]  # fmt: skip
SENSIBLE = st.builds("{} <{}>".format, st.sampled_from(NAMES), st.sampled_from(PEOPLE))
VALUES = st.lists(SENSIBLE | st.sampled_from(PEOPLE), min_size=1, max_size=4).map(", ".join)
ODD = st.lists(st.sampled_from(PIECES), max_size=9).map("".join)


@pytest.fixture(scope="module")
def store() -> Iterator[MailStore]:
    google = create_app(GoogleSettings(push_endpoint=None)).state.google
    google.store.create_mailbox(ADA)
    yield google.store
    google.close()


def plain(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}".lower()


def delivered(store: MailStore, raw: bytes) -> set[str] | None:
    """Return whom the emulated Google hands a copy to; None where it refuses the message."""
    try:
        found = prepare(store, ADA, raw, datetime(2026, 1, 1, tzinfo=UTC)).recipients
    except UnsendableError:
        return None
    return {plain(address) for address in found}


def raw_of(to: str, cc: str, bcc: str) -> bytes:
    fields = {"To": to, "Cc": cc, "Bcc": bcc}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value.strip())
    return f"From: {ADA}\r\n{head}Subject: x\r\n\r\nx".encode()


@settings(max_examples=1_000, deadline=None)
@given(VALUES | ODD, VALUES | ODD | st.just(""), ODD | st.just(""))
def test_those_seen_are_those_delivered_to(store: MailStore, to: str, cc: str, bcc: str) -> None:
    raw = raw_of(to, cc, bcc)
    try:
        seen = {plain(address) for address in envelope_of(raw).recipients}
    except InvalidRequestError:
        return
    assert delivered(store, raw) in (seen, None)


@settings(deadline=None)
@given(VALUES)
def test_what_people_write_is_read(store: MailStore, to: str) -> None:
    assume('"=?' not in to)
    raw = raw_of(to, "", "")
    assert {plain(one) for one in envelope_of(raw).to} == delivered(store, raw)
