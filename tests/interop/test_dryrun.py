"""`nango dryrun` of templates: the official CLI compiles them and runs them on a mailbox here.

Two of our own are part of the long evidence. `TEMPLATES=DIR` adds another one's project, laid
out as by `nango init`: each of its syncs for google-mail, and each action that `inputs.json` beside
its `index.ts` names (`{"action": input}`).
"""

import asyncio
import json
import os
import shutil
import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio

from infra.local.connecting import connect
from infra.local.environment import API_KEY, INTEGRATION
from infra.local.system import LocalSystem
from tests.bench.google_account import access_token
from tests.bench.peers import TEMPLATE_RUNNER
from tests.functions.test_main_job import ADA, backfilled
from tests.harness.whole import whole_system
from tests.interop.packages import HERE, installed

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(480)]
SEEDED: Final = 5
OWN: Final = HERE / "dryrun"
TIMEOUT_S: Final = 120
CLI: Final = "node_modules/nango/dist/index.js"
SETTLED: Final = (
    *("--auto-confirm", "--no-interactive", "--no-dependency-update", "--no-telemetry"),
)
DRYRUN: Final = ("dryrun", "--environment", "dev")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalSystem]:
    async with whole_system(tmp_path_factory.mktemp("dryrun"), {ADA: SEEDED}) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def connection(system: LocalSystem) -> str:
    id = await connect(system.client, system.google, ADA)
    await backfilled(system, id)
    return id


def lay_out(source: Path, folder: Path) -> Path:
    """Copy a project to where it is compiled, with the packages that ours pins."""
    modules = installed(OWN)
    left_out = shutil.ignore_patterns("node_modules", "build", ".nango", ".git", ".env")
    shutil.copytree(source, folder, ignore=left_out)
    (folder / "node_modules").symlink_to(modules)
    (folder / ".nango").mkdir()
    if not (folder / "tsconfig.json").exists():
        shutil.copy(modules / "nango/example/tsconfig.json", folder)
    return folder


async def run_cli(system: LocalSystem, folder: Path, *command: str) -> str:
    """Return what the CLI prints, the address and a key here given as its guide says."""
    node = shutil.which("node")
    assert node is not None
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "NANGO_HOSTPORT": system.url,
        "NANGO_SECRET_KEY_DEV": API_KEY,
        "NANGO_CLI_UPGRADE_MODE": "ignore",
        "NO_COLOR": "1",
    }
    process = await asyncio.create_subprocess_exec(
        *(node, CLI, *command, *SETTLED),
        cwd=folder,
        env=environ,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(TIMEOUT_S):
        printed, _ = await process.communicate()
    assert process.returncode == 0, printed.decode()
    return printed.decode()


async def compile_project(system: LocalSystem, source: Path, folder: Path) -> Path:
    """Return where a project lies that the CLI has compiled, types checked."""
    await asyncio.to_thread(lay_out, source, folder)
    await run_cli(system, folder, "compile")
    return folder


@pytest.mark.deep
async def test_an_action_and_a_sync_run_as_they_are(
    system: LocalSystem, connection: str, tmp_path: Path
) -> None:
    folder = await compile_project(system, OWN, tmp_path / "own")
    given = ("--input", json.dumps({"kind": "system"}))
    counted = await run_cli(system, folder, *DRYRUN, "countLabels", connection, *given)
    _, _, output = counted.partition("\nDone\n")
    mailbox = {"Connection-Id": connection, "Provider-Config-Key": INTEGRATION}
    listed = await system.client.get("/proxy/gmail/v1/users/me/labels", headers=mailbox)
    labels = listed.json()["labels"]
    assert json.loads(output) == {
        "labels": sum(one["type"] == "system" for one in labels),
        "connection": connection,
        "email": ADA,
    }
    prefix = ("--metadata", json.dumps({"prefix": "> "}))
    fetched = await run_cli(system, folder, *DRYRUN, "fetchSubjects", connection, *prefix)
    assert f'"added": {SEEDED},' in fetched
    assert fetched.count('"subject": "> ') == SEEDED


@pytest.mark.deep
async def test_the_runner_of_the_bench_runs_what_the_cli_runs(system: LocalSystem) -> None:
    token = await access_token(system.google, ADA, f"{system.url}/oauth/callback")
    template = OWN / "google-mail/syncs/fetchSubjects.ts"
    arguments = ("100", str(installed(OWN)), str(template), json.dumps({"prefix": "> "}))
    process = await asyncio.create_subprocess_exec(
        *("node", str(TEMPLATE_RUNNER), str(system.google.base_url).rstrip("/"), token),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(TIMEOUT_S):
        printed, _ = await process.communicate()
    assert json.loads(printed)["messages"] == SEEDED


async def test_templates_of_others_run_as_they_are(
    system: LocalSystem, connection: str, tmp_path: Path
) -> None:
    source = os.environ.get("TEMPLATES")
    if not source:
        warnings.warn("SKIPPED: no TEMPLATES=DIR: no other's template was run", stacklevel=1)
        pytest.skip("no TEMPLATES=DIR")
    folder = await compile_project(system, Path(source), tmp_path / "theirs")
    (integration,) = [
        one
        for one in json.loads((folder / ".nango/nango.json").read_text())
        if one["providerConfigKey"] == INTEGRATION
    ]
    inputs = _inputs(Path(source))
    for action in integration["actions"]:
        if action["name"] not in inputs:
            warnings.warn(f"SKIPPED: {action['name']} has no input in inputs.json", stacklevel=1)
            continue
        given = ("--input", json.dumps(inputs[action["name"]]))
        assert "Done" in await run_cli(system, folder, *DRYRUN, action["name"], connection, *given)
    for sync in integration["syncs"]:
        told = await run_cli(system, folder, *DRYRUN, sync["name"], connection)
        assert "The dry run would produce" in told


def _inputs(source: Path) -> dict[str, Any]:
    found = source / "inputs.json"
    return dict(json.loads(found.read_text())) if found.exists() else {}
