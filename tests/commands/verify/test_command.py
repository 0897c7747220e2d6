"""`python -m shared.commands verify-google`: by a token, by a connection, and asked before."""

import io
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from infra.local.connecting import connect
from shared.commands import verify_google
from shared.commands.verify.probe import Level
from shared.commands.verify.probes import PROBES
from tests.commands.running import Said, called
from tests.commands.verify.asked import ADA, SCOPES, Unhurried, furnish
from tests.harness.whole import whole_system
from tests.infra.google.emulator import Google


@dataclass
class Run:
    """The command in a mailbox of its own."""

    google: Google
    folder: Path
    patch: pytest.MonkeyPatch

    async def __call__(self, *arguments: str, typed: str = "") -> Said:
        token = self.google.token(ADA, SCOPES)
        self.patch.setattr("sys.stdin", io.StringIO(f"{token}\n{typed}\n"))
        given = ["--token", "-", "--google", self.google.url, "--out", str(self.folder)]
        return await called({}, "verify-google", *given, *arguments)


@pytest.fixture
def run(google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    google.reset()
    google.reset_tokens()
    furnish(google)
    monkeypatch.setattr(verify_google, "SystemClock", Unhurried)
    return Run(google, tmp_path / "out", monkeypatch)


async def test_a_token_is_enough_to_read(run: Run) -> None:
    said = await run("--only", "p04,P20")
    assert (said.code, said.err) == (0, "")
    assert "holds       P04" in said.out
    assert "2 holds, 0 differs, 0 not tried, 4 units" in said.out
    assert ADA not in said.out
    names = sorted(one.name for one in (run.folder / "recordings").iterdir())
    assert names[0] == "verify.001.P04.history.list.json"
    told = orjson.loads((run.folder / "report.json").read_bytes())
    assert [one["probe"] for one in told["probes"]] == ["P04", "P20"]


async def test_what_breaks_postroom_is_the_exit_code(run: Run) -> None:
    run.google.fault("history_expired", email=ADA)
    said = await run("--only", "P02")
    run.google.control("DELETE", "/faults")
    assert said.code == 1
    assert "differs   ! P02" in said.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["--only", "P99"], "no probe P99"), (["--only", "P01", "--budget", "0"], "budget of 0")],
)
async def test_what_cannot_be_asked_says_so(run: Run, arguments: list[str], told: str) -> None:
    said = await run(*arguments)
    assert told in said.out + said.err


async def test_a_connection_is_asked_with_its_own_grant(tmp_path: Path) -> None:
    async with whole_system(tmp_path, {ADA: 3}) as system:
        connection = await connect(system.client, system.google, ADA)
        await system.settle()
        out = tmp_path / "out"
        said = await called(
            system.environ,
            *(
                "verify-google",
                "--connection",
                connection,
                "--only",
                "P01,P25,P39",
                "--level",
                "self",
                "--yes",
            ),
            *("--out", str(out)),
        )
    assert (said.code, said.err) == (0, "")
    assert "3 holds, 0 differs, 0 not tried" in said.out
    assert ADA not in "".join(one.read_text() for one in out.rglob("*.json"))


def test_a_level_holds_what_is_below_it() -> None:
    reading = verify_google.choose_probes("", Level.READ)
    assert {one.level for one in reading} == {Level.READ}
    assert len(verify_google.choose_probes("", Level.SELF)) == len(PROBES)


def test_reading_asks_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert verify_google.confirm(verify_google.choose_probes("", Level.READ))


async def test_making_something_is_asked_for_and_said_before(run: Run) -> None:
    before = run.google.held(ADA)
    refused = await run("--level", "self", "--only", "P27", typed="no")
    assert (refused.code, run.google.held(ADA)) == (1, before)
    assert "P27  a label" in refused.out
    assert "Nothing was done." in refused.out
    assert run.google.control("GET", "/stats")["methods"].get("gmail.users.labels.create") is None
    said = await run("--level", "self", "--only", "P27", typed="yes")
    assert (said.code, said.err) == (0, "")
    assert "1 holds" in said.out


async def test_what_cannot_be_taken_away_is_named(run: Run) -> None:
    run.google.control("POST", "/faults", json={"fault": "status_503", "method": "labels.delete"})
    said = await run("--level", "self", "--only", "P27", "--yes")
    run.google.control("DELETE", "/faults")
    assert "Left in the mailbox: the label postroom-verify-" in said.out
