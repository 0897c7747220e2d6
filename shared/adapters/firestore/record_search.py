"""Searching records in Firestore: which index leads, a term's, a thread's or a label's."""

from shared.adapters.firestore.queries import Filter, Order
from shared.adapters.firestore.values import Path
from shared.domain.sync.search import leading_term
from shared.ports.sync_store import SearchQuery

NEWEST_FIRST: tuple[Order, ...] = (("internal_date", "DESC"), ("message_id", "DESC"))
LIVE: Filter = ("deleted_at", "is_null", None)
TERMS: Path = ("terms",)


def search_filters(query: SearchQuery) -> list[Filter]:
    """Return the filters of the one index that leads; what is asked besides is filtered here."""
    filters: list[Filter] = [LIVE]
    term = leading_term(query.terms)
    if term is not None:
        filters.append(("terms", "contains", term))
    elif query.thread_id is not None:
        filters.append(("thread_id", "==", query.thread_id))
    elif query.label_ids:
        filters.append(("label_ids", "contains", max(query.label_ids)))
    if query.since is not None:
        filters.append(("internal_date", ">=", query.since))
    return filters
