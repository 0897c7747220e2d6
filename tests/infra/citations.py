"""What the project's files tell a reader to look up, and which of it is not there.

A citation is a document's name in capitals and the numbers of headings (`FACTS 3.6, 4.3`), or the
title of one (`DECISIONS, "HTTP transport"`). The documents are found, not listed: each page and
each folder of `shared/docs` by its name, and every other Markdown page by its own.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Final

from shared.pages.docs.contents import PAGES
from shared.pages.docs.markdown import MADE

ROOT: Final = Path(__file__).resolve().parents[2]
DOCS: Final = ROOT / "shared" / "docs"
_WRAP: Final = r"(?:[ \t]*\n[ \t]*(?:#|//|\*)?)?[ \t]*"
"""Nothing, spaces, or a line's end within a comment."""
_NUMBER: Final = r"\d+(?:\.\d+)*"
_AND: Final = rf"(?:,{_WRAP}(?:and\b)?|{_WRAP}\b(?:and|or|to)\b|-|/){_WRAP}"
CITATION: Final = re.compile(
    rf"(?P<before>\(?)\b(?P<name>[A-Z][A-Z-]{{2,}})(?:\.md)?`?(?=[ \t\n]){_WRAP}"
    rf"(?P<numbers>{_NUMBER}(?:{_AND}{_NUMBER})*)(?![\w%])(?P<after>[,):]?)"
)
TITLED: Final = re.compile(rf'\b(?P<name>[A-Z][A-Z-]{{2,}})(?:\.md)?`?,{_WRAP}"(?P<title>[^"]+)"')
BARE: Final = re.compile(
    r"(?:(?<=[a-z.,;] )\((?:see )?|\b[Ss]ee )(\d{1,3}\.\d{1,3})(?=\)|: |[.,] [A-Za-z])"
)
"""A number without its document: within a page it is the page's own."""
PAGE: Final = re.compile(r"(?<![\w./-])(?:\.\./|\./)*([\w-][\w./-]*\.md)\b")
LINK: Final = re.compile(r"\]\(([^)\s]+)\)|\bsrc=\"([^\"]+)\"")
FENCE: Final = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEADING: Final = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
NUMBERED: Final = re.compile(rf"^#{{2,6}} ({_NUMBER}) \S", re.MULTILINE)
OF_OTHERS: Final = frozenset(
    {"RFC", "ISO", "PEP", "HTTP", "TLS", "IDNA", "HTML", "XHTML", "UTF", "CASA", "SHA", "AES"}
)
"""Standards with numbers of their own, which are looked up elsewhere."""


MADE_PAGES: Final = frozenset(page.name for page in PAGES.values() if page.source is None)
"""Pages of the documentation that have no file; their links begin with MADE."""


@dataclass(frozen=True, slots=True)
class Dangling:
    """Something to look up that is not there; `line` counts from 1."""

    line: int
    what: str


def project_files() -> Iterator[Path]:
    """Yield every file that `.gitignore` does not leave out."""
    ignored = [one.rstrip("/") for one in (ROOT / ".gitignore").read_text().split()] + [".git"]

    def kept(name: str) -> bool:
        return not any(fnmatch(name, one) for one in ignored)

    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(filter(kept, folders))
        yield from (Path(folder, name) for name in sorted(files) if kept(name))


@cache
def texts() -> tuple[tuple[Path, str], ...]:
    """Return the project's files that are text, with what they say."""

    def read() -> Iterator[tuple[Path, str]]:
        for path in project_files():
            with suppress(UnicodeDecodeError):
                yield path, path.read_text("utf-8")

    return tuple(read())


@cache
def pages() -> Mapping[Path, str]:
    """Return every Markdown page of the project."""
    return {path: text for path, text in texts() if path.suffix == ".md"}


@cache
def documents() -> Mapping[str, tuple[Path, ...]]:
    """Return the pages of each document that can be cited, by its name in capitals."""
    found: dict[str, tuple[Path, ...]] = {}
    for path in pages():
        name = path.parent.name if path.parent.parent == DOCS else path.stem
        found[name.upper()] = (*found.get(name.upper(), ()), path)
    return found


@cache
def numbers_of(name: str) -> tuple[str, ...]:
    """Return the numbers of a document's headings, in order."""
    return tuple(one for path in documents()[name] for one in NUMBERED.findall(pages()[path]))


def cited_numbers(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, document and number of every citation.

    Capitals before a number are no citation where they name a standard, or code: one of a document
    that is not there has a dotted number, or stands in brackets.
    """
    for found in CITATION.finditer(text):
        name, numbers = found["name"], re.findall(_NUMBER, found["numbers"])
        bracketed = found["before"] and found["after"] in {",", ")"}
        if name in OF_OTHERS or not (name in documents() or bracketed or "." in numbers[0]):
            continue
        line = text.count("\n", 0, found.start("name")) + 1
        yield from ((line, name, number) for number in numbers)


def dangling_citations(text: str) -> Iterator[Dangling]:
    """Yield the citations of a file that lead to no heading."""
    for line, name, number in cited_numbers(text):
        if number not in (numbers_of(name) if name in documents() else ()):
            yield Dangling(line, f"{name} {number}")
    for found in TITLED.finditer(text):
        title = " ".join(re.sub(r"\n[ \t]*(?:#|//|\*)?", " ", found["title"]).split()).lstrip("# ")
        name = found["name"]
        if name in documents() and title not in titles_of(name):
            yield Dangling(text.count("\n", 0, found.start()) + 1, f'{name}, "{title}"')


def dangling_numbers(path: Path, text: str) -> Iterator[Dangling]:
    """Yield the numbers that a file gives without a document, and that are not of its own."""
    own = next((name for name, those in documents().items() if path in those), None)
    known = numbers_of(own) if own else ()
    for found in BARE.finditer(text):
        if found[1] not in known:
            yield Dangling(text.count("\n", 0, found.start()) + 1, found[1])


@cache
def titles_of(name: str) -> frozenset[str]:
    """Return the titles of a document's headings."""
    return frozenset(one for path in documents()[name] for one in HEADING.findall(pages()[path]))


def dangling_pages(text: str) -> Iterator[Dangling]:
    """Yield the Markdown pages that a file names and that are not in the project."""
    there = {f"/{path.relative_to(ROOT).as_posix()}" for path in pages()}
    for found in PAGE.finditer(text):
        if not any(path.endswith(f"/{found[1]}") for path in there):
            yield Dangling(text.count("\n", 0, found.start()) + 1, found[1])


def dangling_links(page: Path, text: str) -> Iterator[Dangling]:
    """Yield the links of a Markdown page that lead to no file, or to no heading in it."""
    prose = FENCE.sub(lambda fenced: "\n" * fenced[0].count("\n"), text)
    for found in LINK.finditer(prose):
        link = found[1] or found[2]
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link) or target.removeprefix(MADE) in MADE_PAGES:
            continue
        aim = (page.parent / target).resolve() if target else page
        if not aim.exists() or (anchor and anchor not in _anchors(aim, page, text)):
            yield Dangling(prose.count("\n", 0, found.start()) + 1, link)


def _anchors(aim: Path, page: Path, text: str) -> frozenset[str]:
    return anchors(text if aim == page else aim.read_text("utf-8"))


def anchors(text: str) -> frozenset[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    made: dict[str, int] = {}
    found: set[str] = set()
    for title in HEADING.findall(FENCE.sub("", text)):
        slug = re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")
        again = made.get(slug, 0)
        made[slug] = again + 1
        found.add(f"{slug}-{again}" if again else slug)
    return frozenset(found)
