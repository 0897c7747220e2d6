"""The documentation's pages as HTML. The Markdown library loads at the first page that is shown."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from shared.pages.assets import Assets
from shared.pages.docs.contents import CHAPTERS, HOME, PAGES, Page
from shared.pages.docs.markdown import address, page_of, slug_of

if TYPE_CHECKING:
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

ASSETS: Final = Assets(Path(__file__).parent, "/docs/static")
DEEPEST: Final = "h3"
"""The last level of headings that stands in a page's own contents."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where pages and files are: in a deployment, or in a folder of files."""

    page: Callable[[str, str], str]
    """By a page's name and an anchor with its `#`."""
    markdown: Callable[[str], str]
    asset: Callable[[str], str]
    index: str
    """What the search reads."""


SERVED: Final = Places(address, "/docs/{}.md".format, ASSETS.address, "/docs/search.json")


def page_html(page: Page, markdown: str, places: Places) -> str:
    """Return a whole page; raw HTML in the Markdown is shown as text."""
    body, headings = _convert(markdown, places)
    order = [*PAGES.values()]
    at = order.index(page)
    return ASSETS.environment.get_template("page.html").render(
        page=page,
        home=PAGES[HOME],
        chapters=CHAPTERS,
        body=body,
        headings=headings,
        before=order[at - 1] if at else None,
        after=order[at + 1] if at + 1 < len(order) else None,
        places=places,
    )


def _convert(markdown: str, places: Places) -> tuple[str, list[dict[str, str]]]:
    """Return a page's HTML, and its headings below the first."""
    from markdown_it import MarkdownIt  # noqa: PLC0415  only who shows a page needs it

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(markdown)
    headings = _set_anchors(tokens)
    _set_links(tokens, places)
    _set_cells(tokens)
    for kind, rule in (("fence", _fence), ("table_open", _table), ("table_close", _table_end)):
        parser.add_render_rule(kind, rule)
    return parser.renderer.render(tokens, parser.options, {}), headings


def _set_anchors(tokens: "list[Token]") -> list[dict[str, str]]:
    """Give each heading its anchor. Return those that the page's contents list."""
    made: dict[str, int] = {}
    found = []
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            slug = slug_of(inline.content, made)
            opening.attrSet("id", slug)
            title = inline.content.replace("`", "")
            found.append({"level": opening.tag, "anchor": slug, "title": title})
    return [one for one in found[1:] if one["level"] <= DEEPEST]


def _set_links(tokens: "list[Token]", places: Places) -> None:
    for token in tokens:
        for one in token.children or ():
            aim = page_of(str(one.attrGet("href"))) if one.type == "link_open" else None
            if aim:
                one.attrSet("href", places.page(*aim))


def _set_cells(tokens: "list[Token]") -> None:
    """Align cells by a class, since no style of an element is heeded; a head of nothing is none."""
    for at, token in enumerate(tokens):
        if token.type not in {"th_open", "td_open"}:
            continue
        if token.attrs.pop("style", None) == "text-align:right":
            token.attrSet("class", "end")
        if token.type == "th_open" and not tokens[at + 1].content:
            token.tag = tokens[at + 2].tag = "td"


def _fence(renderer: "RendererHTML", tokens: "list[Token]", at: int, *_: Any) -> str:
    """Return a block of code that a keyboard can scroll."""
    from markdown_it.common.utils import escapeHtml  # noqa: PLC0415  as above

    del renderer
    language = escapeHtml(tokens[at].info.split(" ")[0] or "text")
    code = escapeHtml(tokens[at].content)
    return (
        f'<figure class="code"><pre tabindex="0" role="group" aria-label="Code: {language}">'
        f'<code class="{language}">{code}</code></pre></figure>\n'
    )


def _table(renderer: "RendererHTML", *_: Any) -> str:
    del renderer
    return '<div class="table" tabindex="0" role="group" aria-label="Table"><table>\n'


def _table_end(renderer: "RendererHTML", *_: Any) -> str:
    del renderer
    return "</table></div>\n"
