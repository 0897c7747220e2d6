"""The embedded store: every store port on one SQLite file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from shared.adapters.documents import codec as codecs
from shared.adapters.sqlite.access import SqliteApiKeys, SqliteApprovals, SqliteConsoleSessions
from shared.adapters.sqlite.connections import SqliteConnections, SqliteMailboxes
from shared.adapters.sqlite.database import SqliteDatabase, optional_us
from shared.adapters.sqlite.documents import Columns, SqliteDocuments, no_columns
from shared.adapters.sqlite.events import SqliteOperations, SqliteOutbox, SqliteWebhookEndpoints
from shared.adapters.sqlite.models import SqliteModelRecords, SqliteModelSyncs
from shared.adapters.sqlite.records import SqliteRecords
from shared.adapters.sqlite.retention import SqliteRetention
from shared.adapters.sqlite.sends import SqliteBulkSends, SqliteSends
from shared.adapters.sqlite.sync import SqliteQuarantine, SqliteSyncStates
from shared.ports.clock import Clock
from shared.ports.events import Wake, wake_nothing
from shared.ports.store import Store

T = TypeVar("T")


def open_store(path: str | Path, clock: Clock, wake: Wake = wake_nothing) -> Store:
    """Open or create the file; one call for each process or event loop that uses it.

    The clock decides when expired documents are swept; `wake` is called with each event once it
    is stored, by whatever method. Raises StoreUnavailableError.
    """
    database = SqliteDatabase(path)
    outbox = SqliteOutbox(database, clock, wake)

    def documents(
        codec: codecs.Codec[T], columns: Callable[[T], Columns] = no_columns
    ) -> SqliteDocuments[T]:
        return SqliteDocuments(database, codec, clock, columns)

    async def close() -> None:
        database.close()

    return Store(
        connections=SqliteConnections(database, clock),
        grants=documents(codecs.GRANTS),
        google_users=documents(codecs.GOOGLE_USERS),
        mailboxes=SqliteMailboxes(database, clock),
        mailbox_names=documents(codecs.MAILBOX_NAMES),
        sync_states=SqliteSyncStates(outbox),
        records=SqliteRecords(database),
        quarantine=SqliteQuarantine(database),
        model_syncs=SqliteModelSyncs(outbox),
        model_records=SqliteModelRecords(database),
        adoptions=documents(codecs.ADOPTIONS),
        outbox=outbox,
        operations=SqliteOperations(database, clock),
        connect_sessions=documents(codecs.CONNECT_SESSIONS, _expiry),
        connect_tickets=documents(codecs.CONNECT_TICKETS, _expiry),
        oauth_states=documents(codecs.OAUTH_STATES, _expiry),
        sends=SqliteSends(outbox),
        bulk_sends=SqliteBulkSends(database, clock),
        action_results=documents(codecs.ACTION_RESULTS, _expiry),
        approvals=SqliteApprovals(outbox),
        send_counts=documents(codecs.SEND_COUNTS, _expiry),
        api_keys=SqliteApiKeys(database, clock),
        console_sessions=SqliteConsoleSessions(database, clock),
        receipts=documents(codecs.RECEIPTS, _expiry),
        retention=SqliteRetention(database, clock),
        webhook_endpoints=SqliteWebhookEndpoints(database, clock),
        troubles=documents(codecs.TROUBLES),
        observations=documents(codecs.OBSERVATIONS),
        close=close,
    )


def _expiry(value: Any) -> Columns:
    return {"expires_us": optional_us(value.expires_at)}
