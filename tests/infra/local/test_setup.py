"""The set-up's progress, read from what pip says."""

import sys
from pathlib import Path

from infra.local.setup import ROOT, Progress, count_locked, list_installed, prepare

LINES = """\
Collecting aiohttp==3.14.5 (from -r requirements.txt (line 4))
  Downloading aiohttp-3.14.5-cp311-cp311-manylinux_2_17_x86_64.whl (1.7 MB)
Ignoring colorama: markers 'sys_platform == "win32"' don't match your environment
Requirement already satisfied: idna==3.11 in ./.venv/lib (from -r requirements.txt (line 9))
Collecting Google_Auth==2.62.2 (from -r requirements.txt (line 11))
"""


def heard(*lines: str, total: int = 4) -> Progress:
    progress = Progress(total)
    for line in lines:
        progress.hear(line)
    return progress


def test_fetching_is_the_first_half() -> None:
    progress = heard(*LINES.splitlines())
    assert progress.share(()) == (0.5, "fetched 3 of 3")


def test_packages_for_other_machines_are_not_waited_for() -> None:
    assert heard("Ignoring colorama: markers do not match").total == 3


def test_installing_counts_what_is_really_there() -> None:
    line = "Installing collected packages: aiohttp, Google_Auth, idna, yarl"
    progress = heard(*LINES.splitlines(), line)
    assert progress.share({"google-auth", "pip"}) == (0.625, "installed 1 of 4")


def test_the_end_of_what_pip_said_is_kept_for_the_failure_message() -> None:
    progress = heard(*(f"line {n}" for n in range(100)), "ERROR: no space left")
    assert progress.tail[-1] == "ERROR: no space left"
    assert len(progress.tail) < 30


def test_every_pinned_package_of_the_lock_is_counted() -> None:
    assert count_locked("aiohttp==3.14.5 \\\n    --hash=sha256:00\nidna==3.11 \\\n") == 2
    assert count_locked((ROOT / "requirements.txt").read_text()) > 40


def test_distributions_are_found_by_their_plain_names(tmp_path: Path) -> None:
    site = tmp_path / "lib" / "python3.12" / "site-packages"
    (site / "google_auth-2.62.2.dist-info").mkdir(parents=True)
    (site / "typing_extensions-4.15.0.dist-info").mkdir()
    assert list_installed(tmp_path) == {"google-auth", "typing-extensions"}


def test_an_unchanged_lock_installs_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("# nothing to install\n")
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    prepare(tmp_path / "venv", lock)
    stamp = next((tmp_path / "venv").glob("*.stamp"))
    before = stamp.stat().st_mtime_ns
    prepare(tmp_path / "venv", lock)
    assert stamp.stat().st_mtime_ns == before
