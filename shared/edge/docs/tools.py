"""The two tools over the documentation: search-docs, and read-doc, which reads in pieces."""

from typing import Any, Final

import orjson
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from shared.domain.validation import validate
from shared.edge.docs.site import Site
from shared.edge.mcp.once import answer_once
from shared.edge.mcp.schemas import plain_schema, without_empty
from shared.edge.web.call import Call
from shared.errors import InvalidRequestError, NotFoundError
from shared.pages.docs.contents import PAGES
from shared.pages.docs.markdown import sections_of
from shared.pages.docs.search import excerpt, find

SEARCH: Final = "search-docs"
READ: Final = "read-doc"
MOST_BYTES: Final = 65_536
PIECE: Final = 24_000
"""Characters of a page in one answer."""
FOUND: Final = 8
A_DAY: Final = CacheHint(ttl_ms=86_400_000, scope="public")
INSTRUCTIONS: Final = f"""The documentation of Postroom, which puts Gmail into a SaaS product: \
HTTP API, guides, operating, design. {SEARCH} finds sections by words; {READ} reads a page, or a \
section of it, as Markdown. A link in a page names another one. Each operation of the \
reference has a request that works, and its answer."""


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SearchInput(_Input):
    """Words that must all be there."""

    query: str = Field(min_length=1, max_length=200, description="Words, a path or an error code.")
    limit: int = Field(FOUND, ge=1, le=30)


class ReadInput(_Input):
    """A page, or a section of one."""

    name: str = Field(
        min_length=1,
        max_length=200,
        description=f"As {SEARCH} names it: `records`, or `records#the-loop` for a section.",
    )
    start: int = Field(0, ge=0, description="`next_start` of the answer before.")


TOOLS: Final = [
    Tool(
        name=name,
        title=title,
        description=description,
        input_schema=plain_schema(model.model_json_schema(), {}),
        annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )
    for name, title, description, model in (
        (SEARCH, "Search the documentation", "Find sections of Postroom's pages.", SearchInput),
        (READ, "Read a page", "Read a page of Postroom's documentation as Markdown.", ReadInput),
    )
]


async def exchange(call: Call, site: Site) -> Response:
    """Return the request's message. Raises TooLargeError."""
    return await answer_once(call, server_of(site), MOST_BYTES)


def server_of(site: Site) -> "Server[dict[str, object]]":
    """Return a server over these pages; it holds nothing of who asks."""

    async def list_tools(
        _: ServerRequestContext[dict[str, object]], __: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(tools=TOOLS)

    async def call_tool(
        _: ServerRequestContext[dict[str, object]], asked: CallToolRequestParams
    ) -> CallToolResult:
        try:
            output = run(site, asked.name, asked.arguments or {})
        except (InvalidRequestError, NotFoundError) as wrong:
            return CallToolResult(content=[TextContent(text=str(wrong))], is_error=True)
        text = TextContent(text=output.pop("text", None) or orjson.dumps(output).decode())
        return CallToolResult(content=[text], structured_content=output)

    return Server(
        "postroom-docs",
        version="1",
        title="Postroom's documentation",
        instructions=INSTRUCTIONS,
        cache_hints={"tools/list": A_DAY},
        get_tool_input_schema=lambda _: None,  # none of our arguments travels in a header
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def run(site: Site, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return a tool's output; `text` is what a model reads instead of it.

    Raises InvalidRequestError, NotFoundError for an unknown tool, page or section.
    """
    if name == SEARCH:
        return _search(site, validate(SearchInput, without_empty(arguments)))
    if name == READ:
        return _read(site, validate(ReadInput, without_empty(arguments)))
    raise NotFoundError(f"There are {SEARCH} and {READ}.")


def _search(site: Site, asked: SearchInput) -> dict[str, Any]:
    found = find(site.sections, asked.query, asked.limit)
    rows = [
        {
            "name": f"{one.page.name}#{one.anchor}" if one.anchor else one.page.name,
            "page": one.page.title,
            "heading": one.heading,
            "excerpt": excerpt(one, asked.query),
        }
        for one in found
    ]
    return {"found": rows}


def _read(site: Site, asked: ReadInput) -> dict[str, Any]:
    name, _, anchor = asked.name.partition("#")
    if name not in PAGES:
        raise NotFoundError(f"No such page. {SEARCH} names them; so does /docs/llms.txt.")
    page = PAGES[name]
    text = site.markdown(page)
    if anchor:
        parts = [one for one in sections_of(page, text) if one.anchor == anchor]
        if not parts:
            raise NotFoundError(f"The page {name} has no such section. Read it without one.")
        text = f"## {parts[0].heading}\n\n{parts[0].text}\n"
    end = asked.start + PIECE
    return {
        "name": asked.name,
        "title": page.title,
        "text": text[asked.start : end],
        "next_start": end if end < len(text) else None,
    }
