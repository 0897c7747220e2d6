"""The pages' Markdown: links that lead to pages, and sections.

Files link to each other as they lie in the source, pages to each other's Markdown.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from shared.pages.docs.contents import HOME, PAGES, ROOT, SOURCES, Page

FENCED: Final = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
LINK: Final = re.compile(r"\[([^\]\n]+)\]\(([^)\s]+)\)")
HEADING: Final = re.compile(r"^(#{1,6}) (.+)$", re.MULTILINE)
ELSEWHERE: Final = re.compile(r"[a-z]+:|#")
"""How a link begins that is no path in the source."""
MADE: Final = "/docs/"
"""How files link to pages that have no file."""


@dataclass(frozen=True, slots=True)
class Section:
    """What stands below one heading of a page; `anchor` is "" above the first."""

    page: Page
    heading: str
    anchor: str
    text: str


def source_of(page: Page) -> str:
    """Return the Markdown of a page's file, its links leading to pages."""
    assert page.source is not None  # noqa: S101  the caller knows which pages have a file
    folder = posixpath.dirname(page.source)
    text = (ROOT / page.source).read_text("utf-8")
    parts = FENCED.split(text)
    parts[::2] = [LINK.sub(lambda found: _link(found, folder), part) for part in parts[::2]]
    return "".join(parts)


def _link(found: re.Match[str], folder: str) -> str:
    """Return a link as pages have it; what no page shows is named by its path in the source."""
    words, target = found[1], found[2]
    if target.startswith(MADE):
        path, mark, anchor = target.removeprefix(MADE).partition("#")
        return f"[{words}]({path}.md{mark}{anchor})"
    if ELSEWHERE.match(target):
        return found[0]
    path, mark, anchor = target.partition("#")
    aim = posixpath.normpath(posixpath.join(folder, path))
    if aim in SOURCES:
        return f"[{words}]({SOURCES[aim]}.md{mark}{anchor})"
    return words if aim in words or words.startswith("`") else f"{words} (`{aim}`)"


def slug_of(title: str, made: dict[str, int]) -> str:
    """Return a heading's anchor as GitHub makes it; `made` counts those of the page so far."""
    slug = re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")
    again = made.get(slug, 0)
    made[slug] = again + 1
    return f"{slug}-{again}" if again else slug


def sections_of(page: Page, markdown: str) -> Iterator[Section]:
    """Yield a page's sections in order; the first is what stands above its second heading."""
    made: dict[str, int] = {}
    fences = [found.span() for found in FENCED.finditer(markdown)]
    heads = [
        found
        for found in HEADING.finditer(markdown)
        if not any(start <= found.start() < end for start, end in fences)
    ]
    for found, after in zip(heads, [*heads[1:], None], strict=True):
        text = markdown[found.end() : after.start() if after else None].strip()
        slug = slug_of(found[2], made)
        title = found[2].replace("`", "")
        yield Section(page, title, "" if found is heads[0] else slug, text)


def page_of(target: str) -> tuple[str, str] | None:
    """Return page and anchor of a link to a page's Markdown, None for any other link."""
    path, mark, anchor = target.partition("#")
    name = path.removesuffix(".md")
    known = path.endswith(".md") and name in PAGES
    return (name, mark + anchor) if known else None


def address(name: str, anchor: str = "") -> str:
    """Return where a deployment serves a page."""
    return ("/docs" if name == HOME else f"/docs/{name}") + anchor
