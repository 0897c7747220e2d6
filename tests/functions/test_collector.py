"""The garbage collector rests while an instance of the platform starts, and works afterwards."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.archives import ROOT
from infra.local.environment import Addresses, environment
from shared.adapters.keys.local import create_keyring

SERVE = """
import asyncio, gc
from infra.local.functions import load

app, states = load("gmail_push"), [gc.isenabled()]

async def receive():
    return {"type": "http.request", "body": b"{}", "more_body": False}

async def send(message):
    states.append(gc.isenabled())

scope = {
    "type": "http", "http_version": "1.1", "method": "POST", "path": "/push/gmail",
    "raw_path": b"", "query_string": b"", "headers": [], "client": ("127.0.0.1", 1),
    "server": ("127.0.0.1", 1), "scheme": "http", "root_path": "", "asgi": {"version": "3.0"},
}
asyncio.run(app(scope, receive, send))
print(states[0], states[-1], gc.get_freeze_count() > 0)
"""


@pytest.mark.parametrize(
    ("platform", "states"),
    [({"K_SERVICE": "gmail-push"}, "False True True"), ({}, "True True False")],
    ids=["deployed", "anywhere else"],
)
def test_it_rests_until_the_first_answer_of_an_instance(
    tmp_path: Path, platform: dict[str, str], states: str
) -> None:
    create_keyring(tmp_path / "keyring.json")
    done = subprocess.run(
        [sys.executable, "-c", SERVE],
        cwd=ROOT,
        env={**os.environ, **environment(Addresses(), tmp_path), **platform},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-1:] == [states], done.stderr
