"""What the guides print is run as it stands: each command, each answer, each Python program."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from standardwebhooks import Webhook

from infra.local.connecting import connect
from infra.local.environment import API_KEY
from infra.local.system import LocalSystem
from shared.pages.docs.contents import ROOT
from tests.edge.docs.worked import shape
from tests.harness.whole import whole_system

ADA, GRACE = "ada@acme.example", "grace@acme.example"
GUIDES: Final = {
    path.stem: path.read_text("utf-8") for path in (ROOT / "shared/docs/guides").glob("*.md")
}
BLOCK: Final = re.compile(r"```sh\n(.*?)```(?:\n+```json\n(.*?)```)?", re.DOTALL)
FENCES: Final = re.compile(r"^```(\w*)", re.MULTILINE)
LANGUAGES: Final = {"", "sh", "json", "console", "python", "ts", "tsx"}
"""`console` is for what a test does not do: installing, and what needs a person's program."""
REFUSED: Final = frozenset({"errors"})
"""Guides whose command shows an error."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalSystem]:
    async with whole_system(tmp_path_factory.mktemp("guides"), {ADA: 4, GRACE: 0}) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def environ(system: LocalSystem) -> Mapping[str, str]:
    """Return the variables that the guides name, of a connected mailbox with a file in it."""
    connection = await connect(system.client, system.google, ADA)
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = GRACE, ADA, "Your order"
    letter.set_content("Attached.")
    letter.add_attachment(b"order", "application", "pdf", filename="order.pdf")
    path = f"/_control/mailboxes/{ADA}/messages"
    brought = await system.google.post(path, content=letter.as_bytes())
    await system.settle()
    now, day = system.clock.now(), timedelta(days=1)
    return {
        "POSTROOM": system.url,
        "KEY": API_KEY,
        "CONNECTION": connection,
        "CURSOR": "",
        "END_USER": ADA,
        "MESSAGE": brought.json()["id"],
        "PART": "1",
        "TOMORROW": (now + day).isoformat(),
        "YESTERDAY": (now - day).isoformat(),
    }


async def run(command: str, environ: Mapping[str, str]) -> list[Any]:
    """Run a block as a reader does. Return the JSON that it prints, one a command."""
    process = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", command,
        env={"PATH": os.environ["PATH"], **environ},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    printed, _ = await process.communicate()
    assert process.returncode == 0, command
    decoder, text, found = json.JSONDecoder(), printed.decode(), []
    while text:
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:].lstrip()
    return found


@pytest.mark.parametrize("guide", GUIDES)
@pytest.mark.asyncio(loop_scope="module")
async def test_every_printed_command_works_and_answers_what_is_printed(
    system: LocalSystem, environ: Mapping[str, str], guide: str
) -> None:
    text = GUIDES[guide]
    assert {*FENCES.findall(text)} <= LANGUAGES
    for command, printed in BLOCK.findall(text):
        came = await run(command, environ)
        assert len(came) == command.count("curl "), command
        refused = [one for one in came if "error" in one and one["error"] is not None]
        assert bool(refused) == (guide in REFUSED), (command, refused)
        if printed:
            assert shape(json.loads(printed)) == shape(came[-1]), command
        await system.settle()


def programs(guide: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what the Python of a guide defines, with the client under its installed name."""
    (folder / "postroom_client").symlink_to(ROOT / "shared" / "client")
    monkeypatch.syspath_prepend(folder)
    names: dict[str, Any] = {}
    for shown in re.findall(r"```python\n(.*?)```", GUIDES[guide], re.DOTALL):
        exec(shown, names)
    return names


@pytest.mark.asyncio(loop_scope="module")
async def test_the_python_of_the_guides_follows_sends_and_verifies(
    system: LocalSystem,
    environ: Mapping[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = programs("python", tmp_path, monkeypatch)
    cursor = await names["follow"](system.url, API_KEY, ADA, None)
    assert cursor
    assert await names["follow"](system.url, API_KEY, ADA, cursor) == cursor
    send = names["send"]
    assert await asyncio.to_thread(send, system.url, API_KEY, environ["CONNECTION"]) == "submitted"


def test_the_python_of_the_guides_verifies_a_webhook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive = programs("webhooks", tmp_path, monkeypatch)["receive"]
    secret, body = "whsec_" + "c2VjcmV0" * 4, '{"type": "sync", "connectionId": "c-1"}'
    now = datetime.now(UTC)
    signed = {
        "webhook-id": "evt-1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("evt-1", now, body),
    }
    assert receive(secret, signed, body.encode()) == "sync of c-1"
    with pytest.raises(Exception, match="not signed"):
        receive(secret, signed, body.encode() + b" ")


def test_commands_are_found_in_the_guides() -> None:
    found = [one for text in GUIDES.values() for one in BLOCK.findall(text)]
    assert len(found) > 20
    assert [printed for _, printed in found if printed]
