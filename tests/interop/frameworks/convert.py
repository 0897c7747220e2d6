"""Converts tools as each framework does for its models; runs in the frameworks' environment.

Reads tools as tools/list answers them, as JSON; prints one line of JSON: by framework and tool
what the model is given.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

from agents.mcp import MCPServerStreamableHttp, MCPUtil
from anthropic.lib.tools.mcp import async_mcp_tool
from google.adk.tools._gemini_schema_util import _to_gemini_schema
from google.adk.tools.mcp_tool.mcp_tool import McpTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_mcp_adapters.tools import convert_mcp_tool_to_langchain_tool
from mcp.types import Tool

UNUSED: Any = None
"""A session: no tool is called here."""


def openai(tool: Tool) -> Any:
    """Return it as OpenAI Agents gives it to a model in strict mode."""
    server = MCPServerStreamableHttp({"url": "http://127.0.0.1:9/mcp"})
    made = MCPUtil.to_function_tool(tool, server, convert_schemas_to_strict=True)
    return {"name": made.name, "schema": made.params_json_schema, "strict": made.strict_json_schema}


def langchain(tool: Tool) -> Any:
    """Return it as LangChain gives it to a model that takes OpenAI's format, strict."""
    made = convert_mcp_tool_to_langchain_tool(UNUSED, tool, connection={"transport": "stdio"})
    function = convert_to_openai_tool(made, strict=True)["function"]
    return {"name": function["name"], "schema": function["parameters"]}


def anthropic(tool: Tool) -> Any:
    """Return it as Anthropic's SDK sends it."""
    made = dict(async_mcp_tool(tool, UNUSED).to_dict())
    return {"name": made["name"], "schema": made["input_schema"]}


def gemini(tool: Tool) -> Any:
    """Return it as Google's ADK declares it to Gemini, in the subset that each Gemini takes."""
    declared = McpTool(mcp_tool=tool, mcp_session_manager=UNUSED)._get_declaration()
    schema = _to_gemini_schema(declared.parameters_json_schema)
    return {"name": declared.name, "schema": schema.model_dump(mode="json", exclude_none=True)}


CONVERTERS: dict[str, Callable[[Tool], Any]] = {
    "openai": openai,
    "langchain": langchain,
    "anthropic": anthropic,
    "gemini": gemini,
}


def main() -> None:
    """Convert every tool with every framework; what one refuses is named with its words."""
    tools = [Tool.model_validate(one) for one in json.load(sys.stdin)]
    found: dict[str, dict[str, Any]] = {}
    for framework, convert in CONVERTERS.items():
        found[framework] = {}
        for tool in tools:
            try:
                found[framework][tool.name] = convert(tool)
            except Exception as refused:  # noqa: BLE001  each refuses in its own way
                found[framework][tool.name] = {"refused": f"{type(refused).__name__}: {refused}"}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
