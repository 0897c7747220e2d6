"""Real mail goes through insert, record, forward and send, and arrives as it was.

CPython's own e-mail test data, which is what decades of bug reports look like, and the seeded
mailbox: the copy that arrives is held to an independent parser's reading of the original.
"""

import importlib.util
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from infra.local.google.corpus import seed_messages
from shared.domain.ids import MessageId
from shared.domain.mail.email_message import read_message
from shared.domain.mail.reply import forward_subject
from shared.domain.send.entry import SendState
from tests.harness.google import ADA
from tests.harness.sending import BOB, CONNECTION, SendHarness

SEEDED = 150


def cpython_messages() -> Iterator[tuple[str, bytes]]:
    """Yield the messages of the interpreter's own test data, where it brings it along."""
    spec = importlib.util.find_spec("test.test_email")
    if spec is None or spec.origin is None:
        return
    for path in sorted((Path(spec.origin).parent / "data").glob("msg_*.txt")):
        yield path.name, path.read_bytes()


CPYTHON = list(cpython_messages())


def files(raw: bytes) -> tuple[Counter[bytes], int]:
    """Return what lies in a message beside its bodies, as the standard library reads it.

    The second is how many there are with attached messages and reports, whose line ends may change.
    Empty parts are nothing to pass on.
    """
    message: Any = message_from_bytes(raw, policy=policy.default)
    beside = [part for part in parts_of(message) if not _is_body(part)]
    found = [part.get_payload(decode=True) or b"" for part in beside if not _is_message(part)]
    messages = sum(map(_is_message, beside))
    return Counter(filter(None, found)), messages + sum(map(bool, found))


def parts_of(message: "Message[Any, Any]") -> Iterator[Any]:
    """Yield leaves and attached messages, not looking into these."""
    if message.get_content_maintype() == "multipart" and message.is_multipart():
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from parts_of(part)
    else:
        yield message


def _is_body(part: Any) -> bool:
    if part.get_content_maintype() == "multipart":  # one without parts is text to every reader
        return True
    plain = part.get_content_type() in {"text/plain", "text/html"}
    return plain and not part.get_filename() and part.get_content_disposition() != "attachment"


def _is_message(part: Any) -> bool:
    return bool(part.get_content_maintype() == "message")


def assert_files_arrived(raw: bytes, copy: bytes) -> None:
    """Hold the copy's files to the original's, both read independently."""
    (given, total), (arrived, arrived_total) = files(raw), files(copy)
    assert not given - arrived
    assert total == arrived_total


async def passed_on(harness: SendHarness, key: str, raw: bytes) -> tuple[Any, bytes]:
    """Insert, read as a record, forward, and answer the record and what arrived."""
    id = harness.deliver(raw)
    record = read_message(await harness.gmail.of(CONNECTION).message(MessageId(id)))
    before = set(harness.inbox())
    sending = await harness.send(key, to=BOB, forward_message_id=id, text="See below.")
    assert sending.entry.state is SendState.SUBMITTED
    (arrived,) = set(harness.inbox()) - before
    message = harness.google.store.message(BOB, int(arrived, 16))
    assert message is not None
    return record, harness.google.store.raw(message.row)


def folded(text: str) -> str:
    return " ".join(text.split())


def assert_arrived(record: Any, copy: bytes) -> None:
    """Hold the copy's subject and text, read independently, to the record."""
    message: Any = message_from_bytes(copy, policy=policy.default)
    assert folded(message["subject"]) == folded(forward_subject(record["subject"]))
    text = message.get_body(preferencelist=("plain",)).get_content()
    assert folded(text).startswith("See below. ---------- Forwarded message")
    assert folded(record["text"]) in folded(text)
    if record["html"]:
        marked_up = message.get_body(preferencelist=("html",)).get_content()
        assert folded(record["html"]) in folded(marked_up)


@pytest.mark.parametrize(("name", "raw"), CPYTHON, ids=[name for name, _ in CPYTHON])
async def test_cpythons_mail_arrives_with_its_text_and_its_files(
    harness: SendHarness, name: str, raw: bytes
) -> None:
    record, copy = await passed_on(harness, name, raw)
    assert_arrived(record, copy)
    assert_files_arrived(raw, copy)


async def test_the_seeded_mailbox_arrives_with_its_text_and_its_files(harness: SendHarness) -> None:
    seeded = seed_messages(ADA, SEEDED, span_days=20, now=harness.clock.now())
    for number, mail in enumerate(seeded):
        record, copy = await passed_on(harness, f"s{number}", mail.raw)
        assert_arrived(record, copy)
        assert_files_arrived(mail.raw, copy)


def test_the_interpreters_mail_was_there() -> None:
    """Say so loudly where an interpreter comes without its tests."""
    if not CPYTHON:
        pytest.skip("this Python brings no test.test_email: its corpus was not tried")
    assert len(CPYTHON) > 30
