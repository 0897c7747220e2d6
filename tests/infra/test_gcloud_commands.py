"""Every gcloud command that a page or script of ours names is one that gcloud knows."""

import re
import shlex
from argparse import ArgumentParser

import pytest

from infra.archives import ROOT
from shared.commands import replay_erasures
from shared.edge.settings.functions import FUNCTIONS, Trigger
from shared.ports.queue import QueueName
from tests.infra.gcloud_commands import (
    commands_in_page,
    commands_in_script,
    refused_by_gcloud,
)

PAGES = ("infra/OPERATING.md", "infra/terraform/README.md")
SCRIPTS = ("infra/terraform/bootstrap", "infra/terraform/run")


def all_commands() -> list[str]:
    pages = [one for name in PAGES for one in commands_in_page((ROOT / name).read_text())]
    return pages + [
        one for name in SCRIPTS for one in commands_in_script((ROOT / name).read_text())
    ]


UNKNOWN = (
    "gcloud firestore databases restor --project=PROJECT",
    "gcloud projects describe PROJECT --no",
)


@pytest.fixture(scope="module")
def refused() -> list[str]:
    """Ask gcloud once, of ours and of two that are wrong: it loads all its commands each time."""
    return refused_by_gcloud([*all_commands(), "gcloud auth login", *UNKNOWN])


def test_gcloud_knows_every_command_and_flag_that_is_written_down(refused: list[str]) -> None:
    """Checked by gcloud itself, without network: names, flags, and what each must have."""
    assert len(all_commands()) > 25
    assert refused[: -len(UNKNOWN)] == []


def test_a_command_that_gcloud_does_not_know_would_be_found(refused: list[str]) -> None:
    name, flag = refused[-len(UNKNOWN) :]
    assert "'restor'" in name
    assert "arguments: --no" in flag


DRILL = re.compile(r"^### Restore the database$.*?^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def drill() -> str:
    """Return the commands of the restore drill."""
    (commands,) = DRILL.findall((ROOT / "infra" / "OPERATING.md").read_text())
    return str(commands)


def loops(verb: str) -> dict[str, set[str]]:
    """Return what each loop of the drill that runs `verb` names."""
    found = re.findall(r"for (\w+) in ([\w -]+); do\s+gcloud [\w ]+ (\w+) ", drill())
    return {kind: {*names.split()} for kind, names, does in found if does == verb}


def test_the_drill_stops_every_job_and_queue_and_resumes_the_same() -> None:
    """By the names that Terraform gives them."""
    functions = (ROOT / "infra" / "terraform" / "functions.tf").read_text()
    jobs = {*re.findall(r'([\w-]+) += \{ path = "/jobs/', functions)}
    queues = {one.value for one in QueueName}
    assert loops("pause") == {"job": jobs, "queue": queues}
    assert loops("resume") == loops("pause")


def test_the_drill_closes_every_public_way_in_and_opens_the_same() -> None:
    public = {one.name.replace("_", "-") for one in FUNCTIONS if one.trigger is Trigger.PUBLIC}
    closed, opened = re.findall(r"for service in ([\w -]+); do", drill())
    assert {*closed.split()} == {*opened.split()} == public
    assert drill().index("--ingress=internal;") < drill().index("--ingress=internal-and-cloud")


def test_the_drill_erases_before_anything_runs_again() -> None:
    erased, used = drill().index("make replay-erasures"), drill().index("make deploy")
    assert drill().index(" pause ") < erased < used < drill().index(" resume ")


def test_the_drills_own_commands_take_the_arguments_it_gives_them() -> None:
    parser = ArgumentParser()
    replay_erasures.options(parser)
    given = re.findall(r"make replay-erasures ARGS='([^']+)'", drill())
    read = [vars(parser.parse_args(shlex.split(one))) for one in given]
    assert [sorted(name for name, value in one.items() if value) for one in read] == [
        ["store"],
        ["log"],
    ]


def test_the_drill_asks_the_log_for_the_lines_that_replay_reads() -> None:
    """Of the task that disconnects, as the code names it."""
    (asked,) = re.findall(r"gcloud logging read '([^']+)'", drill())
    assert asked == 'jsonPayload.task="disconnect"'
    triggers = (ROOT / "shared" / "edge" / "triggers").glob("*.py")
    assert any('finish_task("disconnect"' in one.read_text() for one in triggers)
