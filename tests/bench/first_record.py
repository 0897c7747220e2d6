"""How long a new user waits: from a clone to the first record, and to a first own action.

`python -m tests.bench.first_record` clones the project, runs `make demo` there as it is printed
(on ports of its own) and prints the moments. Packages come from wherever pip gets them.
"""

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.local.environment import API_KEY, INTEGRATION
from infra.local.functions import ROOT
from tests.actions.own_modules import SOUND
from tests.harness.ports import free_ports
from tests.infra.local.demos import connection_in

TIMEOUT_S = 900
LOOK_S = 0.1


@contextmanager
def demo_of(clone: Path, ports: list[int], log: Path) -> Iterator[None]:
    """Run `make demo` in the clone, all it prints into a file."""
    options = f"--port {ports[0]} --google-port {ports[1]} --product-port {ports[2]}"
    with log.open("w") as output:
        process = subprocess.Popen(
            ["make", "demo", f"ARGS={options}"], cwd=clone, stdout=output, stderr=output
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait()


def call(address: str, headers: Mapping[str, str], body: Any = None) -> Any:
    """Return JSON; None where nothing answers, or not yet as it should."""
    data = None if body is None else json.dumps(body).encode()
    given = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json", **headers}
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data, given)) as answer:
            return json.load(answer)
    except OSError:
        return None


def until(look: Callable[[], Any]) -> Any:
    """Return what `look` finds, once it finds something. Raises TimeoutError."""
    end = time.monotonic() + TIMEOUT_S
    while not (found := look()):
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(LOOK_S)
    return found


def measure(folder: Path) -> dict[str, float]:
    """Return the seconds since the clone began, by what was there then."""
    started, moments = time.monotonic(), dict[str, float]()

    def note(moment: str) -> None:
        moments[moment] = time.monotonic() - started

    clone, log, ports = folder / "postroom", folder / "demo.log", free_ports(3)
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    note("cloned")
    address = f"http://127.0.0.1:{ports[0]}"
    with demo_of(clone, ports, log):
        until(lambda: list((clone / ".venv").glob("*.stamp")))
        note("packages installed")
        text = until(lambda: log.read_text() if "Connection id" in log.read_text() else "")
        note("demo ready")
        tenant = {"Connection-Id": connection_in(text), "Provider-Config-Key": INTEGRATION}
        records = f"{address}/records?model=EmailMessage&limit=1"
        until(lambda: (call(records, tenant) or {}).get("records"))
        note("first record")
        written = time.monotonic()
        (clone / "shared" / "actions" / "custom" / "sound.py").write_text(SOUND)
        body = {"action_name": "own-sound", "input": {}}
        until(lambda: call(f"{address}/action/trigger", tenant, body))
        note("first own action")
        moments["of which from saving it"] = time.monotonic() - written
    return moments


def main() -> int:
    """Measure once and print."""
    with tempfile.TemporaryDirectory() as folder:
        for name, seconds in measure(Path(folder)).items():
            print(f"{name:<24}{seconds:7.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
