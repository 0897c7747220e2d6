"""What a function loads before its first answer, and what it leaves to who needs it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.archives import ROOT
from infra.local.environment import Addresses, environment
from shared.adapters.keys.local import create_keyring

COMPOSE = """
import json, os, sys
from importlib import import_module
from shared.edge.composition.container import container_for
from shared.edge.settings.deployment import settings_from
from shared.edge.table import ROUTES_OF
from shared.edge.web.app import build_app

function, module, use_case = sys.argv[1:]
container = container_for(settings_from(os.environ))
build_app(function, ROUTES_OF[function](), container)
container.use(getattr(import_module(module), use_case))
print(json.dumps(sorted(sys.modules)))
"""
BUILT = """
import json
from shared.edge.table import whole_table

models = {one for row in whole_table() for one in (row.body, row.query) if one is not None}
ours = {one for one in models if one.model_config.get("defer_build")}
print(json.dumps([len(ours), sorted(one.__name__ for one in ours if one.__pydantic_complete__)]))
"""
KEYS = ("shared.domain.keys.policy", "shared.edge.web.callers.api_key_cache")
SENDS = ("shared.usecases.send", "shared.domain.send.request")
MAIL = ("shared.usecases.sync.sync_mailbox", "shared.domain.mail.reading")


def printed(directory: Path, program: str, *arguments: str) -> Any:
    """Run a program as a function is run, and return the JSON it prints."""
    create_keyring(directory / "keyring.json")
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment(Addresses(), directory)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("function", "use_case", "left"),
    [
        ("gmail_push", "shared.usecases.sync.handle_push NotifyPush", (*KEYS, *SENDS)),
        ("sync_mailbox", "shared.usecases.sync.sync_mailbox SyncMailbox", (*KEYS, *SENDS)),
        (
            "deliver_event",
            "shared.usecases.events.deliver_event DeliverEvent",
            (*KEYS, *SENDS, *MAIL),
        ),
    ],
    ids=["gmail_push", "sync_mailbox", "deliver_event"],
)
def test_a_function_that_google_calls_loads_only_its_own_work(
    tmp_path: Path, function: str, use_case: str, left: tuple[str, ...]
) -> None:
    loaded = printed(tmp_path, COMPOSE, function, *use_case.split())
    assert {*left} & {*loaded} == set()


def test_models_of_requests_are_built_at_their_first_use(tmp_path: Path) -> None:
    count, built = printed(tmp_path, BUILT)
    assert (count > 40, built) == (True, [])
