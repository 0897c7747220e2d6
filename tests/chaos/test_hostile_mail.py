"""Hostile mail, read in the memory that the cloud gives: all of it is stored, and nothing waits.

Postroom is a process of its own whose memory is limited; while it reads, its API is called.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from infra.local.functions import ROOT
from tests.bench.laptop import EMAIL, Laptop, laptop
from tests.domain.hostile import TEXTS

FUNCTIONS = ROOT / "infra/terraform/functions.tf"
CASES = Path(__file__).parents[1] / "cases/mail"
HEADER, BODY = 40_000, 120_000
BUSY_S = 10
"""A call that is not answered by then was held up."""
DEPTH, PARTS, LINES = 300, 5_000, 10_000


def memory_of(function: str) -> int:
    """Return the bytes that Terraform gives a function."""
    block = FUNCTIONS.read_text().partition(f" {function} = {{")[2]
    found = re.search(r'memory = "(\d+)Gi"', block)
    assert found is not None
    return int(found[1]) << 30


def hostile_mails() -> Iterator[bytes]:
    """Yield one mail of each family, and those whose structure is the trouble."""
    for family in TEXTS.values():
        value = re.sub(r"[\r\n]+", " ", family(HEADER))
        names = ("To", "Cc", "References", "Content-Disposition", "X-Other")
        head = "".join(f"{name}: {value}\r\n" for name in names)
        kind = "Content-Type: text/html; charset=utf-8\r\n\r\n"
        yield f"From: bob@x.example\r\n{head}{kind}{family(BODY)}".encode("utf-8", "replace")
    for case in sorted(CASES.glob("*.eml")):
        yield case.read_bytes()
    yield b"".join([b"X-%d: x\r\n" % number for number in range(LINES)]) + b"\r\nMany headers"
    yield _multipart("wide", b"--b\r\n\r\nx\r\n" * PARTS)
    yield _nested()
    yield b"Content-Type: text/plain; charset=punycode\r\n\r\n\xff" + b"z9" * BODY


def _multipart(subject: str, body: bytes) -> bytes:
    head = f'Subject: {subject}\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    return head.encode() + body


def _nested() -> bytes:
    heads = [
        f'Content-Type: multipart/mixed; boundary="b{depth}"\r\n\r\n--b{depth}\r\n'
        for depth in range(DEPTH)
    ]
    return ("".join(heads) + "\r\ndeep").encode()


@pytest.mark.timeout(900)
async def test_no_mail_holds_up_the_next_one_or_whoever_else_calls(tmp_path: Path) -> None:
    async with laptop(tmp_path) as machine:
        await machine.control("/mailboxes", {"email": EMAIL, "messages": 0})
        connection = await machine.connect()
        limit = memory_of("sync_mailbox")
        machine.process.rlimit(psutil.RLIMIT_DATA, (limit, limit))
        sent = 0
        for raw in hostile_mails():
            path = f"/_control/mailboxes/{EMAIL}/messages"
            (await machine.google.post(path, content=raw)).raise_for_status()
            sent += 1
        await machine.deliver(sent)
        while await _stored(machine, connection) <= sent:
            answer = await machine.api.get(f"/connections/{connection}", timeout=BUSY_S)
            assert answer.status_code == 200


async def _stored(machine: Laptop, connection: str) -> int:
    """Return how many messages are stored; reading that takes no longer than any other call."""
    count: int = (await machine.sync(connection))["recordCount"]["EmailMessage"]
    return count
