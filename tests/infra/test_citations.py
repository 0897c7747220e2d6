"""Whatever a comment, a docstring or a page tells a reader to look up is there."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.infra.citations import (
    DOCS,
    ROOT,
    Dangling,
    anchors,
    cited_numbers,
    dangling_citations,
    dangling_links,
    dangling_numbers,
    dangling_pages,
    documents,
    numbers_of,
    pages,
    texts,
)

SELF = Path(__file__)
NUMBERED = sorted(name for name in documents() if numbers_of(name))


def shown(path: Path, problems: Iterable[Dangling]) -> list[str]:
    return [f"{path.relative_to(ROOT)}:{one.line}: {one.what}" for one in problems]


def test_every_citation_leads_to_a_heading() -> None:
    found = [
        where
        for path, text in texts()
        if path != SELF
        for where in shown(path, dangling_citations(text))
    ]
    assert found == []


def test_every_number_without_its_document_is_of_the_page_itself() -> None:
    found = [
        where
        for path, text in texts()
        if path != SELF
        for where in shown(path, dangling_numbers(path, text))
    ]
    assert found == []


def test_every_page_that_is_named_is_there() -> None:
    found = [
        where
        for path, text in texts()
        if path != SELF
        for where in shown(path, dangling_pages(text))
    ]
    assert found == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    assert shown(page, dangling_links(page, pages()[page])) == []


def test_the_code_cites_every_document_that_has_numbers() -> None:
    cited = Counter(name for path, text in texts() for _, name, _ in cited_numbers(text))
    assert {name for name in cited if name in NUMBERED} == {"API", "DESIGN", "FACTS"}
    assert cited["FACTS"] > 400


@pytest.mark.parametrize("name", NUMBERED)
def test_a_number_is_given_once_and_lies_in_its_section(name: str) -> None:
    numbers = numbers_of(name)
    assert [number for number, times in Counter(numbers).items() if times > 1] == []
    section = ""
    for number in numbers:
        within, _, _ = number.rpartition(".")
        assert within in {section, ""}, number
        section = section if within else number


def test_every_page_of_the_documentation_is_linked_from_an_index() -> None:
    indexes = [text for path, text in pages().items() if path.name == "index.md"]
    named = "".join(indexes)
    for path in pages():
        if path.is_relative_to(DOCS) and path.name != "index.md":
            assert f"{path.name})" in named, path


@pytest.mark.parametrize(
    "text",
    [
        "FACTS 3.99",
        "as FACTS 99 says",
        "(FACTS 3.6, 4.99)",
        "(FACTS 3.6,\n    # 4.99)",
        "FACTS 1.6-1.99",
        "FACTS 2 and 77",
        "(FACTS\n    99.1)",
        "# (see FACTS\n# 99)",
        "DESIGN 4.99",
        "(API 77)",
        "STYLE 3.1",
        "(HOUSE-RULES 3)",
        "see VERIFY 2.1, and go on",
        'DECISIONS, "What was never decided"',
        '`shared/DECISIONS.md`, "What was\n# never decided"',
    ],
)
def test_a_citation_that_leads_nowhere_is_found(text: str) -> None:
    assert len([*dangling_citations(text)]) == 1


@pytest.mark.parametrize(
    "text",
    [
        "FACTS 3.6",
        "(FACTS 1.6-1.9)",
        "(FACTS 7.12, 8.9, 8.12, 9.9, 10.2 and 10.5, May 2026)",
        "FACTS 3.3: 7 of 9",
        "(API 2,\n    # 3)",
        "RFC 2231 and (RFC 2047, ISO 8601)",
        "SELECT 1",
        "an HTTP API, 3 of them",
        'DECISIONS, "HTTP transport"',
        'DECISIONS, "HTTP\n    transport"',
    ],
)
def test_what_leads_somewhere_is_not_reported(text: str) -> None:
    assert [*dangling_citations(text)] == []


def test_a_number_leads_nowhere_without_its_document() -> None:
    text = "refused (2.6: stop first), limited (1.8), (see 3.6). See 3.99, or min(1.0, 2)"
    page = DOCS / "facts" / "gmail-limits.md"
    assert [one.what for one in dangling_numbers(SELF, text)] == ["2.6", "1.8", "3.6", "3.99"]
    assert [one.what for one in dangling_numbers(page, text)] == ["3.99"]


def test_a_link_that_leads_nowhere_is_found() -> None:
    page = DOCS / "design.md"
    text = "# A heading\n[a](gone.md)\n[b](#gone)\n[c](api.md#gone)\n[d](#a-heading) [e](api.md)"
    assert [*dangling_links(page, text)] == [
        Dangling(2, "gone.md"),
        Dangling(3, "#gone"),
        Dangling(4, "api.md#gone"),
    ]


def test_a_page_that_is_not_there_is_found() -> None:
    assert [*dangling_pages("see FACTS.md\nand shared/GONE.md, or ../README.md")] == [
        Dangling(1, "FACTS.md"),
        Dangling(2, "shared/GONE.md"),
    ]


def test_anchors_are_made_as_github_makes_them() -> None:
    text = "# A (b), `c`!\n## Same\n## Same\n```\n# no heading\n```\n### 3.6 A push comes"
    assert anchors(text) == {"a-b-c", "same", "same-1", "36-a-push-comes"}
