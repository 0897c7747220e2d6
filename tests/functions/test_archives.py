"""Each function's archive, unpacked alone, starts under the platform's own console script.

In a clean environment that holds only the archive's locked requirements: on the Python that is
deployed, or the newest this machine has; in the deep run on each.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from select import select
from typing import Any

import httpx
import pytest

from infra import requirements
from infra.archives import ROOT, build, main
from infra.requirements import locked_for, stanzas
from shared.edge.settings.functions import FUNCTIONS, Function, Trigger
from tests.harness.samples import ENVIRON

SETTINGS = {**ENVIRON, "POSTROOM_GOOGLE_URL": "http://127.0.0.1:9"}
DEPLOYED = "3.13"
PYTHONS = (DEPLOYED, pytest.param("3.11", marks=pytest.mark.deep))
UV = Path(sys.executable).with_name("uv")
PATIENCE_S = 30
ATTEMPTS = 150
GRACE_S = 10
"""What Cloud Run leaves an instance between SIGTERM and SIGKILL (FACTS 8.1)."""
PLATFORM = {"K_SERVICE": "service", "K_REVISION": "service-00001-abc", "K_CONFIGURATION": "service"}
PLATFORM |= {"FUNCTION_SIGNATURE_TYPE": "http", "LOG_EXECUTION_ID": "true"}
"""What Cloud Functions sets by itself (FACTS 18.1)."""
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACED = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
SEVERITIES = {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}
EPOCH_S = 315_532_801
"""What the platform sets every file's time to in an image, the second of 1980
(DECISIONS, "One archive a function")."""


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda one: one.name)
def test_the_archive_starts_alone_and_answers_its_health_path(
    function: Function, python: str, tmp_path: Path
) -> None:
    environment = clean_environment(python, locked_for(function.name))
    unpacked = unpack(function.name, tmp_path)
    with running(function.name, environment, unpacked, tmp_path) as url:
        health = answered(f"{url}/health")
        assert (health.status_code, health.json()["status"]) == (200, "ok")
        asked = httpx.post(url + function.prefixes[0], json={}, timeout=PATIENCE_S, headers=TRACED)
        assert asked.status_code < 500
        if function.trigger is not Trigger.PUBLIC:
            assert asked.status_code == 401
    lines = logged(tmp_path)
    (line,) = (one for one in lines if one.get("status") == asked.status_code)
    assert line["severity"] in SEVERITIES
    assert (line["function"], line["trace"]) == (function.name, TRACE)


@pytest.mark.parametrize("python", PYTHONS)
def test_the_archive_of_mcp_brings_all_that_its_first_call_loads(
    python: str, tmp_path: Path
) -> None:
    environment = clean_environment(python, locked_for("mcp"))
    loading = [str(environment / "bin" / "python"), "-c", "import shared.edge.mcp.exchange"]
    unpacked = unpack("mcp", tmp_path)
    done = subprocess.run(loading, cwd=unpacked, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("python", PYTHONS)
def test_the_archive_brings_what_telemetry_needs_where_it_is_wanted(
    python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTROOM_TELEMETRY", "otlp")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    environment = clean_environment(python, locked_for("api"))
    unpacked = unpack("api", tmp_path)
    with running("api", environment, unpacked, tmp_path) as url:
        assert answered(f"{url}/health").status_code == 200
        refused = httpx.get(f"{url}/connections", timeout=PATIENCE_S)
    assert refused.status_code == 401
    google = "from shared.adapters.telemetry.export import ExportedTelemetry; import google.auth"
    loading = [str(environment / "bin" / "python"), "-c", f"{google}.transport.requests"]
    subprocess.run(loading, cwd=unpacked, env=platform_environ(), check=True)


@pytest.mark.parametrize("python", PYTHONS)
def test_bytecode_built_as_the_platform_does_survives_the_images_new_times(
    python: str, tmp_path: Path
) -> None:
    """Else each cold start compiles every file (DECISIONS, "One archive a function")."""
    environment = clean_environment(python, locked_for("send"))
    unpacked = unpack("send", tmp_path)
    assert recompiled(environment, unpacked, {}) > 0
    assert recompiled(environment, unpacked, {"SOURCE_DATE_EPOCH": "315532800"}) == 0


def recompiled(environment: Path, unpacked: Path, build_variables: Mapping[str, str]) -> int:
    """Build and start as the platform does; answer how many files had to be compiled anew."""
    python = str(environment / "bin" / "python")
    built = {**platform_environ(), **build_variables}
    built.pop("PYTHONDONTWRITEBYTECODE")
    compiling = [python, "-m", "compileall", "-f", "-q", "."]
    subprocess.run(compiling, cwd=unpacked, env=built, check=True)
    for path in unpacked.rglob("*"):
        os.utime(path, (EPOCH_S, EPOCH_S))
    started = {**platform_environ(), **local_files(unpacked.parent)}
    importing = [python, "-v", "-c", "import main"]
    done = subprocess.run(
        importing, cwd=unpacked, env=started, check=True, capture_output=True, text=True
    )
    return done.stderr.count("bytecode is stale for 'shared.")


def test_a_function_is_given_no_package_it_never_imports() -> None:
    assert "google-cloud-pubsub==" not in locked_for("send")
    assert "mcp==" in locked_for("mcp")
    assert not [one.name for one in FUNCTIONS if "mcp==" in locked_for(one.name)][1:]
    assert "google-cloud-firestore==" in locked_for("send")
    assert "functions-framework==" in locked_for("send")
    assert "--hash=sha256:" in locked_for("send")


def test_no_archive_carries_what_no_function_needs(tmp_path: Path) -> None:
    for function in FUNCTIONS:
        with zipfile.ZipFile(build(function.name, tmp_path)) as archive:
            rooms = {name.split("/")[1] for name in archive.namelist() if "/" in name}
        assert not rooms & {"client", "commands", "docs"}


def test_the_archive_for_amazon_brings_its_client_and_the_other_does_not(tmp_path: Path) -> None:
    assert "boto3==" not in locked_for("deliver_event")
    environment = clean_environment(DEPLOYED, locked_for("deliver_event", "sqs"))
    unpacked = unpack("deliver_event", tmp_path, "sqs")
    importing = [
        str(environment / "bin" / "python"),
        "-c",
        "import shared.adapters.sinks.sqs, main",
    ]
    environ = {**platform_environ(), **local_files(tmp_path)}
    subprocess.run(importing, cwd=unpacked, env=environ, check=True)


def test_an_extras_lock_agrees_with_the_lock() -> None:
    for name, text in stanzas("requirements-sqs.txt").items():
        assert stanzas().get(name, text) == text, name


OWN = """\
# of own code
tinyllm==1.2.3 \\
    --hash=sha256:{digest}
    # via -r wanted.in
orjson=={orjson} \\
    --hash=sha256:{digest}
""".replace("{digest}", "0" * 64)


@pytest.fixture
def own_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand for the lock of a deployment's own code."""
    path = tmp_path / "requirements-custom.txt"
    monkeypatch.setattr(requirements, "CUSTOM", path)
    return path


def test_the_packages_of_own_code_go_to_who_loads_it_and_to_no_other(
    own_lock: Path, tmp_path: Path
) -> None:
    pinned = stanzas()["orjson"].partition("==")[2].split()[0]
    before = {one.name: locked_for(one.name) for one in FUNCTIONS}
    own_lock.write_text(OWN.replace("{orjson}", pinned))
    for function in FUNCTIONS:
        with zipfile.ZipFile(build(function.name, tmp_path)) as archive:
            brought = archive.read("requirements.txt").decode()
        assert ("tinyllm==1.2.3 \\\n    --hash=" in brought) == function.own_code
        assert {*before[function.name].splitlines()} <= {*brought.splitlines()}
        assert brought.count("orjson==") == before[function.name].count("orjson==")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (OWN.replace("{orjson}", "0.0.1"), "another orjson"),
        ("tinyllm>=1\n", "a lock with hashes"),
        ("tinyllm==1.2.3\n", "a lock with hashes"),
        ("--extra-index-url https://far.example/\n", "a lock with hashes"),
    ],
    ids=["another version", "not pinned", "no hash", "an option"],
)
def test_bundling_stops_on_a_lock_that_cannot_go_beside_ours(
    own_lock: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    own_lock.write_text(text)
    assert main(["--to", str(tmp_path / "out"), "api"]) == 1
    assert not (tmp_path / "out").exists()
    assert told in capsys.readouterr().err


def test_the_same_sources_make_the_same_archive(tmp_path: Path) -> None:
    first, second = build("api", tmp_path / "a"), build("api", tmp_path / "b")
    assert sha256(first.read_bytes()).digest() == sha256(second.read_bytes()).digest()


def test_an_archive_holds_main_shared_and_requirements_and_nothing_else(tmp_path: Path) -> None:
    names = zipfile.ZipFile(build("send", tmp_path)).namelist()
    assert {"main.py", "requirements.txt"} <= {*names}
    assert {name.partition("/")[0] for name in names} == {"main.py", "requirements.txt", "shared"}


@cache
def clean_environment(python: str, requirements: str) -> Path:
    """Return an environment of exactly these requirements, their hashes checked; skip loudly.

    One is made for each interpreter and lock, and kept: neither changes what was installed.
    """
    interpreter = interpreter_of(python)
    if interpreter is None and python == DEPLOYED:
        interpreter, python = sys.executable, f"{sys.version_info[0]}.{sys.version_info[1]}"
    if interpreter is None:
        pytest.skip(f"Python {python} is not on this machine: no archive was tried on it")
    name = f"{python}-{sha256(requirements.encode()).hexdigest()[:12]}"
    environment = ROOT / "build" / "environments" / name
    whole = environment / "installed-for"
    if whole.is_file() and whole.read_text() == str(interpreter):
        return environment
    shutil.rmtree(environment, ignore_errors=True)
    environment.parent.mkdir(parents=True, exist_ok=True)
    lock = environment.with_suffix(".txt")
    lock.write_text(requirements)
    subprocess.run([UV, "venv", "-q", "--python", interpreter, environment], check=True)
    installing = [str(UV), "pip", "install", "-q", "--python", str(environment), "-r", str(lock)]
    installing += ["--require-hashes", "--no-deps", "--compile-bytecode"]
    done = subprocess.run(installing, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"the requirements could not be installed: {done.stderr[-300:]}")
    subprocess.run([UV, "pip", "check", "-q", "--python", environment], check=True)
    whole.write_text(str(interpreter))
    return environment


def interpreter_of(python: str) -> str | None:
    """Return a working interpreter of that version; a name on the path may be an empty shim."""
    if sys.version_info[:2] == tuple(map(int, python.split("."))):
        return sys.executable
    installed = Path.home().glob(f".pyenv/versions/{python}*/bin/python{python}")
    for candidate in (shutil.which(f"python{python}"), *map(str, installed)):
        if (
            candidate
            and not subprocess.run([candidate, "-V"], check=False, capture_output=True).returncode
        ):
            return candidate
    return None


def logged(state: Path) -> list[dict[str, Any]]:
    """Return the lines that Cloud Logging would take for structured ones."""
    lines = (state / "output.txt").read_text().splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def unpack(name: str, tmp_path: Path, extra: str | None = None) -> Path:
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(build(name, tmp_path, extra)) as archive:
        archive.extractall(unpacked)
    return unpacked


@contextmanager
def running(name: str, environment: Path, directory: Path, state: Path) -> Iterator[str]:
    """Run the real console script in the unpacked archive, as the platform does."""
    port = free_port()
    script = environment / "bin" / "functions-framework"
    command = [str(script), "--target", name, "--host", "127.0.0.1", "--port", str(port)]
    environ = {**platform_environ(), **local_files(state)}
    with (state / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=directory, env=environ, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(GRACE_S)
        print((state / "output.txt").read_text())


def platform_environ() -> Mapping[str, str]:
    """Leave out what would put the repository on the path."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return {**own, **PLATFORM, **SETTINGS, "PYTHONDONTWRITEBYTECODE": "1"}


def local_files(state: Path) -> Mapping[str, str]:
    return {
        "POSTROOM_STORE": f"sqlite:{state / 'postroom.sqlite'}",
        "POSTROOM_KEYRING": f"file:{state / 'keyring.json'}",
    }


def answered(url: str) -> httpx.Response:
    """Ask until the server listens."""
    for _ in range(ATTEMPTS):
        try:
            return httpx.get(url, timeout=PATIENCE_S)
        except httpx.ConnectError:
            select([], [], [], 0.1)
    raise AssertionError(f"nothing answers at {url} ({sys.executable})")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
