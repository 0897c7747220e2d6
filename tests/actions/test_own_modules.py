"""A deployment's own modules: what cannot be served is named, and everything else serves."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra import archives
from infra.local.guide import warning
from shared.actions.loading import actions, catalogue
from shared.actions.projections import projections
from shared.commands.checks.context import CheckContext
from shared.commands.checks.finding import Verdict
from shared.commands.checks.own_code import own_code_is_served
from shared.edge.settings.functions import FUNCTIONS
from shared.edge.table import api_routes
from shared.edge.web.app import build_app
from shared.edge.web.logs import JsonLines
from tests.actions.broken_modules import MINE, SECRET, UNLOADABLE, UNSERVABLE
from tests.actions.own_modules import SOUND, own_modules, put
from tests.harness.acting import ActionHarness

CASES = [pytest.param(*case, id=name) for name, case in (UNLOADABLE | UNSERVABLE).items()]
USERS = {one.name for one in FUNCTIONS if one.own_code}
"""The functions that have a use for the deployment's own code."""
START = """
import sys
from shared.actions import faults
from shared.edge.table import ROUTES_OF
for name in sys.argv[1:]:
    ROUTES_OF[name]()
loading = sys.modules.get("shared.actions.loading")
print(bool(loading) and loading.is_loaded())
"""


@pytest.fixture
def custom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "custom"
    folder.mkdir()
    with own_modules(folder, monkeypatch) as opened:
        yield opened


async def test_a_module_in_the_custom_directory_is_served(
    custom: Path, harness: ActionHarness
) -> None:
    put(custom, sound=SOUND)
    assert await harness.ran("own-sound") == {"text": "done"}
    assert (await harness.api.get("/health")).json() == {
        "status": "ok",
        "environment": harness.container.settings.environment,
        "faults": [],
        "left_out": [],
        "troubles": [],
    }


@pytest.mark.parametrize(("source", "line", "error"), CASES)
async def test_what_cannot_be_served_is_named_and_everything_else_serves(
    custom: Path, harness: ActionHarness, source: str, line: int, error: str
) -> None:
    put(custom, a_sound=SOUND, broken=source)
    (fault,) = catalogue().faults
    assert str(fault) == f"shared/actions/custom/broken.py:{line}: {error}"
    assert await harness.ran("own-sound") == {"text": "done"}
    assert "mine" not in actions()
    assert not projections()
    assert (await harness.run("get-profile")).status_code == 200
    assert (await harness.api.get("/openapi.json")).status_code == 200
    assert (await harness.api.get("/scripts/config")).status_code == 200


@pytest.mark.parametrize(("source", "line", "error"), CASES)
async def test_a_running_deployment_says_where_and_no_word_of_what_was_raised(
    custom: Path, harness: ActionHarness, source: str, line: int, error: str
) -> None:
    put(custom, a_sound=SOUND, broken=source)
    catalogue()
    health = await harness.api.get("/health", headers={"Authorization": ""})
    told = {"file": "shared/actions/custom/broken.py", "line": line, "error": error}
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    assert health.json()["faults"] == [told]
    assert SECRET not in health.text


def test_a_package_that_does_not_load_is_named_and_the_built_in_serve(
    custom: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = custom / "broken_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("x = 1\n1 / 0\n")
    (fault,) = catalogue().faults
    file = "shared/actions/custom/broken_package/__init__.py"
    assert str(fault) == f"{file}:2: ZeroDivisionError"


def test_a_module_that_needs_a_broken_one_leads_to_the_line_to_mend(custom: Path) -> None:
    put(custom, base="x = (\n")
    put(custom, upon="from shared.actions.custom import base\n")
    assert [str(one) for one in catalogue().faults] == [
        "shared/actions/custom/base.py:1: SyntaxError",
        "shared/actions/custom/base.py:1: SyntaxError",
    ]


def test_bundling_stops_and_says_what_python_says(
    custom: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(custom, broken="\nraise ValueError('mend me')\n")
    assert archives.main(["--to", str(tmp_path / "out"), "send"]) == 1
    assert not (tmp_path / "out").exists()
    assert capsys.readouterr().err == ("shared/actions/custom/broken.py:2: ValueError: mend me\n")


async def test_the_doctor_has_a_row_of_it(custom: Path, harness: ActionHarness) -> None:
    put(custom, sound=SOUND)
    sound = await own_code_is_served(CheckContext(harness.container))
    assert (sound.verdict, sound.seen) == (Verdict.OK, "1 own action or projection, 0 syncs")
    put(custom, broken="raise ValueError\n")
    found = await own_code_is_served(CheckContext(harness.container))
    assert found.verdict is Verdict.FAILED
    assert "shared/actions/custom/broken.py:1: ValueError" in found.seen


def test_the_demo_prints_a_line_that_nobody_overlooks() -> None:
    assert warning([]) == ""
    assert warning(["a.py:1: ValueError"]).startswith("  !!! NOT SERVED  a.py:1: ValueError")


async def test_what_starts_is_logged_as_an_error_without_its_words(
    custom: Path, harness: ActionHarness, caplog: pytest.LogCaptureFixture
) -> None:
    put(custom, broken=f"raise ValueError('{SECRET}')\n")
    build_app("api", api_routes(), harness.container)
    said = "".join(JsonLines().format(record) for record in caplog.records)
    assert "own code is not served" in said
    assert "shared/actions/custom/broken.py:1: ValueError" in said
    assert SECRET not in said


@pytest.mark.parametrize("names", [[one.name for one in FUNCTIONS if one.name not in USERS]])
def test_functions_without_a_use_for_it_start_without_it(names: list[str]) -> None:
    assert _starts(*names) == "False"


@pytest.mark.parametrize("name", sorted(USERS))
def test_functions_that_use_it_load_it_at_start(name: str) -> None:
    assert _starts(name) == "True"


def _starts(*names: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", START, *names], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_there_is_one_place_where_own_modules_are_loaded() -> None:
    root = Path(archives.__file__).parents[1]
    files = [*(root / "shared").rglob("*.py"), *(root / "infra").rglob("*.py")]
    loading = {one.name for one in files if "import_module(" in one.read_text()}
    assert loading == {"loading.py"}


async def test_the_api_is_described_without_what_is_left_out(
    custom: Path, harness: ActionHarness
) -> None:
    api: httpx.AsyncClient = harness.api
    put(custom, broken=f"{MINE}1 / 0\n")
    tools = (await api.get("/scripts/config?format=openai")).json()["data"]
    assert "mine" not in {one["name"] for one in tools}
