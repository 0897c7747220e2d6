"""A bounded map forgets what was set longest ago."""

from shared.domain.bounded import BoundedMap


def test_what_was_set_longest_ago_goes_first() -> None:
    known: BoundedMap[str, int] = BoundedMap(2)
    known["a"], known["b"] = 1, 2
    known["a"] = 3
    known["c"] = 4
    assert dict(known) == {"a": 3, "c": 4}
    assert known.setdefault("d", 5) == 5
    assert dict(known) == {"c": 4, "d": 5}
