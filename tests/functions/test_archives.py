"""Each function's archive, unpacked alone, starts under the platform's own console script."""

import compileall
import os
import socket
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from select import select

import httpx
import pytest

from infra.archives import build
from shared.edge.functions import FUNCTIONS, Function, Trigger

ENVIRON = {
    "POSTROOM_PUBLIC_URL": "http://127.0.0.1:8080",
    "POSTROOM_TASKS_SERVICE_ACCOUNT": "tasks@demo.iam.gserviceaccount.com",
    "POSTROOM_PUSH_SERVICE_ACCOUNT": "gmail-push@demo.iam.gserviceaccount.com",
    "POSTROOM_SCHEDULER_SERVICE_ACCOUNT": "scheduler@demo.iam.gserviceaccount.com",
    "POSTROOM_GMAIL_TOPIC": "projects/demo/topics/gmail",
    "POSTROOM_OAUTH_CLIENT_ID": "postroom-local.apps.googleusercontent.com",
    "POSTROOM_OAUTH_CLIENT_SECRET": "postroom-local-secret",
    "POSTROOM_GOOGLE_URL": "http://127.0.0.1:9",
}
SCRIPT = Path(sysconfig.get_path("scripts")) / "functions-framework"
PATIENCE_S = 30
ATTEMPTS = 150


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda one: one.name)
def test_the_archive_starts_alone_and_answers_its_health_path(
    function: Function, tmp_path: Path
) -> None:
    unpacked = unpack(function.name, tmp_path)
    with running(function.name, unpacked, tmp_path) as url:
        health = answered(f"{url}/health")
        assert (health.status_code, health.json()["status"]) == (200, "ok")
        if function.trigger is not Trigger.PUBLIC:
            forged = httpx.post(url + function.prefixes[0], json={}, timeout=PATIENCE_S)
            assert forged.status_code == 401


def test_every_file_of_an_archive_compiles(tmp_path: Path) -> None:
    """The platform byte-compiles the whole archive; one bad file fails the build (FACTS 8.6)."""
    unpacked = unpack("api", tmp_path)
    assert compileall.compile_dir(str(unpacked), quiet=1)


def test_the_same_sources_make_the_same_archive(tmp_path: Path) -> None:
    first, second = build("api", tmp_path / "a"), build("api", tmp_path / "b")
    assert sha256(first.read_bytes()).digest() == sha256(second.read_bytes()).digest()


def test_an_archive_holds_main_shared_and_requirements_and_nothing_else(tmp_path: Path) -> None:
    names = zipfile.ZipFile(build("send", tmp_path)).namelist()
    assert {"main.py", "requirements.txt"} <= {*names}
    assert {name.partition("/")[0] for name in names} == {"main.py", "requirements.txt", "shared"}


def unpack(name: str, tmp_path: Path) -> Path:
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(build(name, tmp_path)) as archive:
        archive.extractall(unpacked)
    return unpacked


@contextmanager
def running(name: str, directory: Path, state: Path) -> Iterator[str]:
    """Run the real console script in the unpacked archive, as the platform does."""
    port = free_port()
    command = [str(SCRIPT), "--target", name, "--host", "127.0.0.1", "--port", str(port)]
    environ = {**platform_environ(), **local_files(state)}
    with (state / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=directory, env=environ, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        print((state / "output.txt").read_text())


def platform_environ() -> Mapping[str, str]:
    """Leave out what would put the repository on the path."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return {**own, **ENVIRON, "PYTHONDONTWRITEBYTECODE": "1"}


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
