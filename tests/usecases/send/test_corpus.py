"""Real mail goes through insert, record, forward and send, and arrives as it was.

CPython's own e-mail test data, which is what decades of bug reports look like, and the seeded
mailbox: the copy that arrives is held to an independent parser's reading of the original.
"""

from collections import Counter
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from infra.local.google.corpus import seed_messages
from shared.domain.ids import MessageId
from shared.domain.mail.reading.email_message import read_message
from shared.domain.mail.reading.markup.html_text import html_to_text
from shared.domain.mail.writing.reply import forward_subject
from shared.domain.send.entry import SendState
from tests.corpus.readers import is_body, leaves
from tests.corpus.sources import cpython_messages
from tests.harness.google import ADA
from tests.harness.sending import BOB, CONNECTION, SendHarness

SEEDED = 150
GIVEN = Path(__file__).parents[2] / "cases" / "mail"
READ_AS_BODY = b"<bold>Yes</bold>, at nine."


CPYTHON = list(cpython_messages())
HIDDEN_FROM_CPYTHON = {"msg_15.txt": 1, "msg_39.txt": 4}
"""Files that the standard library misses: a boundary used twice ends its outer part too early."""


def files(raw: bytes) -> tuple[Counter[bytes], int]:
    """Return what lies in a message beside its bodies, as the standard library reads it.

    The second is how many there are with attached messages and reports, whose line ends may change.
    Empty parts are nothing to pass on.
    """
    message: Any = message_from_bytes(raw, policy=policy.default)
    beside = [part for part in leaves(message) if not is_body(part)]
    found = [part.get_payload(decode=True) or b"" for part in beside if not _is_message(part)]
    messages = sum(map(_is_message, beside))
    return Counter(filter(None, found)), messages + sum(map(bool, found))


def _is_message(part: Any) -> bool:
    return bool(part.get_content_maintype() == "message")


def assert_files_arrived(
    raw: bytes, copy: bytes, found_besides: int = 0, *, but: bytes = b""
) -> None:
    """Hold the copy's files to the original's, both read independently.

    `but` is a part that the reader calls a file and a record its body.
    """
    (given, total), (arrived, arrived_total) = files(raw), files(copy)
    bodies = [file for file in given if but and file.strip() == but]
    assert not given - Counter(bodies) - arrived
    assert total - len(bodies) + found_besides == arrived_total


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
        assert folded(html_to_text(record["html"])) in folded(html_to_text(marked_up))


@pytest.mark.parametrize(("name", "raw"), CPYTHON, ids=[name for name, _ in CPYTHON])
async def test_cpythons_mail_arrives_with_its_text_and_its_files(
    harness: SendHarness, name: str, raw: bytes
) -> None:
    record, copy = await passed_on(harness, name, raw)
    assert_arrived(record, copy)
    assert_files_arrived(raw, copy, HIDDEN_FROM_CPYTHON.get(name, 0))


@pytest.mark.parametrize("number", ["08", "09", "11", "12", "18", "19"])
async def test_given_mail_is_forwarded_whole(harness: SendHarness, number: str) -> None:
    (path,) = GIVEN.glob(f"{number}-*.eml")
    record, copy = await passed_on(harness, number, path.read_bytes())
    assert_arrived(record, copy)
    assert_files_arrived(path.read_bytes(), copy, but=READ_AS_BODY)
    for file in record["attachments"]:
        part = await harness.gmail.of(CONNECTION).attachment(
            MessageId(record["id"]), file["partId"]
        )
        assert len(part) == file["size"]


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
