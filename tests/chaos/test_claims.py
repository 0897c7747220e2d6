"""The page that says why no message is lost names tests that exist, for every claim."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "shared" / "README.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


@pytest.mark.parametrize(("path", "name"), NAMED, ids=lambda part: part)
def test_every_test_the_page_names_exists(path: str, name: str) -> None:
    source = (ROOT / path).read_text("utf-8")
    assert re.search(rf"^(async )?def {name}\(", source, re.MULTILINE)


def test_every_claim_names_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if re.match(r"\| [^-|]", line)]
    assert len(rows) > 10
    for row in rows[1:]:
        assert "::" in row, row
