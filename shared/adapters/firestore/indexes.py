"""Every index the Firestore store needs, and every TTL: what Terraform declares.

A composite index ends with the document's name by itself. Fields that no single-field index
serves are exempted from the automatic ones, so that payloads, tokens and times no query reads
cost nothing to write (DESIGN 3.2, FACTS 9.5). Nothing that grows with time is indexed across the
whole database without a shard or an owner in front of it, but for the rare new connection.
"""

from dataclasses import dataclass
from typing import Literal

Mode = Literal["ASC", "DESC", "CONTAINS"]


@dataclass(frozen=True, slots=True)
class Index:
    """The fields of one index in order; `collection` is the collection's own (last) name."""

    collection: str
    fields: tuple[tuple[str, Mode], ...]


def _index(collection: str, *fields: tuple[str, Mode]) -> Index:
    return Index(collection, fields)


_NEWEST_RECORDS: tuple[tuple[str, Mode], ...] = (
    ("internal_date", "DESC"),
    ("message_id", "DESC"),
)

COMPOSITE = (
    _index("connections", ("terms", "CONTAINS"), ("created_at", "DESC")),
    _index("sync", ("shard", "ASC"), ("next_due_at", "ASC")),
    _index("events", ("shard", "ASC"), ("due_at", "ASC")),
    _index("events", ("listed_under", "CONTAINS"), ("created_at", "DESC")),
    _index("operations", ("listed_under", "CONTAINS"), ("started_at", "DESC")),
    _index("sends", ("shard", "ASC"), ("due_at", "ASC")),
    _index("sends", ("listed_under", "CONTAINS"), ("created_at", "DESC")),
    _index("sends", ("traces", "CONTAINS"), ("connection_id", "ASC")),
    _index("approvals", ("shard", "ASC"), ("due_at", "ASC")),
    _index("approvals", ("listed_under", "CONTAINS"), ("created_at", "DESC")),
    _index("bulk_sends", ("shard", "ASC"), ("due_at", "ASC")),
    _index("bulk_sends", ("open_of", "ASC"), ("created_at", "ASC")),
    _index("records", ("deleted_at", "ASC"), *_NEWEST_RECORDS),
    _index("records", ("deleted_at", "ASC"), ("label_ids", "CONTAINS"), *_NEWEST_RECORDS),
    _index("records", ("deleted_at", "ASC"), ("terms", "CONTAINS"), *_NEWEST_RECORDS),
    _index("records", ("deleted_at", "ASC"), ("thread_id", "ASC"), *_NEWEST_RECORDS),
    _index("records", ("last_action", "ASC"), ("sequence", "ASC")),
    _index("records", ("sequence", "ASC"), ("last_modified_at", "ASC")),
    _index("records", ("last_action", "ASC"), ("sequence", "ASC"), ("last_modified_at", "ASC")),
    _index("records", ("pruned_at", "ASC"), ("sequence", "ASC")),
    _index("records", ("pruned_at", "ASC"), ("deleted_at", "ASC")),
    _index("model_syncs", ("shard", "ASC"), ("next_due_at", "ASC")),
    _index("model_records", ("model", "ASC"), ("sequence", "ASC")),
    _index("model_records", ("model", "ASC"), ("source", "ASC")),
    _index("model_records", ("model", "ASC"), ("deleted_at", "ASC"), ("id", "ASC")),
    _index("model_records", ("model", "ASC"), ("pruned_at", "ASC"), ("sequence", "ASC")),
    _index("model_records", ("pruned_at", "ASC"), ("deleted_at", "ASC")),
    _index("model_quarantine", ("sync", "ASC"), ("retry_at", "ASC")),
)
"""Composite indexes, collection scope."""

OWNED = ("events", "sends", "approvals", "bulk_sends", "action_results")
"""Collections whose documents end with the connection that their `connection_id` names."""

SINGLE_FIELD = (
    *(_index(collection, ("connection_id", "ASC")) for collection in OWNED),
    _index("api_keys", ("created_at", "DESC")),
    _index("api_keys", ("parent", "ASC")),
    _index("console_sessions", ("created_at", "DESC")),
    _index("webhook_endpoints", ("created_at", "ASC")),
    _index("connections", ("created_at", "DESC")),
    _index("mailboxes", ("renew_at", "ASC")),
    _index("records", ("sequence", "ASC")),
    _index("quarantine", ("retry_at", "ASC")),
    _index("model_syncs", ("connection_id", "ASC")),
)
"""The automatic single-field indexes to keep; exempt every other field of every collection."""

TTL = {
    "connect_sessions": "expires_at",
    "connect_tickets": "expires_at",
    "oauth_states": "expires_at",
    "action_results": "expires_at",
    "operations": "expires_at",
    "sends": "expires_at",
    "bulk_sends": "expires_at",
    "approvals": "expires_at",
    "send_counts": "expires_at",
    "events": "expires_at",
    "receipts": "expires_at",
    "api_keys": "expires_at",
    "console_sessions": "expires_at",
}
"""The timestamp field after which Firestore deletes a document, within a day (FACTS 9.6)."""
