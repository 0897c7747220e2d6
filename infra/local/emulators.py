"""Google's official emulators of Firestore and Pub/Sub, as gcloud brings them.

`python -m infra.local.emulators firestore HOST:PORT` runs one until it is told to end.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Timer
from typing import IO, Final

START_LIMIT_S: Final = 60
STOP_LIMIT_S: Final = 10
PROJECT: Final = "demo"
READY: Final[Mapping[str, str]] = {"firestore": "is now running", "pubsub": "Server started"}
"""What each prints once it answers."""
HOST_VARIABLE: Final[Mapping[str, str]] = {
    "firestore": "FIRESTORE_EMULATOR_HOST",
    "pubsub": "PUBSUB_EMULATOR_HOST",
}
"""What Google's libraries read to find it."""
JAVA: Final = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
"""Both live for minutes: the optimizing compiler takes more time than it saves them."""

COMPONENTS: Final[Mapping[str, str]] = {
    "firestore": "cloud-firestore-emulator",
    "pubsub": "pubsub-emulator",
}
"""What gcloud calls it among its components."""


class EmulatorError(Exception):
    """It did not start; the message is what it printed."""


def missing_programs() -> list[str]:
    """Return what the emulators need and this machine has not."""
    return [program for program in ("gcloud", "java") if shutil.which(program) is None]


@contextmanager
def emulator(name: str, host: str, heard: Callable[[str], object] = len) -> Iterator[None]:
    """Run one for the block's length; `heard` is given each line it prints.

    Raises EmulatorError where it is not up within a minute.
    """
    command = ("gcloud", "beta", "emulators", name, "start", f"--host-port={host}")
    # gcloud leaves its Java child behind (FACTS 13.1): both go as one process group.
    process = subprocess.Popen(  # noqa: S603  its words are ours
        (*command, f"--project={PROJECT}"),
        env={"JAVA_TOOL_OPTIONS": JAVA, **os.environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    limit = Timer(START_LIMIT_S, _signal_group, (process.pid, signal.SIGKILL))
    try:
        limit.start()
        assert process.stdout is not None
        _read_until_ready(process.stdout, READY[name], heard)
        limit.cancel()
        drain = Timer(0, _read_on, (process.stdout, heard))
        drain.daemon = True
        drain.start()
        yield
    finally:
        limit.cancel()
        _stop(process)


def _read_until_ready(output: IO[str], ready: str, heard: Callable[[str], object]) -> None:
    said = []
    for line in output:
        heard(line)
        said.append(line)
        if ready in line:
            return
    raise EmulatorError("The emulator did not start:\n" + "".join(said))


def _read_on(output: IO[str], heard: Callable[[str], object]) -> None:
    for line in output:
        heard(line)


def _stop(process: "subprocess.Popen[str]") -> None:
    _signal_group(process.pid, signal.SIGTERM)
    try:
        process.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        pass
    finally:
        _signal_group(process.pid, signal.SIGKILL)
        process.wait(STOP_LIMIT_S)


def _signal_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


def main(name: str, host: str) -> int:
    """Run one until SIGTERM; return the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with emulator(name, host, sys.stdout.write):
            signal.pause()
    except EmulatorError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
