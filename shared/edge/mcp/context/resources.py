"""Messages and conversations as resources: `mail://thread/ID`, `mail://message/ID`.

A resource is read by the tool that reads the same, under the same key and policy, and its text
stands between the same marks.
"""

import re
from typing import Any, Final

from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    ListResourceTemplatesResult,
    ReadResourceResult,
    ResourceTemplate,
    TextContent,
    TextResourceContents,
)

from shared.domain.connect.connection import Connection
from shared.edge.mcp.calls import run_tool
from shared.edge.web.call import Call

ADDRESS: Final = re.compile(r"mail://(thread|message)/([0-9A-Za-z_-]{1,64})")
UNKNOWN: Final = "No such resource: mail://thread/ID and mail://message/ID are read here."
TEXT: Final = "text/plain"
TEMPLATES: Final = ListResourceTemplatesResult(
    resource_templates=[
        ResourceTemplate(
            name="thread",
            title="Conversation",
            uri_template="mail://thread/{id}",
            description="One conversation in order, without quoted history.",
            mime_type=TEXT,
        ),
        ResourceTemplate(
            name="message",
            title="Message",
            uri_template="mail://message/{id}",
            description="One message as its sender wrote it.",
            mime_type=TEXT,
        ),
    ]
)


async def read_resource(call: Call, connection: Connection, uri: str) -> ReadResourceResult:
    """Return a resource's text between its marks.

    Raises MCPError, code -32602, for an address of nothing and for what the tool refuses.
    """
    result = await run_tool(call, connection, _tool_call(uri))
    (block,) = result.content
    text = block.text if isinstance(block, TextContent) else ""
    if result.is_error:
        raise MCPError(INVALID_PARAMS, text)
    shown = TextResourceContents(uri=uri, mime_type=TEXT, text=text)
    return ReadResourceResult(contents=[shown])


def _tool_call(uri: str) -> CallToolRequestParams:
    found = ADDRESS.fullmatch(uri)
    if found is None:
        raise MCPError(INVALID_PARAMS, UNKNOWN)
    given: dict[str, Any] = {"id": found[2]} if found[1] == "thread" else {"ids": [found[2]]}
    name = "read-thread" if found[1] == "thread" else "read-messages"
    return CallToolRequestParams(name=name, arguments=given)
