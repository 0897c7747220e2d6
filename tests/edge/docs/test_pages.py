"""The documentation as a deployment serves it: every page, every link, nothing from elsewhere."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser

from shared.domain.troubles import CODES, docs_of
from shared.edge.docs.routes import site_of
from shared.edge.docs.site import Site
from shared.edge.table import whole_table
from shared.pages.docs.contents import CHAPTERS, PAGES, ROOT, Page
from shared.pages.docs.search import excerpt, find

PUBLIC = "http://127.0.0.1:8080"
SITE = site_of(whole_table, PUBLIC)


def parsed(page: Page) -> LexborHTMLParser:
    return LexborHTMLParser(SITE.html(page))


def links(page: Page) -> Iterator[str]:
    """Yield where the links of a page lead, as whole addresses."""
    here = f"{PUBLIC}/docs/{page.name}"
    for one in parsed(page).css("a[href]"):
        yield urljoin(here, one.attributes["href"] or "")


def anchors(page: Page) -> set[str]:
    return {one.attributes["id"] or "" for one in parsed(page).css("[id]")}


@pytest.fixture
async def reader(api: httpx.AsyncClient) -> httpx.AsyncClient:
    """Return a browser, which has no key."""
    del api.headers["Authorization"]
    return api


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/", "/docs/records", "/docs/api?utm=x"])
async def test_pages_are_open_to_anybody_and_take_nothing_from_elsewhere(
    reader: httpx.AsyncClient, path: str
) -> None:
    answer = await reader.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert policy.partition("frame-ancestors ")[2] == "'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    for one in LexborHTMLParser(answer.text).css("script, link[rel=stylesheet]"):
        address = one.attributes.get("src") or one.attributes.get("href") or ""
        file = await reader.get(address)
        assert (file.status_code, address.startswith("/docs/static/")) == (200, True)
    assert not LexborHTMLParser(answer.text).css("[style], style, [onclick], img, iframe")


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: page.name)
async def test_every_page_is_served_as_html_and_as_markdown(
    reader: httpx.AsyncClient, page: Page
) -> None:
    shown = await reader.get(f"/docs/{page.name}")
    text = await reader.get(f"/docs/{page.name}.md")
    assert text.headers["content-type"] == "text/markdown; charset=utf-8"
    (title,) = LexborHTMLParser(shown.text).css("h1")
    assert not LexborHTMLParser(shown.text).css("[style], style, [onclick], img, iframe")
    assert text.text.startswith("# ")
    assert title.text() == text.text.splitlines()[0].removeprefix("# ").replace("`", "")


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: page.name)
def test_every_link_leads_to_a_page_and_a_heading(page: Page) -> None:
    for link in links(page):
        if not link.startswith(PUBLIC):
            assert urlsplit(link).scheme == "https", link
            continue
        parts = urlsplit(link)
        name = parts.path.removeprefix("/docs").strip("/").removesuffix(".md") or "index"
        assert name in PAGES, link
        assert not parts.fragment or parts.fragment in anchors(PAGES[name]), link


def test_every_guide_is_listed_and_every_title_is_another() -> None:
    guides = {f"shared/docs/guides/{one.name}" for one in (ROOT / "shared/docs/guides").iterdir()}
    assert guides <= {page.source for page in PAGES.values()}
    assert len({page.title for page in PAGES.values()}) == len(PAGES)
    assert sum(len(one.pages) for one in CHAPTERS) == len(PAGES)


def test_the_docs_of_an_error_lead_to_the_words_about_it() -> None:
    for code in CODES:
        name, _, anchor = str(docs_of(code)).partition("#")
        assert anchor in anchors(PAGES[name]), code


def test_every_documented_operation_has_its_place_in_the_reference() -> None:
    text = "".join(SITE.markdown(page) for page in PAGES.values() if page.source is None)
    for route in whole_table():
        if route.documented:
            assert f"\n## {route.method} {route.documented_path}\n" in text, route.name


async def test_what_is_no_page_is_not_found(reader: httpx.AsyncClient) -> None:
    for name in ("nothing", "nothing" + ".md", "..%2Fapi", "static/nothing.css"):
        assert (await reader.get(f"/docs/{name}")).status_code == 404


@pytest.mark.parametrize("path", ["/llms.txt", "/docs/llms.txt"])
async def test_language_models_are_told_every_page(reader: httpx.AsyncClient, path: str) -> None:
    listed = await reader.get(path)
    assert listed.text.startswith("# Postroom\n\n> ")
    addresses = re.findall(r"^- \[[^\]]+\]\(([^)]+)\): .+$", listed.text, re.MULTILINE)
    assert addresses == [f"{PUBLIC}/docs/{name}.md" for name in PAGES]


async def test_the_search_reads_every_section_from_one_file(reader: httpx.AsyncClient) -> None:
    index = (await reader.get("/docs/search.json")).json()
    assert {one["title"] for one in index} == {page.title for page in PAGES.values()}
    for one in index:
        parts = urlsplit(one["address"])
        name = parts.path.removeprefix("/docs").strip("/") or "index"
        assert not parts.fragment or parts.fragment in anchors(PAGES[name]), one["address"]


@pytest.mark.parametrize(
    ("query", "heading"),
    [
        ("idempotency key", "Once"),
        ("mail_not_enabled", "mail_not_enabled"),
        ("POST /send/bulk", "POST /send/bulk"),
        ("verify webhook", "Verify a webhook"),
    ],
)
def test_words_find_the_section_about_them(query: str, heading: str) -> None:
    found = find(SITE.sections, query, 5)
    assert heading in [one.heading for one in found]
    assert all(len(excerpt(one, query)) <= 246 for one in found)


def test_a_query_of_nothing_or_of_unknown_words_finds_nothing() -> None:
    assert find(SITE.sections, " ?! ", 5) == []
    assert find(SITE.sections, "xyzzyplugh", 5) == []


def test_no_page_is_made_before_it_is_asked_for() -> None:
    asked: list[str] = []

    def table() -> tuple[()]:
        asked.append("table")
        return ()

    site = Site(table, PUBLIC)
    assert site.html(PAGES["quick-start"])
    assert asked == []
