"""Telemetry that nobody takes costs a cold start nothing: its packages are not even imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.archives import ROOT
from infra.local.environment import Addresses, environment
from shared.adapters.keys.local import create_keyring

SERVE = """
import asyncio, sys
from infra.local.functions import load

name, path = sys.argv[1:]
said = []

async def receive():
    return {"type": "http.request", "body": b"{}", "more_body": False}

async def send(message):
    said.append(message)

scope = {
    "type": "http", "http_version": "1.1", "method": "POST", "path": path, "raw_path": b"",
    "query_string": b"", "headers": [], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1),
    "scheme": "http", "root_path": "", "asgi": {"version": "3.0"},
}
asyncio.run(load(name)(scope, receive, send))
loaded = {one.partition(".")[0] for one in sys.modules}
print(said[0]["status"], *sorted(loaded & {"opentelemetry", "prometheus_client"}))
"""


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("gmail_push", "/push/gmail"),
        ("sync_mailbox", "/tasks/sync"),
        ("send", "/send"),
        ("run_actions", "/tasks/send"),
    ],
)
def test_a_first_request_loads_nothing_of_it(tmp_path: Path, name: str, path: str):
    create_keyring(tmp_path / "keyring.json")
    done = subprocess.run(
        [sys.executable, "-c", SERVE, name, path],
        cwd=ROOT,
        env={**os.environ, **environment(Addresses(), tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-1:] == ["401"], done.stderr
