"""Each main.py as the platform sees it: small, alike, light, and without clients at import."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.edge.settings.functions import FUNCTIONS, function_for
from tests.harness.samples import ENVIRON

ROOT = Path(__file__).resolve().parents[2]
NAMES = [one.name for one in FUNCTIONS]
AFTER_THE_FORK = ("httpx", "aiohttp", "sqlite3", "grpc", "google.auth", "google.cloud.firestore")
LOAD = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("main", sys.argv[1])
module = importlib.util.module_from_spec(spec)
before = {*sys.modules}
import functions_framework.aio
frameworks = {*sys.modules}
spec.loader.exec_module(module)
print(*sorted({*sys.modules} - frameworks))
"""


def source(name: str) -> Path:
    return ROOT / "functions" / name / "main.py"


def load(name: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LOAD, str(source(name))],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_directory_is_a_function_and_every_function_a_directory() -> None:
    assert {path.parent.name for path in ROOT.glob("functions/*/main.py")} == {*NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_main_is_short_and_says_who_calls_it_and_what_it_touches(name: str) -> None:
    text = source(name).read_text()
    card = ast.get_docstring(ast.parse(text)) or ""
    assert len(text.splitlines()) <= 60
    for line in ("Trigger", "Reads", "Writes", "Answers"):
        assert f"\n{line} " in card


@pytest.mark.parametrize("name", NAMES)
def test_importing_a_main_makes_no_client_and_loads_nothing_heavy(name: str) -> None:
    """The platform imports it before the fork (FACTS 16.2)."""
    environ = {**ENVIRON, "POSTROOM_STORE": "sqlite:unused", "POSTROOM_KEYRING": "file:unused"}
    loaded = load(name, environ)
    assert loaded.returncode == 0, loaded.stderr
    assert not {*AFTER_THE_FORK} & {*loaded.stdout.split()}


def test_a_main_without_its_settings_stops_at_once_and_names_them_all() -> None:
    stopped = load("reconcile", {})
    assert stopped.returncode != 0
    for name in ("POSTROOM_PUBLIC_URL", "POSTROOM_STORE", "POSTROOM_GMAIL_TOPIC"):
        assert name in stopped.stderr


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "api"),
        ("/connect/sessions", "api"),
        ("/connect-ui", "oauth_callback"),
        ("/oauth/callback", "oauth_callback"),
        ("/push/gmail", "gmail_push"),
        ("/tasks/sync", "sync_mailbox"),
        ("/tasks/disconnect", "sync_mailbox"),
        ("/tasks/probe", "sync_mailbox"),
        ("/tasks/action", "run_actions"),
        ("/tasks/send/bulk", "run_actions"),
        ("/send", "send"),
        ("/sends/k-1", "send"),
        ("/sender", "api"),
        ("/jobs/reconcile", "reconcile"),
    ],
)
def test_a_path_belongs_to_one_function(path: str, name: str) -> None:
    assert function_for(path).name == name
