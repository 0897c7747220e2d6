"""What a listing of connections may ask for, as exact terms: one index answers every filter."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.ports.connections import ConnectionQuery

PREFIX_LENGTH = 48
"""How much of a search is looked up; the rest is compared afterwards."""

TELLING_LENGTH = 4
"""From how many letters on a search finds fewer than a status that few connections have."""


def terms_of(connection: Connection) -> frozenset[str]:
    """Return every term this connection is found by."""
    end_user = connection.end_user or {}
    organization = end_user.get("organization")
    terms = {f"tag:{key}={value}" for key, value in connection.tags.items()}
    terms |= {f"user:{value}" for value in _ids(connection, end_user, "end_user_id")}
    terms |= {
        f"organization:{value}" for value in _ids(connection, organization, "organization_id")
    }
    terms.add(f"status:{connection.status}")
    for text in _search_texts(connection):
        terms |= {f"start:{text[:length]}" for length in range(1, PREFIX_LENGTH + 1)}
    return frozenset(terms)


def terms_asked(query: ConnectionQuery) -> Sequence[str]:
    """Return the terms a match must have, most selective first; `connection_id` is not one."""
    terms = []
    if query.end_user_id is not None:
        terms.append(f"user:{query.end_user_id}")
    terms += [f"tag:{key}={value}" for key, value in query.tags.items()]
    start = _fold(query.search)
    starts = [f"start:{start[:PREFIX_LENGTH]}"] if start else []
    rare = query.status not in {None, ConnectionStatus.ACTIVE} and len(start) < TELLING_LENGTH
    status = [] if query.status is None else [f"status:{query.status}"]
    terms += status if rare else starts
    if query.end_user_organization_id is not None:
        terms.append(f"organization:{query.end_user_organization_id}")
    terms += starts if rare else status
    return terms


def matches(connection: Connection, query: ConnectionQuery) -> bool:
    """Whether every filter of the query holds."""
    if query.connection_id is not None and connection.id != query.connection_id:
        return False
    start = _fold(query.search)
    if not any(text.startswith(start) for text in _search_texts(connection)):
        return False
    return terms_of(connection).issuperset(terms_asked(query))


def _search_texts(connection: Connection) -> tuple[str, str]:
    return connection.id.lower(), connection.email.strip().lower()


def _fold(search: str | None) -> str:
    return (search or "").strip().lower()


def _ids(connection: Connection, owner: Any, tag: str) -> set[str]:
    named = owner.get("id") if isinstance(owner, Mapping) else None
    return {str(value) for value in (named, connection.tags.get(tag)) if value}
