"""The tables of the SQLite store.

A document is JSON with its compare-and-set version; what queries look for stands beside it in
columns. Times are microseconds since 1970. Payloads live apart from heads, so that walking heads
stays cheap however large the mail is.
"""

_DOCUMENT = "id TEXT PRIMARY KEY, version INTEGER NOT NULL, document TEXT NOT NULL"
_SWEPT = (
    "connect_sessions", "connect_tickets", "oauth_states", "action_results", "operations",
    "receipts", "sends", "events", "api_keys", "bulk_sends", "approvals", "send_counts",
    "console_sessions",
)  # fmt: skip
SWEPT = frozenset(_SWEPT)
"""Collections whose documents go some time after their `expires_at`."""
_DOCUMENT_OWNER = "json_extract(document, '$.connection_id')"
OWNED = {
    "events": "connection_id",
    "sends": "connection_id",
    "approvals": "connection_id",
    "bulk_sends": _DOCUMENT_OWNER,
    "action_results": _DOCUMENT_OWNER,
}
"""Collections whose documents end with their connection, and how each names it."""

ADDED = (
    ("events", "expires_us", "INTEGER"),
    ("sends", "shard", "INTEGER"),
    ("sends", "marker", "TEXT"),
    ("sends", "rfc822_id", "TEXT"),
    ("records", "earlier", "TEXT NOT NULL DEFAULT '[]'"),
    ("records", "reason", "TEXT"),
    ("records", "terms", "TEXT NOT NULL DEFAULT '[]'"),
    ("model_records", "reason", "TEXT"),
    ("connection_terms", "created_us", "INTEGER"),
    ("api_keys", "parent", "TEXT"),
)
"""Columns that tables made by an earlier version lack: table, name, type."""

REPLACED = (
    "sync_due",
    "events_due",
    "sends_shard_due",
    "approvals_due",
    "bulk_sends_due",
    "model_syncs_due",
)
"""Indexes that an earlier version made, and that no read uses any more."""

SCHEMA = (
    *(f"DROP INDEX IF EXISTS {name}" for name in REPLACED),
    f"""CREATE TABLE IF NOT EXISTS connections ({_DOCUMENT}, created_us INTEGER NOT NULL)""",
    """CREATE INDEX IF NOT EXISTS connections_newest ON connections (created_us DESC, id DESC)""",
    """CREATE TABLE IF NOT EXISTS connection_terms (
        term TEXT NOT NULL, id TEXT NOT NULL, created_us INTEGER,
        PRIMARY KEY (term, id)) WITHOUT ROWID""",
    """CREATE INDEX IF NOT EXISTS connection_terms_newest
        ON connection_terms (term, created_us DESC, id DESC)""",
    """CREATE INDEX IF NOT EXISTS connection_terms_undated ON connection_terms (id)
        WHERE created_us IS NULL""",
    """UPDATE connection_terms SET created_us =
        (SELECT created_us FROM connections WHERE connections.id = connection_terms.id)
        WHERE created_us IS NULL""",
    """CREATE INDEX IF NOT EXISTS connection_terms_of ON connection_terms (id)""",
    f"""CREATE TABLE IF NOT EXISTS grants ({_DOCUMENT})""",
    f"""CREATE TABLE IF NOT EXISTS google_users ({_DOCUMENT})""",
    f"""CREATE TABLE IF NOT EXISTS mailboxes ({_DOCUMENT}, renew_us INTEGER)""",
    """CREATE INDEX IF NOT EXISTS mailboxes_renew ON mailboxes (renew_us)
        WHERE renew_us IS NOT NULL""",
    f"""CREATE TABLE IF NOT EXISTS mailbox_names ({_DOCUMENT})""",
    f"""CREATE TABLE IF NOT EXISTS sync ({_DOCUMENT}, shard INTEGER NOT NULL, due_us INTEGER)""",
    """CREATE INDEX IF NOT EXISTS sync_due_at ON sync (due_us) WHERE due_us IS NOT NULL""",
    f"""CREATE TABLE IF NOT EXISTS events ({_DOCUMENT}, connection_id TEXT NOT NULL,
        state TEXT NOT NULL, created_us INTEGER NOT NULL, shard INTEGER NOT NULL,
        due_us INTEGER, expires_us INTEGER)""",
    """CREATE INDEX IF NOT EXISTS events_due_at ON events (due_us)
        WHERE due_us IS NOT NULL""",
    """CREATE INDEX IF NOT EXISTS events_newest ON events (created_us DESC)""",
    """CREATE INDEX IF NOT EXISTS events_state ON events (state, created_us DESC)""",
    """CREATE INDEX IF NOT EXISTS events_of ON events (connection_id, created_us DESC)""",
    f"""CREATE TABLE IF NOT EXISTS operations ({_DOCUMENT}, connection_id TEXT,
        type TEXT NOT NULL, state TEXT NOT NULL, started_us INTEGER NOT NULL,
        expires_us INTEGER)""",
    """CREATE INDEX IF NOT EXISTS operations_newest ON operations (started_us DESC)""",
    """CREATE INDEX IF NOT EXISTS operations_of ON operations (connection_id, started_us DESC)""",
    """CREATE INDEX IF NOT EXISTS operations_kind ON operations (type, started_us DESC)""",
    """CREATE INDEX IF NOT EXISTS operations_state ON operations (state, started_us DESC)""",
    f"""CREATE TABLE IF NOT EXISTS connect_sessions ({_DOCUMENT}, expires_us INTEGER)""",
    f"""CREATE TABLE IF NOT EXISTS connect_tickets ({_DOCUMENT}, expires_us INTEGER)""",
    f"""CREATE TABLE IF NOT EXISTS oauth_states ({_DOCUMENT}, expires_us INTEGER)""",
    f"""CREATE TABLE IF NOT EXISTS action_results ({_DOCUMENT}, expires_us INTEGER)""",
    f"""CREATE TABLE IF NOT EXISTS api_keys ({_DOCUMENT}, created_us INTEGER NOT NULL,
        expires_us INTEGER, parent TEXT)""",
    """CREATE INDEX IF NOT EXISTS api_keys_of ON api_keys (parent) WHERE parent IS NOT NULL""",
    f"""CREATE TABLE IF NOT EXISTS webhook_endpoints ({_DOCUMENT},
        created_us INTEGER NOT NULL)""",
    f"""CREATE TABLE IF NOT EXISTS console_sessions ({_DOCUMENT}, created_us INTEGER NOT NULL,
        expires_us INTEGER)""",
    f"""CREATE TABLE IF NOT EXISTS receipts ({_DOCUMENT}, expires_us INTEGER)""",
    f"""CREATE TABLE IF NOT EXISTS sends ({_DOCUMENT}, connection_id TEXT NOT NULL,
        created_us INTEGER NOT NULL, due_us INTEGER, expires_us INTEGER, shard INTEGER,
        marker TEXT, rfc822_id TEXT)""",
    """CREATE INDEX IF NOT EXISTS sends_due_at ON sends (due_us)
        WHERE due_us IS NOT NULL""",
    """CREATE INDEX IF NOT EXISTS sends_marker ON sends (marker)""",
    """CREATE INDEX IF NOT EXISTS sends_rfc822 ON sends (rfc822_id)""",
    """CREATE INDEX IF NOT EXISTS sends_newest ON sends (created_us DESC)""",
    """CREATE INDEX IF NOT EXISTS sends_of ON sends (connection_id, created_us DESC)""",
    """CREATE INDEX IF NOT EXISTS sends_state
        ON sends (json_extract(document, '$.state'), created_us DESC)""",
    f"""CREATE TABLE IF NOT EXISTS approvals ({_DOCUMENT}, connection_id TEXT NOT NULL,
        state TEXT NOT NULL, created_us INTEGER NOT NULL, shard INTEGER NOT NULL,
        due_us INTEGER, expires_us INTEGER)""",
    """CREATE INDEX IF NOT EXISTS approvals_due_at ON approvals (due_us)
        WHERE due_us IS NOT NULL""",
    """CREATE INDEX IF NOT EXISTS approvals_newest ON approvals (created_us DESC, id DESC)""",
    """CREATE INDEX IF NOT EXISTS approvals_state
        ON approvals (state, created_us DESC, id DESC)""",
    """CREATE INDEX IF NOT EXISTS approvals_of
        ON approvals (connection_id, created_us DESC, id DESC)""",
    f"""CREATE TABLE IF NOT EXISTS send_counts ({_DOCUMENT}, expires_us INTEGER)""",
    f"""CREATE TABLE IF NOT EXISTS bulk_sends ({_DOCUMENT}, open_of TEXT,
        created_us INTEGER NOT NULL, shard INTEGER NOT NULL, due_us INTEGER,
        expires_us INTEGER)""",
    """CREATE INDEX IF NOT EXISTS bulk_sends_due_at ON bulk_sends (due_us)
        WHERE due_us IS NOT NULL""",
    *(
        f"CREATE INDEX IF NOT EXISTS {table}_owner ON {table} ({owner})"
        for table, owner in OWNED.items()
        if owner == _DOCUMENT_OWNER
    ),
    """CREATE INDEX IF NOT EXISTS bulk_sends_open ON bulk_sends (open_of, created_us)
        WHERE open_of IS NOT NULL""",
    *(
        f"""CREATE INDEX IF NOT EXISTS {table}_expiry ON {table} (expires_us)
            WHERE expires_us IS NOT NULL"""
        for table in _SWEPT
    ),
    f"""CREATE TABLE IF NOT EXISTS troubles ({_DOCUMENT})""",
    f"""CREATE TABLE IF NOT EXISTS observations ({_DOCUMENT})""",
    """CREATE TABLE IF NOT EXISTS records (
        key INTEGER PRIMARY KEY, connection_id TEXT NOT NULL, message_id TEXT NOT NULL,
        thread_id TEXT NOT NULL, label_ids TEXT NOT NULL, history_id INTEGER NOT NULL,
        fetched_at_history INTEGER NOT NULL, internal_us INTEGER NOT NULL,
        sequence INTEGER NOT NULL, origin TEXT NOT NULL, first_seen_us INTEGER NOT NULL,
        last_modified_us INTEGER NOT NULL, last_action TEXT NOT NULL, deleted_us INTEGER,
        pruned_us INTEGER, schema_version INTEGER NOT NULL, body_truncated INTEGER NOT NULL,
        earlier TEXT NOT NULL DEFAULT '[]', reason TEXT, terms TEXT NOT NULL DEFAULT '[]',
        UNIQUE (connection_id, message_id))""",
    """CREATE INDEX IF NOT EXISTS records_sequence ON records (connection_id, sequence)""",
    """CREATE INDEX IF NOT EXISTS records_unpruned ON records (connection_id, sequence)
        WHERE pruned_us IS NULL""",
    """CREATE INDEX IF NOT EXISTS records_deleted ON records (connection_id, deleted_us)
        WHERE deleted_us IS NOT NULL AND pruned_us IS NULL""",
    """CREATE INDEX IF NOT EXISTS records_newest
        ON records (connection_id, internal_us DESC, message_id DESC) WHERE deleted_us IS NULL""",
    """CREATE INDEX IF NOT EXISTS records_thread
        ON records (connection_id, thread_id, internal_us DESC, message_id DESC)
        WHERE deleted_us IS NULL""",
    """CREATE TABLE IF NOT EXISTS record_payloads (
        key INTEGER PRIMARY KEY, payload BLOB NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS record_labels (
        connection_id TEXT NOT NULL, label_id TEXT NOT NULL, internal_us INTEGER NOT NULL,
        message_id TEXT NOT NULL, key INTEGER NOT NULL,
        PRIMARY KEY (connection_id, label_id, internal_us, message_id)) WITHOUT ROWID""",
    """CREATE INDEX IF NOT EXISTS record_labels_of ON record_labels (key)""",
    """CREATE TABLE IF NOT EXISTS record_terms (
        connection_id TEXT NOT NULL, term TEXT NOT NULL, internal_us INTEGER NOT NULL,
        message_id TEXT NOT NULL, key INTEGER NOT NULL,
        PRIMARY KEY (connection_id, term, internal_us, message_id)) WITHOUT ROWID""",
    """CREATE INDEX IF NOT EXISTS record_terms_of ON record_terms (key)""",
    """CREATE TABLE IF NOT EXISTS quarantine (
        connection_id TEXT NOT NULL, message_id TEXT NOT NULL, retry_us INTEGER NOT NULL,
        document TEXT NOT NULL, PRIMARY KEY (connection_id, message_id)) WITHOUT ROWID""",
    """CREATE INDEX IF NOT EXISTS quarantine_retry ON quarantine (connection_id, retry_us)""",
    f"""CREATE TABLE IF NOT EXISTS deployments ({_DOCUMENT})""",
    f"""CREATE TABLE IF NOT EXISTS model_syncs ({_DOCUMENT}, connection_id TEXT NOT NULL,
        shard INTEGER NOT NULL, due_us INTEGER)""",
    """CREATE INDEX IF NOT EXISTS model_syncs_due_at ON model_syncs (due_us)
        WHERE due_us IS NOT NULL""",
    """CREATE INDEX IF NOT EXISTS model_syncs_of ON model_syncs (connection_id)""",
    """CREATE TABLE IF NOT EXISTS model_records (
        key INTEGER PRIMARY KEY, connection_id TEXT NOT NULL, model TEXT NOT NULL,
        id TEXT NOT NULL, hash TEXT NOT NULL, sequence INTEGER NOT NULL,
        first_seen_us INTEGER NOT NULL, last_modified_us INTEGER NOT NULL,
        last_action TEXT NOT NULL, source TEXT, deleted_us INTEGER, pruned_us INTEGER,
        schema_version INTEGER NOT NULL, reason TEXT, UNIQUE (connection_id, model, id))""",
    """CREATE INDEX IF NOT EXISTS model_records_sequence
        ON model_records (connection_id, model, sequence)""",
    """CREATE INDEX IF NOT EXISTS model_records_source
        ON model_records (connection_id, model, source) WHERE source IS NOT NULL""",
    """CREATE INDEX IF NOT EXISTS model_records_unpruned
        ON model_records (connection_id, model, sequence) WHERE pruned_us IS NULL""",
    """CREATE INDEX IF NOT EXISTS model_records_deleted ON model_records (connection_id, deleted_us)
        WHERE deleted_us IS NOT NULL AND pruned_us IS NULL""",
    """CREATE TABLE IF NOT EXISTS model_payloads (
        key INTEGER PRIMARY KEY, payload BLOB NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS model_quarantine (
        connection_id TEXT NOT NULL, sync TEXT NOT NULL, key TEXT NOT NULL,
        retry_us INTEGER NOT NULL, document TEXT NOT NULL,
        PRIMARY KEY (connection_id, sync, key)) WITHOUT ROWID""",
    """CREATE INDEX IF NOT EXISTS model_quarantine_retry
        ON model_quarantine (connection_id, sync, retry_us)""",
)
