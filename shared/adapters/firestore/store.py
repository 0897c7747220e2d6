"""The cloud store: every store port on one Firestore database.

This imports google-cloud-firestore, which takes 0.3 s (FACTS 13.6): import it where it is needed.
"""

from shared.adapters.documents import codec as codecs
from shared.adapters.firestore.access import (
    FirestoreApiKeys,
    FirestoreApprovals,
    FirestoreConsoleSessions,
)
from shared.adapters.firestore.connections import FirestoreConnections, FirestoreMailboxes
from shared.adapters.firestore.documents import FirestoreDocuments
from shared.adapters.firestore.events import (
    FirestoreOperations,
    FirestoreOutbox,
    FirestoreWebhookEndpoints,
)
from shared.adapters.firestore.models import FirestoreModelRecords, FirestoreModelSyncs
from shared.adapters.firestore.records import FirestoreRecords
from shared.adapters.firestore.retention import FirestoreRetention
from shared.adapters.firestore.rpc import FirestoreRpc
from shared.adapters.firestore.sends import FirestoreBulkSends, FirestoreSends
from shared.adapters.firestore.sync import FirestoreQuarantine, FirestoreSyncStates
from shared.domain.trouble_board import TroubleNotes
from shared.ports.events import Wake, wake_nothing
from shared.ports.store import Store


def open_store(
    project: str,
    database: str = "(default)",
    wake: Wake = wake_nothing,
    *,
    notes: TroubleNotes | None = None,
) -> Store:
    """Return the store; it connects at the first call, once for each event loop.

    `wake` is called with each event once it is stored, by whatever method.
    A missing index is noted where `notes` are given. `FIRESTORE_EMULATOR_HOST` is honoured
    (FACTS 13.1).
    """
    return store_over(FirestoreRpc(project, database, notes=notes), wake)


def store_over(rpc: FirestoreRpc, wake: Wake = wake_nothing) -> Store:
    """Return the store over a given connection."""
    outbox = FirestoreOutbox(rpc, wake)
    return Store(
        connections=FirestoreConnections(rpc),
        grants=FirestoreDocuments(rpc, codecs.GRANTS),
        google_users=FirestoreDocuments(rpc, codecs.GOOGLE_USERS),
        mailboxes=FirestoreMailboxes(rpc),
        mailbox_names=FirestoreDocuments(rpc, codecs.MAILBOX_NAMES),
        sync_states=FirestoreSyncStates(outbox),
        records=FirestoreRecords(rpc),
        quarantine=FirestoreQuarantine(rpc),
        model_syncs=FirestoreModelSyncs(outbox),
        model_records=FirestoreModelRecords(rpc),
        adoptions=FirestoreDocuments(rpc, codecs.ADOPTIONS),
        outbox=outbox,
        operations=FirestoreOperations(rpc),
        connect_sessions=FirestoreDocuments(rpc, codecs.CONNECT_SESSIONS),
        connect_tickets=FirestoreDocuments(rpc, codecs.CONNECT_TICKETS),
        oauth_states=FirestoreDocuments(rpc, codecs.OAUTH_STATES),
        sends=FirestoreSends(outbox),
        bulk_sends=FirestoreBulkSends(rpc),
        action_results=FirestoreDocuments(rpc, codecs.ACTION_RESULTS),
        approvals=FirestoreApprovals(outbox),
        send_counts=FirestoreDocuments(rpc, codecs.SEND_COUNTS),
        api_keys=FirestoreApiKeys(rpc),
        console_sessions=FirestoreConsoleSessions(rpc),
        receipts=FirestoreDocuments(rpc, codecs.RECEIPTS),
        retention=FirestoreRetention(rpc),
        webhook_endpoints=FirestoreWebhookEndpoints(rpc),
        troubles=FirestoreDocuments(rpc, codecs.TROUBLES),
        observations=FirestoreDocuments(rpc, codecs.OBSERVATIONS),
        close=rpc.close,
    )
