"""A client that openapi-python-client makes of the description: whole, typed, and it works."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Final

import pytest

from infra.archives import ROOT
from infra.local.environment import API_KEY
from infra.local.system import LocalSystem
from tests.harness.environments import DEPLOYED, clean_environment
from tests.interop.conftest import SEEDED

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]
LOCK: Final = Path(__file__).with_name("requirements-generator.txt").read_text("utf-8")
"""Made by `echo openapi-python-client | uv pip compile - --universal --generate-hashes ...`."""
TEMPLATE: Final = "postroom_api/client.py:"
"""The generator's own module, the same for every description; mypy 2 finds fault with it."""
TYPED: Final = ROOT / "build" / "typed-client"
"""Where mypy keeps what it knows of the client and its packages from one run to the next."""
TIMEOUT_S: Final = 300
CALLS: Final = """
import json, sys
from postroom_api import AuthenticatedClient
from postroom_api.api.connections import list_connections
from postroom_api.api.records import list_records
from postroom_api.api.send import send
from postroom_api.models import SendEmailInput, SendEmailOutput

address, key, connection = sys.argv[1:]
client = AuthenticatedClient(base_url=address, token=key)
listed = list_connections.sync(client=client)
page = list_records.sync(client=client, connection_id=connection, limit=1000)
letter = SendEmailInput(to="bob@acme.example", subject="Hello", body="From a generated client.")
sent = send.sync(client=client, connection_id=connection, body=letter, idempotency_key="gen-1")
assert isinstance(sent, SendEmailOutput), sent
print(json.dumps([
    [one.connection_id for one in listed.connections], len(page.records), sent.status
]))
"""


async def ran(folder: Path, *command: str, may_fail: bool = False) -> str:
    path = f"{Path(command[0]).parent}:{os.environ['PATH']}"  # the generator calls its own ruff
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(TIMEOUT_S):
        printed, _ = await process.communicate()
    assert may_fail or process.returncode == 0, printed.decode()[-3000:]
    return printed.decode()


async def test_a_generated_client_is_whole_typed_and_calls(
    system: LocalSystem, connection: str, tmp_path: Path
) -> None:
    """A warning of the generator, which drops what it cannot name, fails."""
    environment = await asyncio.to_thread(clean_environment, DEPLOYED, LOCK)
    description = (await system.client.get("/openapi.json")).text
    (tmp_path / "openapi.json").write_text(description, "utf-8")
    (tmp_path / "settings.yml").write_text("package_name_override: postroom_api\n", "utf-8")
    (tmp_path / "calls.py").write_text(CALLS, "utf-8")
    generator = str(environment / "bin" / "openapi-python-client")
    options = ("--path", "openapi.json", "--config", "settings.yml", "--meta", "none")
    await ran(
        tmp_path,
        *(generator, "generate", *options, "--output-path", "postroom_api", "--fail-on-warning"),
    )
    python = str(environment / "bin" / "python")
    typed = ("-m", "mypy", "--strict", "--cache-dir", str(TYPED), "--python-executable", python)
    told = await ran(tmp_path, sys.executable, *typed, "postroom_api", may_fail=True)
    wrong = [line for line in told.splitlines() if ": error: " in line]
    assert [line for line in wrong if not line.startswith(TEMPLATE)] == []
    operations = json.loads(description)["paths"].values()
    modules = {path.stem for path in (tmp_path / "postroom_api" / "api").rglob("*.py")}
    named = {one["operationId"] for methods in operations for one in methods.values()}
    assert named <= modules
    told = await ran(tmp_path, python, "calls.py", system.url, API_KEY, connection)
    assert json.loads(told.splitlines()[-1]) == [[connection], SEEDED, "submitted"]
