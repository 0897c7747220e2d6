"""What CONTRIBUTING says of the tree is so."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WALKS = (ROOT / ".github" / "CONTRIBUTING.md").read_text("utf-8").partition("## Three walks")[2]
NAMED = re.findall(r"`((?:functions|shared)/[\w/]+\.py)`", WALKS)


@pytest.mark.parametrize("path", NAMED)
def test_every_file_of_a_walk_is_there(path: str) -> None:
    assert (ROOT / path).is_file()


def test_there_are_three_walks() -> None:
    assert len(NAMED) > 30
