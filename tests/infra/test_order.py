"""The files that tests start with are there: one that was moved would start late again."""

import pytest

from tests.order import LONGEST, TESTS


def test_each_file_is_named_once() -> None:
    assert len({*LONGEST}) == len(LONGEST)


@pytest.mark.parametrize("name", LONGEST)
def test_a_file_that_starts_early_is_there(name: str) -> None:
    assert (TESTS / name).is_file()
