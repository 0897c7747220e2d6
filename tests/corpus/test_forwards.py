"""A forward of any mail is accepted and carries every file, byte for byte."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from infra.local.google.mail.store import AddressWords
from shared.domain.send.entry import SendState
from shared.errors import PostroomError
from tests.corpus.mail import Mail
from tests.corpus.readers import is_body, leaves
from tests.corpus.sources import sources
from tests.harness.sending import BOB, SendHarness, send_harness

LONGEST_NAME = 255
WORD, TAG = re.compile(rb"[\w\x80-\xff]+"), re.compile(rb"<[^<>]*>")
pytestmark = [pytest.mark.deep, pytest.mark.timeout(900)]


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[SendHarness]:
    async with send_harness(tmp_path) as opened:
        yield opened


def _same_lines(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").strip(b"\n")


def _contents(raw: bytes) -> Counter[bytes]:
    """Return what lies in a message beside its bodies, attached messages left out."""
    message: Any = message_from_bytes(raw, policy=policy.default)
    beside = [part for part in leaves(message) if not is_body(part)]
    found = [part.get_payload(decode=True) for part in beside if not part.is_multipart()]
    return Counter(filter(None, found))


def _missing(mail: Mail, copy: bytes) -> list[bytes]:
    """Return the files that did not arrive; an attached message's line ends may change.

    What another reader takes for a file because it is text of an odd kind may have become body.
    """
    meant = Counter(file.content for file in mail.files) if mail.files else _contents(mail.raw)
    arrived = _contents(copy)
    lines = [_same_lines(copy), *map(_same_lines, arrived)]
    missing = meant - arrived
    if mail.files:
        inside = {one for one in missing if one.startswith(b"From: ")}
        return [one for one in missing if one not in inside or not _within(one, lines)]
    return [one for one in missing if not _words(one) <= _words(_bodies(copy))]


def _within(content: bytes, lines: list[bytes]) -> bool:
    return any(_same_lines(content) in one for one in lines)


def _bodies(raw: bytes) -> bytes:
    message: Any = message_from_bytes(raw, policy=policy.default)
    found = (part.get_payload(decode=True) for part in leaves(message) if is_body(part))
    return b"\n".join(filter(None, found))


def _words(content: bytes) -> set[bytes]:
    return set(WORD.findall(TAG.sub(b"", content)))


async def _forwarded(harness: SendHarness, key: str, mail: Mail) -> str | None:
    """Forward one mail; return what is wrong, None where nothing is."""
    id = harness.deliver(mail.raw)
    before = set(harness.inbox())
    try:
        sending = await harness.send(key, to=BOB, forward_message_id=id, text="See below.")
    except PostroomError as error:
        return f"refused: {error}"
    if sending.entry.state is not SendState.SUBMITTED:
        return f"{sending.entry.state}"
    (arrived,) = set(harness.inbox()) - before
    missing = _missing(mail, harness.read(arrived).raw)
    return f"lost {[content[:40] for content in missing]}" if missing else None


@pytest.mark.parametrize("words", ["decoded", "encoded"])
@pytest.mark.parametrize("source", sources())
async def test_a_forward_of_it_contains_every_file(
    harness: SendHarness, source: str, words: AddressWords
) -> None:
    harness.google.store.address_words = words
    mails = sources()[source]
    wrong = []
    for number, mail in enumerate(mails):
        if said := await _forwarded(harness, f"f{number}", mail):
            wrong.append(f"{mail.name}: {said}")
    print(f"{source}, words {words}: {len(mails)} forwards, {len(wrong)} violations")
    assert not wrong, "\n".join(wrong)


async def test_a_name_that_is_too_long_keeps_its_extension(harness: SendHarness) -> None:
    long = [mail for mail in sources()["generated"] if mail.name.startswith("long name")]
    assert long
    for mail in long:
        await harness.send(mail.name, to=BOB, forward_message_id=harness.deliver(mail.raw))
    for id in harness.inbox():
        (file,) = harness.read(id).files()
        assert (file.filename or "").endswith("x.pdf")
        assert len(file.filename or "") <= LONGEST_NAME
