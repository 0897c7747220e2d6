"""The documentation's examples of sending, run as they are written, answer as they say."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.connecting import connect
from infra.local.environment import API_KEY
from infra.local.system import LocalSystem
from tests.harness.whole import whole_system

README = Path(__file__).resolve().parents[2] / "shared" / "actions" / "README.md"
BLOCK = re.compile(r"^```(sh|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADA = "ada@acme.example"
OTHERS = ("bob@acme.example", "eve@acme.example")


def examples() -> Iterator[tuple[str, Any]]:
    """Yield each command of the section and the answer printed below it."""
    section = README.read_text("utf-8").partition("\n## Sending\n")[2]
    section = section.partition("\n## ")[0]
    command = None
    for kind, text in BLOCK.findall(section):
        if kind == "json":
            assert command is not None
            yield command, json.loads(text)
        command = text if kind == "sh" else None


EXAMPLES = list(examples())


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[LocalSystem]:
    async with whole_system(tmp_path, dict.fromkeys((ADA, *OTHERS), 0)) as started:
        yield started


async def output_of(command: str, **variables: str) -> Any:
    process = await asyncio.create_subprocess_exec(
        "bash", "-euc", command,
        env={**os.environ, **variables},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0, command
    return json.loads(output)


def told(answer: Any, example: Any) -> Any:
    """Return with `...` wherever the example leaves open what stands there."""
    if example == "...":
        assert isinstance(answer, str)
        assert answer
        return "..."
    if isinstance(example, dict) and isinstance(answer, dict):
        return {name: told(value, example.get(name)) for name, value in answer.items()}
    if isinstance(example, list) and isinstance(answer, list) and len(example) == len(answer):
        return [told(*pair) for pair in zip(answer, example, strict=True)]
    return answer


async def test_every_example_answers_as_it_says(system: LocalSystem) -> None:
    connection = await connect(system.client, system.google, ADA)
    variables = {"POSTROOM": system.url, "KEY": API_KEY, "CONNECTION": connection}
    assert len(EXAMPLES) >= 8
    for command, example in EXAMPLES:
        answer = await output_of(command, **variables)
        assert told(answer, example) == example, command
    await system.settle()
    arrived = {email: len(system.emulated.store.messages(email)) for email in OTHERS}
    assert arrived == {OTHERS[0]: 4, OTHERS[1]: 2}
