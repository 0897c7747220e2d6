"""`make docs`: the documentation as files that lead to each other, wherever they are hosted."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from infra.docs import FILES, main
from shared.pages.docs.contents import PAGES

REFERENCE = re.compile(r'(?:href|src|data-index)="([^"]+)"')


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs") / "site"
    assert main(["--to", str(folder), "--address", "https://mail.acme.example/"]) == 0
    return folder


def test_every_page_is_a_file_and_every_reference_leads_to_one(written: Path) -> None:
    pages = {path.stem: path.read_text("utf-8") for path in written.glob("*.html")}
    assert pages.keys() == PAGES.keys()
    for name, text in pages.items():
        for target in REFERENCE.findall(text):
            parts = urlsplit(target)
            if parts.scheme:
                assert parts.scheme in {"https", "data"}, target
                continue
            assert not parts.path.startswith("/"), (name, target)
            aim = written / (parts.path or f"{name}.html")
            assert aim.is_file(), (name, target)
            if parts.fragment:
                assert f'id="{parts.fragment}"' in aim.read_text("utf-8"), (name, target)


def test_the_search_the_list_and_the_markdown_are_there(written: Path) -> None:
    for one in json.loads((written / "search.json").read_text("utf-8")):
        assert (written / one["address"].partition("#")[0]).is_file()
    listed = re.findall(r"\]\(([^)]+)\):", (written / "llms.txt").read_text("utf-8"))
    assert listed == [f"{name}.md" for name in PAGES]
    assert all((written / one).is_file() for one in listed)


def test_the_requests_name_the_address_that_was_given(written: Path) -> None:
    page = (written / FILES.markdown("reference-records")).read_text("utf-8")
    assert "curl -s 'https://mail.acme.example/records?" in page
