"""Which index a Firestore query needs: the emulator serves any query, production does not."""

from typing import Any

from shared.adapters.firestore.indexes import COMPOSITE, SINGLE_FIELD, Index
from shared.adapters.firestore.rpc import FirestoreRpc

_RANGES = {1, 2, 3, 4}
_CONTAINS = {7, 9}
_NAMES = {1: "ASC", 2: "DESC"}


class IndexedRpc(FirestoreRpc):
    """A connection that refuses queries no declared index serves."""

    def stream(self, structured: Any, parent: str | None = None) -> Any:
        assert_indexed(structured)
        return super().stream(structured, parent)


def assert_indexed(structured: Any) -> None:
    """Fail where no declared index serves the query."""
    index_of(structured)


def index_of(structured: Any) -> Index | None:
    """Return the declared index that serves the query, None where the names alone do; or fail."""
    collection = structured.from_[0].collection_id
    equal, walked = _needs(structured)
    if not equal and not walked:
        return None
    declared = SINGLE_FIELD if len(equal) + len(walked) == 1 else COMPOSITE
    serving = [
        index
        for index in declared
        if index.collection == collection and _serves(index.fields, equal, walked)
    ]
    assert serving, f"no declared index on {collection} serves {sorted(equal)} then {walked}"
    return serving[0]


def _serves(fields: Any, equal: set[tuple[str, bool]], walked: list[tuple[str, str]]) -> bool:
    if len(fields) != len(equal) + len(walked):
        return False
    head = {(name, mode == "CONTAINS") for name, mode in fields[: len(equal)]}
    return head == equal and list(fields[len(equal) :]) == walked


def _needs(structured: Any) -> tuple[set[tuple[str, bool]], list[tuple[str, str]]]:
    equal, ranges = set(), []
    for condition in structured.where.composite_filter.filters:
        if condition.HasField("unary_filter"):
            equal.add((condition.unary_filter.field.field_path, False))
            continue
        name = condition.field_filter.field.field_path
        if condition.field_filter.op in _RANGES:
            ranges.append(name)
        else:
            equal.add((name, condition.field_filter.op in _CONTAINS))
    walked = [(order.field.field_path, _NAMES[order.direction]) for order in structured.order_by]
    if walked and walked[-1][0] == "__name__":
        walked.pop()
    ordered = {name for name, _ in walked}
    return equal, walked + [(name, "ASC") for name in ranges if name not in ordered]
