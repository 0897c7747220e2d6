"""The client as a package of its own, installed into an environment that holds nothing else."""

import ast
import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import shared.client
from infra.local.environment import API_KEY
from tests.client.conftest import ADA, ClientHarness

SOURCE = Path(shared.client.__file__).parent
NEEDS = {"httpx", "pydantic"}
USE = """
import asyncio, importlib.util, sys
from importlib.metadata import files, requires
from postroom_client import Postroom, PostroomSync

async def main() -> None:
    async with Postroom.open(sys.argv[1], sys.argv[2]) as postroom:
        print([one.email async for one in postroom.connections.all()])

assert importlib.util.find_spec("shared") is None
print(sorted(requires("postroom-client")))
print(sorted(str(one) for one in files("postroom-client") if one.parts[0] == "postroom_client"))
asyncio.run(main())
with PostroomSync.open(sys.argv[1], sys.argv[2]) as postroom:
    print([one.email for one in postroom.connections.all()])
"""


def uv(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "uv", *arguments)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the interpreter of a clean environment with the client, the cache being enough."""
    folder = tmp_path_factory.mktemp("installed")
    source = shutil.copytree(
        SOURCE, folder / "client", ignore=shutil.ignore_patterns("__pycache__")
    )
    found = str(folder / "venv" / "bin" / "python")
    made = uv("venv", "--python", sys.executable, str(folder / "venv"))
    assert made.returncode == 0, made.stderr
    for more in (("--offline",), ()):
        done = uv("pip", "install", *more, "--python", found, str(source))
        if done.returncode == 0:
            return found
    if "Failed to fetch" in done.stderr or "error sending request" in done.stderr:
        pytest.skip(f"no network and no cache: the client was not installed: {done.stderr[-300:]}")
    raise AssertionError(done.stderr)


async def test_the_installed_client_works_with_nothing_of_postroom_beside_it(
    python: str, harness: ClientHarness, tmp_path: Path
) -> None:
    done = await asyncio.create_subprocess_exec(
        *(python, "-I", "-c", USE, harness.system.url, API_KEY),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    told, wrong = await done.communicate()
    assert done.returncode == 0, wrong.decode()
    needs, files, mailboxes, again = map(ast.literal_eval, told.decode().splitlines())
    assert {one.partition(">")[0] for one in needs} == NEEDS
    ours = {path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py")} | {"py.typed"}
    inside = {one.partition("/")[2] for one in files if "__pycache__" not in one}
    assert inside == ours
    assert mailboxes == again == [ADA]


def test_it_imports_itself_relatively_and_otherwise_what_it_declares() -> None:
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                roots = {(node.module or "").partition(".")[0]}
            elif isinstance(node, ast.Import):
                roots = {one.name.partition(".")[0] for one in node.names}
            else:
                continue
            assert roots <= NEEDS | sys.stdlib_module_names, f"{path.name}: {roots}"
