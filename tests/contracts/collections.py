"""The collections that documents are kept in: a value of each, and an edit that counts."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.contracts.samples import (
    action_result,
    adoption,
    api_key,
    approval,
    bulk_send,
    connect_session,
    connect_ticket,
    connection,
    console_session,
    event,
    google_user,
    grant,
    mailbox,
    mailbox_name,
    model_sync,
    oauth_state,
    observed,
    receipt,
    send,
    send_count,
    sync_state,
    trouble_board,
    webhook_endpoint,
)


@dataclass(frozen=True)
class Sample:
    """One collection: its port's name, its stored name, a value and an edit that changes it."""

    port: str
    collection: str
    make: Callable[[str], Any]
    id_of: Callable[[Any], str]
    edit: Callable[[Any, int], Any]
    counter: Callable[[Any], int]
    """What `edit` counts up: lost updates show in it."""

    def __str__(self) -> str:
        return self.port


def _attempts(value: Any, by: int) -> Any:
    return replace(value, attempts=value.attempts + by)


def _attempted(value: Any) -> int:
    return int(value.attempts)


def _version(value: Any, by: int) -> Any:
    return replace(value, schema_version=value.schema_version + by)


def _by_id(value: Any) -> str:
    return str(value.id)


def _by_connection(value: Any) -> str:
    return str(value.connection_id)


def _schema(value: Any) -> int:
    return int(value.schema_version)


SAMPLES = (
    Sample("connections", "connections", connection, _by_id, _version, _schema),
    Sample(
        "grants",
        "grants",
        grant,
        _by_connection,
        lambda value, by: replace(value, generation=value.generation + by),
        lambda value: int(value.generation),
    ),
    Sample(
        "google_users", "google_users", google_user, lambda value: str(value.sub), _version, _schema
    ),
    Sample("mailboxes", "mailboxes", mailbox, lambda value: str(value.key), _version, _schema),
    Sample(
        "mailbox_names",
        "mailbox_names",
        mailbox_name,
        lambda value: str(value.name),
        _version,
        _schema,
    ),
    Sample(
        "sync_states",
        "sync",
        sync_state,
        _by_connection,
        lambda value, by: replace(value, failures=value.failures + by),
        lambda value: int(value.failures),
    ),
    Sample("outbox", "events", event, _by_id, _attempts, _attempted),
    Sample("connect_sessions", "connect_sessions", connect_session, _by_id, _version, _schema),
    Sample("connect_tickets", "connect_tickets", connect_ticket, _by_id, _version, _schema),
    Sample("oauth_states", "oauth_states", oauth_state, _by_id, _version, _schema),
    Sample("sends", "sends", send, _by_id, _attempts, _attempted),
    Sample("bulk_sends", "bulk_sends", bulk_send, _by_id, _version, _schema),
    Sample("approvals", "approvals", approval, _by_id, _attempts, _attempted),
    Sample("send_counts", "send_counts", send_count, _by_id, _version, _schema),
    Sample("action_results", "action_results", action_result, _by_id, _version, _schema),
    Sample("webhook_endpoints", "webhook_endpoints", webhook_endpoint, _by_id, _version, _schema),
    Sample("api_keys", "api_keys", api_key, _by_id, _version, _schema),
    Sample("console_sessions", "console_sessions", console_session, _by_id, _version, _schema),
    Sample("troubles", "troubles", trouble_board, _by_id, _version, _schema),
    Sample("observations", "observations", observed, _by_id, _version, _schema),
    Sample("model_syncs", "model_syncs", model_sync, _by_id, _version, _schema),
    Sample("adoptions", "deployments", adoption, _by_id, _version, _schema),
    Sample(
        "receipts",
        "receipts",
        receipt,
        _by_connection,
        lambda value, by: replace(value, records_deleted=value.records_deleted + by),
        lambda value: int(value.records_deleted),
    ),
)
