"""Each function's archive, unpacked alone, starts under the platform's own console script.

On the Python that is deployed, or the newest this machine has; in the deep run on each.
"""

import json
import os
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import httpx
import pytest

from infra import requirements
from infra.archives import build, main
from infra.requirements import locked_for, stanzas
from shared.edge.settings.functions import FUNCTIONS, Function, Trigger
from shared.pages.docs.contents import PAGES, SOURCES
from tests.harness.cloud_logging import entry_of
from tests.harness.environments import DEPLOYED, clean_environment
from tests.harness.platform import (
    TIMEOUT_S,
    Instance,
    answered,
    archive_of,
    local_files,
    platform_environ,
    running,
    unpack,
)

PYTHONS = (DEPLOYED, pytest.param("3.11", marks=pytest.mark.deep))
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACED = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
SEVERITIES = {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}
EPOCH_S = 315_532_801
"""What the platform sets every file's time to in an image, the second of 1980
(DECISIONS, "One archive a function")."""

TO_A_COLLECTOR = {
    "POSTROOM_TELEMETRY": "otlp",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
    "OTEL_EXPORTER_OTLP_TIMEOUT": "1",  # no collector is there: try once
}
IN_A_PROJECT = {
    "POSTROOM_STORE": "firestore:acme-mail/postroom",
    "POSTROOM_QUEUE": "cloud-tasks:projects/acme-mail/locations/europe-west1",
    "POSTROOM_TOKEN_CHECK": "claims",
    "FIRESTORE_EMULATOR_HOST": "127.0.0.1:9",
}
"""A deployment in a Google Cloud project; its store is never asked."""


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda one: one.name)
def test_the_archive_starts_alone_and_answers_its_health_path(
    function: Function, python: str, tmp_path: Path
) -> None:
    environment = clean_environment(python, locked_for(function.name))
    unpacked = unpack(function.name, tmp_path)
    with running(function.name, environment, unpacked, tmp_path) as instance:
        url = instance.url
        health = answered(f"{url}/health")
        assert (health.status_code, health.json()["status"]) == (200, "ok")
        asked = httpx.post(url + function.prefixes[0], json={}, timeout=TIMEOUT_S, headers=TRACED)
        assert asked.status_code < 500
        if function.trigger is not Trigger.PUBLIC:
            assert asked.status_code == 401
        assert instance.end() == 0
        assert not (tmp_path / "postroom.sqlite-wal").exists()
    (line,) = (one for one in instance.lines() if one.get("status") == asked.status_code)
    assert line["severity"] in SEVERITIES
    assert (line["function"], line["trace"]) == (function.name, TRACE)


@pytest.mark.parametrize("python", PYTHONS)
def test_in_a_project_each_line_is_read_by_cloud_logging_and_cloud_trace(
    python: str, tmp_path: Path
) -> None:
    """Also with the platform's execution ids, which silence loggers made before (FACTS 18.1)."""
    environment = clean_environment(python, locked_for("gmail_push"))
    unpacked = unpack("gmail_push", tmp_path)
    with running("gmail_push", environment, unpacked, tmp_path, IN_A_PROJECT) as instance:
        assert answered(f"{instance.url}/robots.txt").status_code == 404
        url = f"{instance.url}/push/gmail"
        refused = httpx.post(url, json={}, timeout=TIMEOUT_S, headers=TRACED)
        assert refused.status_code == 401
        assert instance.end() == 0
    (entry,) = (entry_of(json.dumps(one)) for one in instance.lines())
    assert (entry.severity, entry.payload["message"]) == ("INFO", "request")
    assert entry.trace == f"projects/acme-mail/traces/{TRACE}"
    assert (len(entry.span_id or ""), entry.trace_sampled) == (16, True)
    asked = {name: entry.payload[name] for name in ("function", "method", "route", "status")}
    assert asked == {
        "function": "gmail_push", "method": "POST", "route": "/push/gmail", "status": 401,
    }  # fmt: skip


@pytest.mark.parametrize("python", PYTHONS)
def test_the_archive_of_mcp_brings_all_that_its_first_call_loads(
    python: str, tmp_path: Path
) -> None:
    environment = clean_environment(python, locked_for("mcp"))
    loading = [str(environment / "bin" / "python"), "-c", "import shared.edge.mcp.exchange"]
    unpacked = unpack("mcp", tmp_path)
    done = subprocess.run(loading, cwd=unpacked, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A running function, and what it runs in."""

    instance: Instance
    directory: Path
    python: Path


@pytest.fixture(scope="module", params=PYTHONS)
def api(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Unpacked]:
    """Serve `api` with telemetry, which changes no answer."""
    environment = clean_environment(request.param, locked_for("api"))
    state = tmp_path_factory.mktemp("api")
    directory = unpack("api", state)
    with running("api", environment, directory, state, TO_A_COLLECTOR) as instance:
        assert answered(f"{instance.url}/health").status_code == 200
        yield Unpacked(instance, directory, environment / "bin" / "python")


def test_the_archive_of_api_shows_every_page(api: Unpacked) -> None:
    for path in ("/", *(f"/docs/{name}" for name in PAGES), "/docs/search.json"):
        assert httpx.get(api.instance.url + path, timeout=TIMEOUT_S).status_code == 200, path


def test_the_archive_brings_what_telemetry_needs_where_it_is_wanted(api: Unpacked) -> None:
    refused = httpx.get(f"{api.instance.url}/connections", timeout=TIMEOUT_S)
    assert refused.status_code == 401
    google = "from shared.adapters.telemetry.export import ExportedTelemetry; import google.auth"
    loading = [str(api.python), "-c", f"{google}.transport.requests"]
    subprocess.run(loading, cwd=api.directory, env=platform_environ(), check=True)


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


def test_no_archive_carries_what_no_function_needs() -> None:
    for function in FUNCTIONS:
        with zipfile.ZipFile(BytesIO(archive_of(function.name, None))) as archive:
            names = {*archive.namelist()}
        rooms = {name.split("/")[1] for name in names if "/" in name}
        shows = function.name in {"api", "mcp"}
        assert not rooms & {"client", "commands"}
        assert ("docs" in rooms) == shows
        assert ({*SOURCES} <= names) == ("infra/OPERATING.md" in names) == shows


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
        brought = locked_for(function.name)
        assert ("tinyllm==1.2.3 \\\n    --hash=" in brought) == function.own_code
        assert {*before[function.name].splitlines()} <= {*brought.splitlines()}
        assert brought.count("orjson==") == before[function.name].count("orjson==")
    (loads, *_), (other, *_) = (
        [one.name for one in FUNCTIONS if one.own_code is own] for own in (True, False)
    )
    for name in (loads, other):
        with zipfile.ZipFile(build(name, tmp_path)) as archive:
            assert archive.read("requirements.txt").decode() == locked_for(name)


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


def test_an_archive_holds_main_shared_and_requirements_and_nothing_else() -> None:
    names = zipfile.ZipFile(BytesIO(archive_of("send", None))).namelist()
    assert {"main.py", "requirements.txt"} <= {*names}
    assert {name.partition("/")[0] for name in names} == {"main.py", "requirements.txt", "shared"}
