"""The client without asyncio is the one with it, word by word, and works."""

import asyncio
import inspect
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

import pytest

from infra.blocking_client import BLOCKING, write
from infra.local.environment import API_KEY
from shared.client import Message, NotFoundError, Postroom, PostroomSync
from tests.client.conftest import ADA, SEEDED, ClientHarness

LETTER: Message = {"to": "bo@example.org", "subject": "Tea", "body": "At four?"}


def test_its_files_are_those_that_the_program_makes(tmp_path: Path) -> None:
    """Run `python -m infra.blocking_client` after a change of the client."""
    write(tmp_path)
    made = {path.name: path.read_text("utf-8") for path in tmp_path.glob("*.py")}
    assert made == {path.name: path.read_text("utf-8") for path in BLOCKING.glob("*.py")}


def test_it_waits_for_nothing_and_has_every_method_with_the_same_parameters() -> None:
    hints = get_type_hints(Postroom), get_type_hints(PostroomSync)
    for field in fields(Postroom):
        waiting, blocking = (one[field.name] for one in hints)
        for name, method in inspect.getmembers(waiting, inspect.isfunction):
            again = getattr(blocking, name)
            assert not inspect.iscoroutinefunction(again)
            assert not inspect.isasyncgenfunction(again)
            assert [*inspect.signature(again).parameters] == [*inspect.signature(method).parameters]


async def test_it_reads_sends_streams_and_raises_as_the_other_does(harness: ClientHarness) -> None:
    def work() -> None:
        with PostroomSync.open(harness.system.url, API_KEY) as postroom:
            (found,) = postroom.connections.of_end_user(ADA)
            assert [one.id for one in postroom.connections.all()] == [found.id]
            pages = list(postroom.records.pages(found.id, None, limit=2))
            assert sum(len(page.records) for page in pages) == SEEDED
            sent = postroom.sends.send(found.id, LETTER, "tea")
            again = postroom.sends.send(found.id, LETTER, "tea")
            assert (sent.status, again.replayed) == ("submitted", True)
            started = postroom.actions.begin(found.id, "get-profile")
            assert started.id
            with pytest.raises(NotFoundError):
                postroom.connections.get("nothing")

    await asyncio.to_thread(work)


async def test_a_file_is_read_as_it_arrives(harness: ClientHarness) -> None:
    raw = (
        f"From: bo@example.org\r\nTo: {ADA}\r\nSubject: File\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHere.\r\n--b\r\n"
        "Content-Type: text/csv\r\nContent-Disposition: attachment; filename=a.csv\r\n\r\n"
        "1,2\r\n--b--\r\n"
    )
    path = f"/_control/mailboxes/{ADA}/messages"
    await harness.system.google.post(path, content=raw.encode())
    await harness.system.settle()

    def work() -> bytes:
        with PostroomSync.open(harness.system.url, API_KEY) as postroom:
            id = harness.connection_id
            (found,) = postroom.records.screen(id, limit=1).records
            part = found["attachments"][0]["partId"]
            with postroom.records.attachment(id, found["id"], part) as answer:
                return b"".join(answer.iter_bytes())

    assert (await asyncio.to_thread(work)).strip() == b"1,2"
