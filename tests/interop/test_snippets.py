"""The code that the playground shows does what the playground would have done, as it stands."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from infra.local.connecting import connect
from infra.local.environment import API_KEY
from infra.local.system import LocalSystem
from shared.pages.console.snippets import KEY_VARIABLE, ActionRequest, curl, python, typescript
from tests.harness.whole import whole_system
from tests.interop.packages import installed

ROOT = Path(__file__).parents[2]
ADA, BOB = "ada@acme.example", "bob@acme.example"
TRICKY = 'It\'s "quoted", $HOME `id` \\n ünïcödé \N{ROCKET} ${x} </script>\n\'\'\'\n"""'
TYPES = "declare const process: { env: Record<string, string | undefined> };\n"
"""All that the snippet uses of Node's own types."""
CHECK = "--strict --skipLibCheck --target es2022 --module nodenext --moduleResolution nodenext"


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[LocalSystem]:
    async with whole_system(tmp_path / "system", {ADA: 2, BOB: 0}) as running:
        yield running


@pytest.fixture
async def connection(system: LocalSystem) -> str:
    id = await connect(system.client, system.google, ADA)
    await system.settle()
    return id


async def ran(*command: str, folder: Path, **environ: str) -> str:
    """Return what a program printed; it must end well."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), KEY_VARIABLE: API_KEY, **environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, (out + err).decode()
    return out.decode()


def letter(system: LocalSystem, connection: str, key: str | None = "order-17") -> ActionRequest:
    given = {
        "to": [BOB],
        "subject": "Snippet",
        "body": TRICKY,
        "headers": {"X-Campaign": "it's"},
        "reply_all": False,
        "quote": None,
    }
    return ActionRequest(system.url, connection, "send-email", given, key)


def sent_once(system: LocalSystem) -> bool:
    """Whether Bob has one mail, whose text is what was meant, sign for sign."""
    (mail,) = system.emulated.store.messages(BOB)
    found = system.emulated.store.message(BOB, int(mail["id"], 16))
    assert found is not None
    return _text(system.emulated.store.raw(found.row)) == TRICKY


def _text(raw: bytes) -> str:
    content: str = message_from_bytes(raw, policy=default).get_content()
    return content.replace("\r\n", "\n").removesuffix("\n")


async def run_curl(request: ActionRequest, folder: Path) -> Mapping[str, Any]:
    answer: Mapping[str, Any] = json.loads(await ran("bash", "-c", curl(request), folder=folder))
    return answer


async def run_python(request: ActionRequest, folder: Path) -> str:
    path = folder / "snippet.py"
    path.write_text(python(request), encoding="utf-8")
    client = folder / "postroom_client"
    if not client.exists():
        client.symlink_to(ROOT / "shared" / "client")
    return await ran(sys.executable, str(path), folder=folder, PYTHONPATH=str(folder))


async def run_typescript(request: ActionRequest, folder: Path) -> str:
    """Check the types, strictly, then run what the compiler makes of it."""
    modules = installed()
    (folder / "node_modules").symlink_to(modules)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "process.d.ts").write_text(TYPES)
    (folder / "snippet.ts").write_text(typescript(request), encoding="utf-8")
    node = str(shutil.which("node"))
    compiler = str(modules / "typescript" / "bin" / "tsc")
    await ran(node, compiler, *CHECK.split(), "process.d.ts", "snippet.ts", folder=folder)
    return await ran(node, "snippet.js", folder=folder)


async def test_the_curl_line_sends_it_once(
    system: LocalSystem, connection: str, tmp_path: Path
) -> None:
    request = letter(system, connection)
    answers = [await run_curl(request, tmp_path) for _ in range(2)]
    assert answers[0]["status"] == "submitted"
    assert answers[0] == answers[1]
    assert sent_once(system)


async def test_the_python_program_sends_it_once(
    system: LocalSystem, connection: str, tmp_path: Path
) -> None:
    request = letter(system, connection)
    assert "submitted" in await run_python(request, tmp_path)
    assert "submitted" in await run_python(request, tmp_path)
    assert sent_once(system)


async def test_the_typescript_program_is_well_typed_and_sends_it_once(
    system: LocalSystem, connection: str, tmp_path: Path
) -> None:
    installed()
    request = letter(system, connection)
    assert "submitted" in await run_typescript(request, tmp_path)
    assert "submitted" in await ran(str(shutil.which("node")), "snippet.js", folder=tmp_path)
    assert sent_once(system)


async def test_what_only_reads_needs_no_key_in_any_of_them(
    system: LocalSystem, connection: str, tmp_path: Path
) -> None:
    request = ActionRequest(system.url, connection, "get-profile", {})
    assert (await run_curl(request, tmp_path))["emailAddress"] == ADA
    assert ADA in await run_python(request, tmp_path)
    installed()
    assert ADA in await run_typescript(request, tmp_path)


def test_no_snippet_holds_a_key(tmp_path: Path) -> None:
    request = ActionRequest("http://127.0.0.1:1", "c", "get-profile", {})
    for text in (curl(request), python(request), typescript(request)):
        assert API_KEY not in text
        assert KEY_VARIABLE in text
