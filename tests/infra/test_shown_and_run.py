"""One walk over every `make` command that the pages print: run here, or named where it is run.

What needs a deployment is run too: a checkout has none, and each command says so and what to name.
"""

import asyncio
import os
import shlex
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio

from infra.archives import ROOT
from infra.local.connecting import connect
from tests.functions.test_main_job import ADA
from tests.harness.whole import whole_system
from tests.infra.test_printed_commands import PAGES, make_commands

WALKED: Final = (
    "README.md",
    "AGENTS.md",
    ".agents/skills/postroom-functions/SKILL.md",
    "shared/actions/README.md",
    "infra/OPERATING.md",
)
COMMANDS: Final = {shlex.join(command) for page in WALKED for command in make_commands(PAGES[page])}
ON_A_MAILBOX: Final = {
    "help": "make verify-google",
    "doctor": " ok",
    "keys": "No keys yet.",
    "dryrun ACTION=list-labels": "GET",
    "dryrun SYNC=sync-labels SHOW=1": "+ GmailLabel",
    "verify-google CONNECTION=ID": " 0 differs",
}
"""What each says of a mailbox that works."""
ASKS: Final = {
    "dryrun": "name one: make dryrun ACTION=list-labels",
    "deploy": "Name it by ENV=NAME",
    "preflight": "Name it by ENV=NAME",  # or that gcloud is missing, which it asks first
}
"""Printed in prose, without what it needs: it asks for that."""
NEEDS_A_DEPLOYMENT: Final = "ENV=prod"
ELSEWHERE: Final = {
    "bench": "tests/bench/__main__.py",
    "bundle": "tests/functions/test_archives.py",
    "demo": "tests/infra/local/test_demo_run.py",
    "demo 'ARGS=--origin https://shop.example'": "tests/infra/local/test_demo.py",
    "demo 'ARGS=--port 9080 --google-port 9085 --product-port 9090 --state .local/second'": (
        "tests/infra/local/test_demo_run.py"
    ),
    "demo 'ARGS=--units-per-minute 60000'": "tests/infra/local/test_demo.py",
    "demo GOOGLE=real": "tests/infra/local/test_own_gmail.py",
    "demo GOOGLE=real CLIENT=client_secret.json": "tests/infra/local/test_own_gmail.py",
    "demo STORE=firestore EVENTS=pubsub": "tests/functions/test_main_job.py",
    "develop": "tests/infra/local/test_setup.py",
    "docs": "tests/infra/test_docs.py",
    "doctor GOOGLE=real": "tests/infra/local/test_own_gmail.py",
    "doctor STATE=.local/second": "tests/infra/local/test_demo_run.py",
    """dryrun ACTION=label-sender 'INPUT={"sender": "billing@supplier.example", """
    """"label": "Invoices"}'""": "tests/actions/test_worked_examples.py",
    "dryrun GOOGLE=real ACTION=list-labels SHOW=1": "tests/infra/local/test_own_gmail.py",
    "google": "tests/infra/google/test_official_libraries.py",
    "lint": ".ci",
    "replay-erasures 'ARGS=--log erased.json'": "tests/usecases/connect/test_replay_erasures.py",
    "replay-erasures 'ARGS=--store firestore:PROJECT/postroom'": (
        "tests/usecases/connect/test_replay_erasures.py"
    ),
    "soak": "tests/chaos/soak.py",
    "test": ".ci",
    "test-deep": ".ci",
    "test-mail": "tests/corpus",
    "verify-google": "tests/commands/verify/test_command.py",
}
"""What takes minutes, a file of the reader's, or a process that stays, and where that runs."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mailbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[dict[str, str]]:
    """Serve a mailbox; return the variables of a shell in which the commands find it."""
    async with whole_system(tmp_path_factory.mktemp("shown"), {ADA: 5}) as system:
        connection = await connect(system.client, system.google, ADA)
        await system.settle()
        yield {**system.environ, "CONNECTION_ID": connection}


async def run(command: str, more: dict[str, str]) -> tuple[int, str]:
    """Run `make` with the command's words, the environment of Python made already."""
    process = await asyncio.create_subprocess_exec(
        *("make", "-o", "runtime", "-o", "bundle", *shlex.split(command)),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **more},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


def test_each_command_that_is_printed_is_run() -> None:
    known = {*ON_A_MAILBOX, *ASKS, *ELSEWHERE}
    assert known <= COMMANDS
    assert {one for one in COMMANDS - known if NEEDS_A_DEPLOYMENT not in one} == set()
    assert not [one for one in ELSEWHERE.values() if not (ROOT / one).exists()]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("command", ON_A_MAILBOX)
async def test_it_does_what_the_page_says_of_a_mailbox_that_works(
    command: str, mailbox: dict[str, str], tmp_path: Path
) -> None:
    given = command.replace("CONNECTION=ID", f"CONNECTION={mailbox['CONNECTION_ID']}")
    status, said = await run(f"{given} OUT={tmp_path / 'found'}", mailbox)
    assert status == 0, said
    assert ON_A_MAILBOX[command] in said


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("command", ASKS)
async def test_without_what_it_needs_it_asks_for_that(
    command: str, mailbox: dict[str, str]
) -> None:
    status, said = await run(command, mailbox)
    assert status
    assert ASKS[command] in said or "gcloud is not installed" in said


@pytest.mark.parametrize("command", sorted(one for one in COMMANDS if NEEDS_A_DEPLOYMENT in one))
async def test_what_is_of_a_deployment_asks_for_one(command: str) -> None:
    """A checkout has no environment `prod`."""
    status, said = await run(command, {})
    assert status == 2
    assert "Name it by ENV=NAME, with infra/terraform/envs/NAME.tfvars." in said
    assert "Traceback" not in said
