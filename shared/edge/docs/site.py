"""All pages of a deployment's documentation, each made when it is first asked for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from shared.edge.docs.reference import Reference
from shared.edge.web.openapi.document import document
from shared.edge.web.routes import Route
from shared.pages.docs.contents import CHAPTERS, HOME, PAGES, Page
from shared.pages.docs.markdown import Section, sections_of, source_of
from shared.pages.docs.render import SERVED, Places, page_html


class Site:
    """The documentation of the Postroom at `public_url`; `table` gives its routes."""

    def __init__(self, table: Callable[[], Sequence[Route]], public_url: str) -> None:
        self._table = table
        self._public_url = public_url
        self._markdown: dict[str, str] = {}
        self._html: dict[str, str] = {}

    def markdown(self, page: Page) -> str:
        """Return a page's Markdown, in which links lead to that of others."""
        if page.name not in self._markdown:
            made = source_of(page) if page.source else self._reference.page(page.name)
            self._markdown[page.name] = made
        return self._markdown[page.name]

    def html(self, page: Page) -> str:
        """Return a page as a deployment shows it."""
        if page.name not in self._html:
            self._html[page.name] = page_html(page, self.markdown(page), SERVED)
        return self._html[page.name]

    @cached_property
    def _reference(self) -> Reference:
        return Reference(self._table(), document(self._table, self._public_url))

    @cached_property
    def sections(self) -> Sequence[Section]:
        """Every section of every page, in order."""
        pages = PAGES.values()
        return [one for page in pages for one in sections_of(page, self.markdown(page))]

    def index(self, places: Places) -> list[Mapping[str, Any]]:
        """Return what the pages' search reads."""
        return [
            {
                "title": one.page.title,
                "heading": one.heading,
                "address": places.page(one.page.name, f"#{one.anchor}" if one.anchor else ""),
                "text": " ".join(one.text.split()),
            }
            for one in self.sections
        ]

    def llms_txt(self, address: Callable[[str], str]) -> str:
        """Return the list of pages as https://llmstxt.org has it; `address` is of Markdown."""
        return "\n".join(self._index_lines(address)) + "\n"

    def _index_lines(self, address: Callable[[str], str]) -> Iterator[str]:
        yield f"# {PAGES[HOME].title}\n"
        yield "> Gmail inside a SaaS product: connect mailboxes, sync mail as records, send, act.\n"
        yield (
            "Every page is Markdown at the address given. The API is described at "
            f"{self._public_url}/openapi.json; coding agents may search these pages by MCP at "
            f"{self._public_url}/docs/mcp (no key)."
        )
        for chapter in CHAPTERS:
            yield f"\n## {chapter.title}\n"
            for page in chapter.pages:
                yield f"- [{page.title}]({address(page.name)}): {page.about}"
