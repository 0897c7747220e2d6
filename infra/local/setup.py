"""Prepare `.venv` from a lock file, with a progress bar: `python infra/local/setup.py LOCK`.

Runs on a bare Python 3.11 or newer, before anything is installed, so it uses only the standard
library and no other module of the project. A stamp in `.venv` holds the lock's hash: as long as
the lock stays the same, running this again costs a few milliseconds.
"""

import hashlib
import re
import subprocess
import sys
import threading
import venv
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OLDEST = (3, 11)
OWN_CODE = "requirements-custom.txt"
"""The lock of what a deployment's own actions and syncs import, where there is one."""
BAR = 28
TICK_S = 0.2
TAIL = 25


@dataclass
class Progress:
    """What pip has said so far: fetching is the first half of the bar, installing the second.

    `total` starts as the lock's package count and shrinks by those this machine does not need.
    """

    total: int
    fetched: int = 0
    installing: frozenset[str] = frozenset()
    tail: list[str] = field(default_factory=list)

    def hear(self, line: str) -> None:
        """Take in one line of pip's output."""
        self.tail = [*self.tail[-TAIL:], line.rstrip()]
        word = line.strip()
        if word.startswith(("Collecting ", "Requirement already satisfied: ")):
            self.fetched += 1
        elif word.startswith("Ignoring "):
            self.total -= 1
        elif word.startswith("Installing collected packages: "):
            names = word.partition(": ")[2].split(", ")
            self.installing = frozenset(plain_name(name) for name in names)

    def share(self, present: Iterable[str]) -> tuple[float, str]:
        """Return how much is done (0 to 1) and what is happening, given what is installed."""
        if not self.installing:
            done = min(self.fetched, self.total)
            return done / max(1, self.total) / 2, f"fetched {done} of {self.total}"
        done = len(self.installing & set(present))
        wanted = len(self.installing)
        return 0.5 + done / wanted / 2, f"installed {done} of {wanted}"


def plain_name(name: str) -> str:
    """Fold a distribution's name as PEP 503 does."""
    return re.sub(r"[-_.]+", "-", name).lower()


def count_locked(lock: str) -> int:
    """Count the packages pinned in a lock file's text."""
    return len(re.findall(r"^[A-Za-z0-9][^ \n]*==", lock, re.MULTILINE))


def list_installed(environment: Path) -> set[str]:
    """Return the names of the distributions present in a virtual environment."""
    found = environment.glob("lib/python*/site-packages/*.dist-info")
    return {plain_name(path.name.removesuffix(".dist-info").rpartition("-")[0]) for path in found}


def prepare(environment: Path, lock: Path) -> None:
    """Make the environment hold exactly what the lock pins. Raises SystemExit on failure."""
    python = environment / "bin" / "python"
    stamp = environment / f"{lock.stem}.stamp"
    version = _version(python)
    wanted = f"{hashlib.sha256(lock.read_bytes()).hexdigest()} {version}\n"
    if version and stamp.is_file() and stamp.read_text() == wanted:
        return
    if not version or _older(version):
        print(f"Creating {environment.name} with Python {sys.version.split()[0]}", flush=True)
        _create(environment)
    _install(environment, lock)
    digest = wanted.split(maxsplit=1)[0]
    stamp.write_text(f"{digest} {_version(python)}\n")


def _version(python: Path) -> str:
    if not python.exists():
        return ""
    asked = [str(python), "-c", "import sys, pip; print('%d.%d' % sys.version_info[:2])"]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
    return answer.stdout.strip()


def _older(version: str) -> bool:
    return tuple(int(part) for part in version.split(".")) < OLDEST


def _create(environment: Path) -> None:
    try:
        venv.create(environment, clear=True, with_pip=True, symlinks=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(
            f"No virtual environment could be made in {environment.name}: {error}\n"
            "On Debian and Ubuntu, install the package python3-venv and try again."
        )


def _install(environment: Path, lock: Path) -> None:
    command = [str(environment / "bin" / "python"), "-m", "pip", "install", "--require-hashes"]
    command += ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    progress = Progress(count_locked(lock.read_text()))
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [*command, "-r", str(lock)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        listener = threading.Thread(target=_listen, args=(pip, progress), daemon=True)
        listener.start()
        drawn = ""
        while listener.is_alive():
            listener.join(TICK_S)
            drawn = _draw(*progress.share(list_installed(environment)), drawn)
    if pip.returncode:
        tail = "\n".join(progress.tail)
        sys.exit(f"\n{tail}\n\nInstalling {lock.name} failed; nothing else was changed.")
    _draw(1.0, f"{progress.total} packages of {lock.name} in place", drawn)
    print(flush=True)


def _listen(pip: subprocess.Popen[str], progress: Progress) -> None:
    assert pip.stdout is not None
    for line in pip.stdout:
        progress.hear(line)


def _draw(share: float, text: str, drawn: str) -> str:
    """Draw the bar over itself on a terminal; elsewhere print a line for each new tenth."""
    filled = round(share * BAR)
    if sys.stdout.isatty():
        bar = "█" * filled + "░" * (BAR - filled)
        print(f"\r\033[K  {bar} {share:4.0%}  {text}", end="", flush=True)
        return text
    tenth = f"{int(share * 10)}"
    if tenth != drawn:
        print(f"  {share:4.0%}  {text}", flush=True)
    return tenth


def main() -> None:
    """Prepare the project's environment from the lock named on the command line."""
    if sys.version_info < OLDEST:
        sys.exit(f"Postroom needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    prepare(ROOT / ".venv", ROOT / sys.argv[1])
    if (ROOT / OWN_CODE).is_file():
        prepare(ROOT / ".venv", ROOT / OWN_CODE)


if __name__ == "__main__":
    main()
