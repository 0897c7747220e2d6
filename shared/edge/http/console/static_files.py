"""The console's own files: style, script, libraries."""

from starlette.responses import Response

from shared.edge.http.call import Call
from shared.edge.http.connect_ui import A_YEAR_S, StaticQuery
from shared.edge.http.routes import Access, Route
from shared.errors import NotFoundError
from shared.pages.console.render import STATIC_PATH, static_file


async def show_static(call: Call) -> Response:
    """Answer one file; its address changes with its content."""
    found = static_file(call.path("name"))
    if found is None:
        raise NotFoundError("No such file.")
    content, media_type = found
    headers = {
        "Cache-Control": f"public, max-age={A_YEAR_S}, immutable",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return Response(content, media_type=media_type, headers=headers)


ROUTES = (
    Route(
        "GET",
        f"{STATIC_PATH}/{{name}}",
        Access.PUBLIC,
        show_static,
        "A file of the console",
        query=StaticQuery,
        produces="text/css",
        documented=False,
    ),
)
