"""Clean environments in which archives are started: exactly what a lock pins, and nothing else.

Each begins as a copy of one with all of requirements.txt, every file a link to it: what a
function's lock keeps of that is installed and compiled once for all functions.
"""

import os
import shutil
import subprocess
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest

from infra.archives import ROOT
from tests.harness.once import made_once

DEPLOYED = "3.13"
UV = Path(sys.executable).with_name("uv")
LOCK = ROOT / "requirements.txt"
ENVIRONMENTS = ROOT / "build" / "environments"


@cache
def clean_environment(python: str, requirements: str) -> Path:
    """Return an environment of exactly these requirements, their hashes checked; skip loudly.

    One is made for each interpreter and lock, and kept: neither changes what was installed.
    """
    interpreter = interpreter_of(python)
    if interpreter is None and python == DEPLOYED:
        interpreter = sys.executable
    if interpreter is None:
        pytest.skip(f"Python {python} is not on this machine: no archive was tried on it")
    whole = _kept(interpreter, LOCK.read_text(), None)
    return _kept(interpreter, requirements, whole)


@cache
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


def _kept(interpreter: str, requirements: str, beginning: Path | None) -> Path:
    """Return the environment of an interpreter and a lock, made where there is none yet."""
    name = sha256(f"{interpreter}\n{requirements}".encode()).hexdigest()[:12]
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)

    def make(environment: Path) -> None:
        shutil.rmtree(environment, ignore_errors=True)
        if beginning is None:
            # Its scripts find their own Python: copies of them belong to their copy.
            creating = [str(UV), "venv", "-q", "--relocatable", "--python", interpreter]
            subprocess.run([*creating, environment], check=True)
        else:
            shutil.copytree(beginning, environment, symlinks=True, copy_function=os.link)
        _install_exactly(environment, requirements)

    return made_once(ENVIRONMENTS / name, make)


def _install_exactly(environment: Path, requirements: str) -> None:
    """Install what is missing of a lock and remove what is too much."""
    lock = environment / "requirements.txt"
    lock.unlink(missing_ok=True)  # a copy's is a link to the one it was copied from
    lock.write_text(requirements)
    installing = [str(UV), "pip", "sync", "-q", "--python", str(environment), str(lock)]
    installing += ["--require-hashes", "--compile-bytecode"]
    done = subprocess.run(installing, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"the requirements could not be installed: {done.stderr[-300:]}")
    subprocess.run([UV, "pip", "check", "-q", "--python", environment], check=True)
