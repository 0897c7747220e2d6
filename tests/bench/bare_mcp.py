"""The bare SDK with as many tools as Postroom has, each of which answers a constant.

`python -m uvicorn bare_mcp:app` for its calls; the function `bare` for its cold start.
"""

import asyncio
from typing import Any

import functions_framework.aio
from mcp.server.lowlevel import Server
from mcp_types import CallToolResult, ListToolsResult, TextContent, Tool
from starlette.applications import Starlette
from starlette.requests import Request

SCHEMA = {"type": "object", "properties": {"id": {"type": "string"}}}
TOOLS = [
    Tool(name=f"tool-{number}", description="x" * 60, input_schema=SCHEMA, output_schema=SCHEMA)
    for number in range(30)
]


async def listed(_: Any, __: Any) -> ListToolsResult:
    """Return the tools."""
    return ListToolsResult(tools=TOOLS)


async def called(_: Any, __: Any) -> CallToolResult:
    """Return a constant."""
    return CallToolResult(content=[TextContent(text="{}")], structured_content={"id": "1"})


server = Server("bare", on_list_tools=listed, on_call_tool=called)
app = server.streamable_http_app(json_response=True, stateless_http=True, host="0.0.0.0")
_ready = asyncio.Event()
_running: list[asyncio.Task[None]] = []


async def _run() -> None:
    async with server.session_manager.run():
        _ready.set()
        await asyncio.Event().wait()


@functions_framework.aio.http  # type: ignore[arg-type]  # any ASGI app will do (FACTS 16.1)
async def bare(_request: Request) -> Starlette:
    """Return the app once its manager runs: nobody runs a lifespan here (FACTS 11.4)."""
    if not _running:
        _running.append(asyncio.create_task(_run()))
    await _ready.wait()
    return app
