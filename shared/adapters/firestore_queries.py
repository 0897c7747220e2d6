"""Structured queries, built directly; each needs an index of `firestore_indexes`."""

from collections.abc import Sequence
from typing import Any, Literal

from google.cloud.firestore_v1.types import query as query_types

from shared.adapters.firestore_values import set_value

StructuredQueryPb = query_types.StructuredQuery.pb()
Operator = Literal["==", "<", "<=", ">", ">=", "in", "contains", "contains_any", "is_null"]
Filter = tuple[str, Operator, Any]
Order = tuple[str, Literal["ASC", "DESC"]]

MAX_DISJUNCTIONS = 30
"""Most values of one `in` or `contains_any` (FACTS 9.3)."""

_FIELD_OPERATORS = {
    "<": 1,
    "<=": 2,
    ">": 3,
    ">=": 4,
    "==": 5,
    "contains": 7,
    "in": 8,
    "contains_any": 9,
}
_IS_NULL = 3
_DIRECTIONS = {"ASC": 1, "DESC": 2}


def structured(
    collection: str,
    filters: Sequence[Filter] = (),
    order: Sequence[Order] = (),
    *,
    limit: int,
    after: Sequence[Any] | None = None,
    select: Sequence[str] | None = None,
) -> Any:
    """Answer a query; `after` holds the last document's values of the `order` fields."""
    built = StructuredQueryPb()
    built.from_.add(collection_id=collection)
    for condition in filters:
        _add_filter(built, condition)
    for field, direction in order:
        built.order_by.add(field={"field_path": field}, direction=_DIRECTIONS[direction])
    built.limit.value = limit
    for value in after or ():
        set_value(built.start_at.values.add(), value)
    for field in select or ():
        built.select.fields.add(field_path=field)
    return built


def _add_filter(built: Any, condition: Filter) -> None:
    field, operator, value = condition
    built.where.composite_filter.op = 1
    added = built.where.composite_filter.filters.add()
    if operator == "is_null":
        added.unary_filter.field.field_path = field
        added.unary_filter.op = _IS_NULL
        return
    added.field_filter.field.field_path = field
    added.field_filter.op = _FIELD_OPERATORS[operator]
    set_value(added.field_filter.value, value)
