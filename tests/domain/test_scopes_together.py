"""Scopes that stand in each other's way (FACTS 18.10)."""

import pytest

from shared.domain.connect.scopes import MAIL, METADATA, MODIFY, READONLY, SEND, is_narrowed


@pytest.mark.parametrize(
    ("scopes", "stands_in_the_way"),
    [
        ({METADATA, MODIFY}, True),
        ({METADATA, READONLY, SEND}, True),
        ({METADATA, MAIL}, True),
        ({METADATA}, False),
        ({METADATA, SEND}, False),
        ({MODIFY, READONLY}, False),
        ({MAIL}, False),
        (set(), False),
    ],
)
def test_metadata_stands_in_the_way_of_a_scope_that_reads_more(
    scopes: set[str], *, stands_in_the_way: bool
) -> None:
    assert is_narrowed(scopes) is stands_in_the_way
