"""A demo in processes of its own, started, read and stopped as a person does it."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.functions import ROOT

MESSAGES = 60
TIMEOUT_S = 60


@dataclass
class Demo:
    """A running demo and what it has printed."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    printed: threading.Condition = field(default_factory=threading.Condition)

    def listen(self) -> None:
        """Keep what it prints, until it ends."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self.printed:
                self.lines.append(line)
                self.printed.notify_all()
        with self.printed:
            self.printed.notify_all()

    @property
    def text(self) -> str:
        """What it has printed."""
        return "".join(self.lines)

    def read_until(self, words: str) -> str:
        """Wait for these words; return all that was printed."""
        with self.printed:
            seen = self.printed.wait_for(lambda: words in self.text, TIMEOUT_S)
        assert seen, self.text
        return self.text

    def stop(self) -> int:
        """Press Ctrl-C; return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(TIMEOUT_S)


@contextmanager
def demo(ports: list[int], state: Path, *more: str, root: Path = ROOT) -> Iterator[Demo]:
    """Run one of the project in `root`; `more` are further options."""
    options = ["--port", str(ports[0]), "--google-port", str(ports[1])]
    options += ["--product-port", str(ports[2]), "--state", str(state), *more]
    with subprocess.Popen(
        [sys.executable, "-m", "infra.local", "demo", *options, "--messages", str(MESSAGES)],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        running = Demo(process)
        threading.Thread(target=running.listen, daemon=True).start()
        try:
            yield running
        finally:
            if process.poll() is None:
                running.stop()


def connection_in(text: str) -> str:
    """Return the connection id that a demo prints."""
    found = re.search(r"Connection id\s+(\S+)", text)
    assert found, text
    return found[1]


def commanded(*arguments: str) -> str:
    """Return what a make command prints; the environment is there already."""
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    told = subprocess.run(
        ["make", "-o", "runtime", *arguments],
        cwd=ROOT, env=clean, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout
