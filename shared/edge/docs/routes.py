"""GET / and /docs: the documentation as pages, as Markdown, as a list for language models.

Nothing of it is made, and no library for it loaded, before the first page is asked for.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)

from shared.edge.connect.page import security_headers
from shared.edge.connect.ui import StaticQuery, file_answer
from shared.edge.web.call import Call
from shared.edge.web.deployment import Deployment
from shared.edge.web.routes import Access, Function, Route
from shared.errors import NotFoundError

if TYPE_CHECKING:
    from shared.edge.docs.site import Site
    from shared.pages.docs.contents import Page

KEPT: Final = {"Cache-Control": "public, max-age=300"}
"""A page changes with the deployment's version only."""
CONNECTING: Final = "apiURL"
"""What the connect page is told in its address, and no page of the documentation."""
MARKDOWN: Final = ".md"
Table = Callable[[], Sequence[Route]]


@cache
def site_of(table: Table, public_url: str) -> "Site":
    """Return the one documentation of this process."""
    from shared.edge.docs.site import Site  # noqa: PLC0415  see above

    return Site(table, public_url)


def named_page(name: str) -> "Page":
    """Return a page. Raises NotFoundError."""
    from shared.pages.docs.contents import PAGES  # noqa: PLC0415  see above

    if name not in PAGES:
        raise NotFoundError("No such page. GET /docs/llms.txt lists them all.")
    return PAGES[name]


def pages_of(table: Table) -> tuple[Route, ...]:
    """Return the routes of the documentation of `table`, which holds these routes too."""

    def site(call: Call) -> "Site":
        return site_of(table, call.use(Deployment).public_url)

    async def show_home(call: Call) -> Response:
        """Return the first page, or the connect page to what was given its origin alone.

        Frontends of Nango's before 0.69 take messages from an origin without a path only, and open
        the connect page there.
        """
        if CONNECTING in call.request.query_params:
            query = call.request.url.query
            return RedirectResponse(f"/connect-ui?{query}", headers=security_headers())
        return _html(site(call).html(named_page("index")))

    async def show_page(call: Call) -> Response:
        """Return a page as HTML, or as Markdown where its name ends so."""
        name = call.path("name")
        page = named_page(name.removesuffix(MARKDOWN))
        if name.endswith(MARKDOWN):
            text = site(call).markdown(page)
            return _with_cache_headers(PlainTextResponse(text, media_type="text/markdown"))
        return _html(site(call).html(page))

    async def list_pages(call: Call) -> Response:
        """Return every page's address and what is on it."""
        root = call.use(Deployment).public_url
        return _with_cache_headers(
            PlainTextResponse(site(call).llms_txt(f"{root}/docs/{{}}.md".format))
        )

    async def show_index(call: Call) -> Response:
        """Return what the search of the pages reads."""
        from shared.pages.docs.render import SERVED  # noqa: PLC0415  see above

        return _with_cache_headers(JSONResponse(site(call).index(SERVED)))

    return (
        _public("/", show_home, "The documentation"),
        _public("/docs", show_home, "The documentation"),
        _public("/llms.txt", list_pages, "The documentation's pages", "text/plain"),
        _public("/docs/llms.txt", list_pages, "The documentation's pages", "text/plain"),
        _public("/docs/search.json", show_index, "What its search reads", "application/json"),
        _public("/docs/{name}", show_page, "A page of the documentation"),
        Route(
            "GET",
            "/docs/static/{name}",
            Access.PUBLIC,
            show_static,
            "A file of the documentation",
            query=StaticQuery,
            produces="text/css",
            documented=False,
        ),
    )


async def show_static(call: Call) -> Response:
    """Return one file."""
    from shared.pages.docs.render import ASSETS  # noqa: PLC0415  see above

    return file_answer(ASSETS, call.path("name"))


def _public(path: str, function: Function, summary: str, produces: str = "text/html") -> Route:
    """Return a route that takes any query: links to documentation carry marks of their own."""
    return Route(
        "GET",
        path,
        Access.PUBLIC,
        function,
        summary,
        raw_query=True,
        produces=produces,
        documented=False,
    )


def _html(text: str) -> Response:
    return _with_cache_headers(HTMLResponse(text, headers=security_headers()))


def _with_cache_headers(response: Response) -> Response:
    response.headers.update({**KEPT, "X-Content-Type-Options": "nosniff"})
    return response
