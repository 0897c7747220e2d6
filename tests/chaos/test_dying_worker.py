"""A mail that kills every process that reads it costs two of them, and no other mail its place."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from shared.domain.mail.reading.email_message import EmailMessage, read_message
from shared.domain.sync.state import LEASE_LIFETIME
from shared.usecases.sync.work import changes
from tests.chaos.swapping import swapped
from tests.harness.google import EMAIL
from tests.harness.syncing import CONNECTION, sync_harness

POISON = "Poison"
SUBJECTS = ("One", "Two", POISON, "Three", "Four")
MOST_LIVES = 6


def _killing(
    message: Mapping[str, Any], bodies: Mapping[str, bytes] | None, headers: Sequence[str]
) -> EmailMessage:
    """Read as ever; of the mail that is marked, die as by the hand of the out-of-memory killer."""
    found = read_message(message, bodies, headers)
    if found["subject"] == POISON:
        os.kill(os.getpid(), signal.SIGKILL)
    return found


def work(directory: Path, lives: int) -> None:
    """Be one worker process; each begins when the lease of the one before has run out."""

    async def run() -> None:
        async with sync_harness(directory=directory) as harness:
            harness.advance((LEASE_LIFETIME + timedelta(seconds=1)) * lives)
            await harness.run(harness.google.store.history_id(EMAIL))

    with swapped(changes, {"read_message": _killing}):
        asyncio.run(run())


async def test_a_mail_that_kills_its_readers_is_set_aside_and_the_others_are_stored(
    tmp_path: Path,
) -> None:
    async with sync_harness(directory=tmp_path) as harness:
        ids = {subject: harness.deliver(subject) for subject in SUBJECTS}
    ends = []
    for lives in range(MOST_LIVES):
        worker = get_context("spawn").Process(target=work, args=(tmp_path, lives))
        worker.start()
        await asyncio.to_thread(worker.join)
        ends.append(worker.exitcode)
        if worker.exitcode == 0:
            break
    assert ends == [-signal.SIGKILL, -signal.SIGKILL, 0]
    async with sync_harness(directory=tmp_path) as harness:
        (entry,) = await harness.store.quarantine.list(CONNECTION, 10)
        assert (entry.message_id, entry.reason) == (ids[POISON], "too_costly")
        assert (await harness.stored()).keys() == set(ids.values()) - {ids[POISON]}
