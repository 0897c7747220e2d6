"""A directory that counts as one more of `shared/actions/custom`, and modules to put there."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest

from shared.actions import loading
from shared.domain.crash import CUSTOM

HEAD = """\
from pydantic import BaseModel
from shared.actions.registry import Action, ActionContext, ActionInput, Effect
from shared.domain.connect.scopes import LABELS

class Given(ActionInput):
    text: str = ""

class Made(BaseModel):
    text: str = ""

async def run(context: ActionContext, asked: Given) -> Made:
    return Made(text="done")

"""
FIRST = HEAD.count("\n") + 1
"""The line at which what is appended begins."""
SOUND = HEAD + 'ACTION = Action("own-sound", "Sound.", Given, Made, run, (LABELS,))\n'


@contextmanager
def own_modules(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Serve the modules of `folder` beside those of `custom/`, and none of them afterwards."""
    package = import_module(CUSTOM)
    patch.setattr(package, "__path__", [*package.__path__, str(folder)])
    _forget(package.__name__)
    yield folder
    _forget(package.__name__)


def put(folder: Path, **sources: str) -> None:
    """Write modules, and have a process that started before look again."""
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source)
    loading.catalogue.cache_clear()


def _forget(package: str) -> None:
    loading.catalogue.cache_clear()
    for name in [one for one in sys.modules if one.startswith(f"{package}.")]:
        del sys.modules[name]
