"""An agent on one of the npm clients of MCP, as a process (`agent.mjs`)."""

import asyncio
import json
import shutil
from collections.abc import Mapping
from typing import Any, Final

from tests.interop.packages import HERE, installed

TIMEOUT_S: Final = 60
GENERATIONS: Final = [
    (1, None, None),
    (2, "legacy", "2025-11-25"),
    (2, "auto", "2026-07-28"),
    (2, {"pin": "2026-07-28"}, "2026-07-28"),
]
"""The client's generation, how the second one chooses its era, and the era that comes of it."""


async def node_agent(
    url: str, headers: Mapping[str, str], generation: int, mode: Any, *calls: tuple[str, Any]
) -> Any:
    """Run the program against a server; return what it saw."""
    installed()
    node = shutil.which("node")
    assert node is not None
    asked = {
        "generation": generation,
        "mode": mode,
        "url": url,
        "headers": dict(headers),
        "calls": [{"name": name, "arguments": given} for name, given in calls],
    }
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        node, "agent.mjs", json.dumps(asked), cwd=HERE, stdout=pipe, stderr=pipe
    )
    async with asyncio.timeout(TIMEOUT_S):
        out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return json.loads(out)
