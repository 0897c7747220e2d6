"""One function in a process of its own: `python function.py NAME REQUEST` serves one request.

Prints the answer's status, and when the import, the composition, the first read of the store and
the answer had ended, in CPU seconds of this process. What stands in for the platform, a clock and
a queue, is taken off.
"""

# ruff: noqa: PLC0415  main.py is imported first, as on the platform

import asyncio
import json
import sys
import time
from datetime import timedelta
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

sys.modules["pygments"] = None  # type: ignore[assignment]  # httpx then loads no command line
NAME, REQUEST = sys.argv[1], json.loads(sys.argv[2])


def load() -> ModuleType:
    """Import main.py as the framework does."""
    spec = spec_from_file_location("main", Path("functions") / NAME / "main.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stand_in(container: Any) -> None:
    """Bind the system's time, and a queue that is a file."""
    from shared.adapters.sqlite.queue import SqliteQueue
    from shared.adapters.system_clock import AdjustableClock
    from shared.ports.clock import Clock
    from shared.ports.queue import Queue

    clock = AdjustableClock()
    clock.advance(timedelta(seconds=REQUEST["ahead_s"]))
    container.bind(Clock, clock)
    container.bind(Queue, SqliteQueue(Path(REQUEST["queue"]), clock))


def scope() -> dict[str, Any]:
    """Return the request as ASGI has it."""
    path, _, query = REQUEST["path"].partition("?")
    headers = [(key.lower().encode(), one.encode()) for key, one in REQUEST["headers"].items()]
    return {
        "type": "http",
        "http_version": "1.1",
        "method": REQUEST["method"],
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1),
        "scheme": "http",
        "root_path": "",
        "asgi": {"version": "3.0"},
    }


async def main(module: ModuleType, imported: float) -> None:
    """Compose, connect, and serve the request."""
    from shared.edge.composition.container import container_for
    from shared.ports.store import Store

    container, began = container_for(module.SETTINGS), time.process_time()
    stand_in(container)
    off = time.process_time() - began
    app = await module.compose()
    composed = time.process_time()
    await container.use(Store).troubles.get("board")
    connected, said = time.process_time(), []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": REQUEST["body"].encode(), "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    await app(scope(), receive, send)
    marks = [imported, composed - off, connected - off, time.process_time() - off]
    print(json.dumps({"status": said[0]["status"], "at": marks}))


asyncio.run(main(load(), time.process_time()))
