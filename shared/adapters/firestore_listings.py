"""Queries spread over shards, so that no index has one hot end (FACTS 9.5)."""

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from shared.adapters.firestore_queries import MAX_DISJUNCTIONS, Filter, Operator, Order, structured
from shared.adapters.firestore_rpc import FirestoreRpc
from shared.adapters.firestore_values import moment_of
from shared.domain.sync_state import SHARDS, shard_of

ANY = "*"


def listed_under(id: str, owner: str | None, *kinds: str) -> list[str]:
    """Answer the terms a log entry is listed under: those of its shard, and of its owner.

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
    """Answer log entries newest first: an owner's, those among some, or all from every shard.

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


async def due_in_shard(
    rpc: FirestoreRpc, collection: str, shard: int, now: datetime, *, by: str, limit: int
) -> Sequence[Any]:
    """Answer documents of one shard whose time has come, most overdue first."""
    filters: tuple[Filter, ...] = (("shard", "==", shard), (by, "<=", now))
    return await rpc.query(structured(collection, filters, ((by, "ASC"),), limit=limit))


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
                structured(
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
