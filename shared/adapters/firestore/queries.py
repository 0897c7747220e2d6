"""Structured queries, built directly; each needs an index of `firestore_indexes`."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Literal

from google.cloud.firestore_v1.types import query as query_types

from shared.adapters.firestore.rpc import FirestoreRpc
from shared.adapters.firestore.values import moment_of, set_value
from shared.domain.ids import SHARDS, shard_of

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


def build_query(
    collection: str,
    filters: Sequence[Filter] = (),
    order: Sequence[Order] = (),
    *,
    limit: int,
    after: Sequence[Any] | None = None,
    select: Sequence[str] | None = None,
) -> Any:
    """Return a query; `after` holds the last document's values of the `order` fields."""
    built = StructuredQueryPb()
    built.from_.add(collection_id=collection)
    for condition in filters:
        _add_filter(built, condition)
    for field, direction in order:
        built.order_by.add(field={"field_path": field}, direction=_DIRECTIONS[direction])
    if limit:  # 0 asks for all
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


ANY = "*"


def listed_under(id: str, owner: str | None, *kinds: str) -> list[str]:
    """Return the terms a log entry is listed under: those of its shard, and of its owner.

    Each of `kinds` is a property that a listing may or may not ask for.
    """
    terms = [_shard_term(shard_of(id)), *((f"={owner}",) if owner else ())]
    for kind in kinds:
        terms = [f"{term}/{asked}" for term in terms for asked in (ANY, kind)]
    return terms


async def newest_listed(
    rpc: FirestoreRpc,
    collection: str,
    owner: str | None,
    kinds: Sequence[str | None],
    *,
    by: str,
    limit: int,
    between: tuple[datetime | None, datetime | None] = (None, None),
    select: Sequence[str] | None = None,
    among: Collection[str] | None = None,
) -> Sequence[Any]:
    """Return log entries newest first: an owner's, those among some, or all from every shard.

    `select` names the fields wanted, None all.
    """
    since, until = between
    bounds: list[Filter] = [(by, ">=", since)] if since else []
    bounds += [(by, "<=", until)] if until else []
    suffix = "".join(f"/{kind or ANY}" for kind in kinds)
    terms = [start + suffix for start in _starts(owner, among)]
    if not terms:
        return []
    order: Order = (by, "DESC")
    found = await _spread(rpc, collection, "listed_under", terms, bounds, order, limit, select)
    return sorted(found, key=lambda one: (_moment(one, by), one.name), reverse=True)[:limit]


def _starts(owner: str | None, among: Collection[str] | None) -> Sequence[str]:
    """Return where the terms begin: at owners, or else at every shard."""
    if owner is None and among is None:
        return [_shard_term(shard) for shard in range(SHARDS)]
    asked = {owner} if owner is not None else {*(among or ())}
    seen = asked if among is None else asked & {*among}
    return [f"={one}" for one in sorted(seen)]


async def find_due(
    rpc: FirestoreRpc,
    collection: str,
    now: datetime,
    *,
    by: str,
    limit: int,
    select: Sequence[str] = ("id",),
) -> Sequence[Any]:
    """Return documents whose time has come, most overdue first, with the fields `select`.

    All shards are asked in as many queries as a query may have values: one that finds nothing is
    billed as a read, however many shards it asks.
    """
    due: Filter = (by, "<=", now)
    named = (*select, by)
    shards = range(SHARDS)
    found = await _spread(rpc, collection, "shard", shards, [due], (by, "ASC"), limit, named)
    return sorted(found, key=lambda one: (_moment(one, by), one.name))[:limit]


async def _spread(
    rpc: FirestoreRpc,
    collection: str,
    field: str,
    values: Sequence[Any],
    filters: Sequence[Filter],
    order: Order,
    limit: int,
    select: Sequence[str] | None = None,
) -> Sequence[Any]:
    operator: Operator = "contains_any" if isinstance(values[0], str) else "in"
    batches = [
        values[start : start + MAX_DISJUNCTIONS]
        for start in range(0, len(values), MAX_DISJUNCTIONS)
    ]
    answers = await asyncio.gather(
        *(
            rpc.query(
                build_query(
                    collection,
                    ((field, operator, batch), *filters),
                    (order,),
                    limit=limit,
                    select=select,
                )
            )
            for batch in batches
        )
    )
    # a document with terms of several shards is found by more than one query
    return list({document.name: document for answer in answers for document in answer}.values())


def _moment(document: Any, field: str) -> datetime:
    return moment_of(document.fields[field].timestamp_value)


def _shard_term(shard: int) -> str:
    return f"#{shard}"
