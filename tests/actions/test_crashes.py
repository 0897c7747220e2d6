"""An own action that does not return has failed, however it ended: recorded, released, told."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from infra.archives import ROOT
from shared.actions.background import RunAccepted
from shared.actions.loading import actions
from shared.actions.registry import LONGEST
from shared.actions.run import CANCELLED, GRACE, RunAction
from shared.adapters.sqlite.queue import SqliteQueue
from shared.domain.connect.connection import Connection
from shared.domain.operation import OperationState
from shared.domain.send.entry import send_id
from shared.errors import IdempotencyInProgressError
from shared.ports.connections import Connections
from shared.ports.queue import Queue, Task
from shared.ports.sends import ActionResults
from tests.actions.agents import agent, person
from tests.actions.own_modules import HEAD, own_modules, put
from tests.harness.acting import ActionHarness
from tests.harness.samples import CONNECTION

SECRET = "Salary list of ada@acme.example"
FILE = "shared/actions/custom/mine.py"
ENDS = {
    "an exception": f"raise ValueError('{SECRET}')",
    "a lookup that fails": "return {}[asked.text]",
    "an exit": f"raise SystemExit('{SECRET}')",
    "an interrupt": f"raise KeyboardInterrupt('{SECRET}')",
    "a generator's end": "raise GeneratorExit",
    "a cancellation of its own": f"raise asyncio.CancelledError('{SECRET}')",
    "a timeout of its own": f"raise TimeoutError('{SECRET}')",
    "endless recursion": "return await act(context, asked)",
    "an assertion": f"assert not '{SECRET}'",
    "a group": f"raise BaseExceptionGroup('{SECRET}', [SystemExit('{SECRET}')])",
    "a child that exits": (
        "async with asyncio.TaskGroup() as group:\n"
        f"        group.create_task(fails('{SECRET}'))\n    return Made()"
    ),
}
SOURCE = f"""{HEAD}
import asyncio
from datetime import timedelta
from shared.domain.keys.policy import Does
CALLS = []
async def fails(words):
    raise ValueError(words)
async def act(context, asked):
    %s
async def first_badly(context, asked):
    CALLS.append(asked.text)
    if len(CALLS) == 1:
        return await act(context, asked)
    return Made(text=asked.text)
ACTION = Action("mine", "Mine.", Given, Made, first_badly, (LABELS,), Effect.STORED%s)
"""
CASES = [pytest.param(code, id=name) for name, code in ENDS.items()]
KEY = {"Idempotency-Key": "k-1"}
ASKED = {"text": SECRET}


@pytest.fixture
def custom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "custom"
    folder.mkdir()
    with own_modules(folder, monkeypatch) as opened:
        yield opened


def badly(custom: Path, code: str, more: str = "") -> None:
    put(custom, mine=SOURCE % (code, more))


async def logged(harness: ActionHarness) -> list[dict[str, Any]]:
    answer = await harness.api.get("/operations?type=action")
    return [
        {"state": one["state"], "error": one["error"], **one["detail"]}
        for one in reversed(answer.json()["operations"])
        if one["name"] == "mine"
    ]


async def ada(harness: ActionHarness) -> Connection:
    found = await harness.container.use(Connections).get(CONNECTION)
    assert found is not None
    return found.value


def accepted_task(harness: ActionHarness) -> Task:
    queue = harness.container.use(Queue)
    assert isinstance(queue, SqliteQueue)
    (task,) = [one for one in queue.waiting() if one.path == "/tasks/action"]
    return task


async def in_background(harness: ActionHarness, task: Task) -> None:
    """Run an accepted action as its task does."""
    run = harness.container.use(RunAccepted)
    await run(task.body["id"], task.body["input"], key=task.body["key"], trace_id=None)


@pytest.mark.parametrize("code", CASES)
async def test_a_crash_is_failed_and_named_and_its_retry_runs_at_once(
    custom: Path, harness: ActionHarness, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    badly(custom, code)
    crashed = await harness.run("mine", ASKED, **KEY)
    error = crashed.json()["error"]
    assert (crashed.status_code, error["code"]) == (500, "action_crashed")
    assert error["payload"]["file"] == FILE
    assert isinstance(error["payload"]["line"], int)
    assert error["payload"]["trace_id"]
    first = (await logged(harness))[0]
    assert (first["state"], first["error"]) == ("failed", "action_crashed")
    named = (first["type"], first["file"], first["line"])
    assert named == (error["payload"]["type"], FILE, error["payload"]["line"])
    assert f"{named[0]} at {FILE}:{named[2]}" in error["message"]
    said = crashed.text + orjson.dumps(await logged(harness)).decode() + caplog.text
    assert not {"Salary", "acme"} & {*said.replace("@", " ").split()}
    again = await harness.run("mine", ASKED, **KEY)
    assert (again.status_code, again.json()) == (200, ASKED)
    assert (await logged(harness))[1]["state"] == "ok"


@pytest.mark.parametrize("output", ["chr(0xD800)", "str(2**70) * 0 + chr(0xDFFF)"])
async def test_an_answer_that_nothing_can_hold_is_a_crash(
    custom: Path, harness: ActionHarness, output: str
) -> None:
    badly(custom, f"return Made.model_construct(text={output})")
    crashed = await harness.run("mine", ASKED, **KEY)
    assert (crashed.status_code, crashed.json()["error"]["code"]) == (500, "action_crashed")
    again = await harness.run("mine", ASKED, **KEY)
    assert (again.status_code, again.json()) == (200, ASKED)


@pytest.mark.parametrize("code", CASES)
async def test_a_crash_in_the_background_is_the_outcome_that_is_asked_for(
    custom: Path, harness: ActionHarness, code: str
) -> None:
    badly(custom, code)
    accepted = (await harness.run("mine", ASKED, **{"X-Async": "true"})).json()
    await in_background(harness, accepted_task(harness))
    answer = await harness.api.get(accepted["statusUrl"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "action_crashed")
    assert answer.json()["error"]["payload"]["file"] == FILE
    assert SECRET not in answer.text


async def test_a_crash_after_a_persons_yes_ends_the_approval_as_failed(
    custom: Path, harness: ActionHarness
) -> None:
    put(
        custom,
        mine="from shared.domain.keys.policy import Does\n"
        + SOURCE % ("raise SystemExit", ", Does.CHANGE"),
    )
    held = await agent(harness, approval_required=True)
    waiting = (await held.run("mine", ASKED, "k-1")).json()
    decided = await (await person(harness)).call(
        "POST", f"/approvals/{waiting['approval_id']}/approve"
    )
    assert (decided.json()["state"], decided.json()["error"]) == ("approved", "action_crashed")


async def test_an_action_that_does_not_return_in_time_has_failed(
    custom: Path, harness: ActionHarness
) -> None:
    more = ", timeout=timedelta(milliseconds=20)"
    put(
        custom,
        mine="from datetime import timedelta\n" + SOURCE % ("await asyncio.Event().wait()", more),
    )
    late = await harness.run("mine", ASKED, **KEY)
    assert (late.status_code, late.json()["error"]["code"]) == (504, "action_timeout")
    assert [one["error"] for one in await logged(harness)] == ["action_timeout"]
    assert (await harness.run("mine", ASKED, **KEY)).json() == ASKED


async def test_an_input_whose_own_validator_crashes_is_a_crash_too(
    custom: Path, harness: ActionHarness
) -> None:
    put(custom, mine=HEAD.replace(
        '    text: str = ""\n\nclass Made',
        '    text: str = ""\n    @field_validator("text")\n    @classmethod\n'
        "    def known(cls, text: str) -> str:\n        return {}[text]\n\nclass Made",
    ).replace("import BaseModel", "import BaseModel, field_validator")
        + 'ACTION = Action("mine", "Mine.", Given, Made, run, (LABELS,))\n')  # fmt: skip
    answer = await harness.run("mine", ASKED)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "action_crashed")
    assert SECRET not in answer.text


@pytest.mark.parametrize("output", ["7", "None", "{'text': ''}", "asked", "[Made()]"])
async def test_an_output_that_is_none_of_its_model_is_a_crash_of_its_function(
    custom: Path, harness: ActionHarness, output: str
) -> None:
    badly(custom, f"return {output}")
    crashed = (await harness.run("mine", ASKED, **KEY)).json()["error"]
    assert (crashed["code"], crashed["payload"]["type"]) == ("action_crashed", "WrongReturnError")
    assert crashed["payload"]["file"] == FILE
    assert (await harness.run("mine", ASKED, **KEY)).status_code == 200


async def test_a_function_that_is_not_async_is_named(custom: Path, harness: ActionHarness) -> None:
    source = HEAD.replace("async def run", "def run")
    put(custom, mine=source + 'ACTION = Action("mine", "Mine.", Given, Made, run, (LABELS,))\n')
    crashed = (await harness.run("mine", ASKED)).json()["error"]
    assert (crashed["code"], crashed["payload"]["file"]) == ("action_crashed", FILE)


@pytest.mark.parametrize("times", [1, 5])
async def test_a_cancelled_run_is_written_down_and_released_however_often_it_is_cancelled(
    custom: Path, harness: ActionHarness, times: int
) -> None:
    badly(custom, "await asyncio.Event().wait()")
    run = harness.container.use(RunAction)
    connection = await ada(harness)
    work = asyncio.create_task(run(connection, "mine", ASKED, idempotency_key="k-1"))
    while not await _claimed(harness):  # noqa: ASYNC110  only the store tells
        await asyncio.sleep(0)
    for _ in range(times):
        work.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await work
    assert [(one["state"], one["error"]) for one in await logged(harness)] == [
        (OperationState.FAILED, CANCELLED)
    ]
    again = await run(connection, "mine", ASKED, idempotency_key="k-1")
    assert (again.output, again.replayed) == (ASKED, False)


async def _claimed(harness: ActionHarness) -> bool:
    return await harness.container.use(ActionResults).get(send_id(CONNECTION, "k-1")) is not None


async def test_a_doubled_task_leaves_the_outcome_to_the_first(
    custom: Path, harness: ActionHarness
) -> None:
    put(
        custom,
        mine=SOURCE.replace("CALLS = []", "GATE = asyncio.Event()\nCALLS = []")
        % ("await GATE.wait(); return Made(text=asked.text)", ""),
    )
    accepted = (await harness.run("mine", ASKED, **{"X-Async": "true"})).json()
    task = accepted_task(harness)
    module: Any = actions()["mine"].run
    first = asyncio.create_task(in_background(harness, task))
    while not module.__globals__["CALLS"]:  # noqa: ASYNC110  only the module tells
        await asyncio.sleep(0)
    with pytest.raises(IdempotencyInProgressError):
        await in_background(harness, task)
    module.__globals__["GATE"].set()
    await first
    assert (await harness.api.get(accepted["statusUrl"])).json() == ASKED


@pytest.mark.parametrize("function", ["api", "console", "mcp", "send"])
def test_every_function_that_runs_actions_lives_longer_than_the_longest(function: str) -> None:
    functions = (ROOT / "infra" / "terraform" / "functions.tf").read_text()
    entry = functions.partition(f"\n    {function} = {{")[2].partition("\n    }")[0]
    found = re.search(r"timeout_s = (\d+)", entry)
    assert found is not None
    assert int(found[1]) >= LONGEST.total_seconds() + GRACE.total_seconds()
