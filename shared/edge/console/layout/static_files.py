"""The console's own files: style, script, libraries."""

from starlette.responses import Response

from shared.edge.connect.ui import StaticQuery, file_answer
from shared.edge.web.call import Call
from shared.edge.web.routes import Access, Route
from shared.pages.console.render import ASSETS


async def show_static(call: Call) -> Response:
    """Return one file."""
    return file_answer(ASSETS, call.path("name"))


ROUTES = (
    Route(
        "GET",
        f"{ASSETS.path}/{{name}}",
        Access.PUBLIC,
        show_static,
        "A file of the console",
        query=StaticQuery,
        produces="text/css",
        documented=False,
    ),
)
