"""Settings, connections, records and keys, made up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from shared.adapters.sqlite.database import SqliteDatabase
from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.connect.scopes import MODIFY
from shared.domain.ids import (
    ConnectionId,
    GoogleSub,
    HistoryId,
    LabelId,
    MessageId,
    SequenceNumber,
    ThreadId,
)
from shared.domain.keys.api_key import ApiKey, digest_of, new_id, new_token
from shared.domain.sync.records.payload import make_payload
from shared.domain.sync.records.record import Origin, Record, RecordHead
from shared.edge.composition.container import AutowiredContainer
from shared.ports.access import ApiKeys
from shared.ports.clock import Clock
from shared.ports.sync_store import Batch, SyncStates

API_KEY = "postroom-local-key"
ENVIRON = {
    "POSTROOM_PUBLIC_URL": "http://127.0.0.1:8080",
    "POSTROOM_TASKS_SERVICE_ACCOUNT": "tasks@demo.iam.gserviceaccount.com",
    "POSTROOM_PUSH_SERVICE_ACCOUNT": "gmail-push@demo.iam.gserviceaccount.com",
    "POSTROOM_SCHEDULER_SERVICE_ACCOUNT": "scheduler@demo.iam.gserviceaccount.com",
    "POSTROOM_GMAIL_TOPIC": "projects/demo/topics/gmail",
    "POSTROOM_OAUTH_CLIENT_ID": "postroom-local.apps.googleusercontent.com",
    "POSTROOM_OAUTH_CLIENT_SECRET": "postroom-local-secret",
    "POSTROOM_GOOGLE_URL": "http://127.0.0.1:8085",
    "POSTROOM_PRODUCT_ORIGINS": "http://127.0.0.1:8090",
    "POSTROOM_API_KEYS": sha256(API_KEY.encode()).hexdigest(),
}

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
CONNECTION = ConnectionId("11111111-1111-4111-8111-111111111111")
OTHER = ConnectionId("22222222-2222-4222-8222-222222222222")


def environ(folder: Path) -> dict[str, str]:
    """Return the settings of a deployment with its files in `folder`."""
    path = folder / "postroom.sqlite"
    if folder.is_dir() and not path.exists():
        path.write_bytes(empty_store())
    return {
        **ENVIRON,
        "POSTROOM_STORE": f"sqlite:{path}",
        "POSTROOM_KEYRING": f"file:{folder / 'keyring.json'}",
    }


def environ_in_memory(folder: Path) -> dict[str, str]:
    """Return the settings of a deployment of one instance, whose store ends with it."""
    queue = f"sqlite:{folder / 'postroom-queue.sqlite'}"
    return {
        **ENVIRON,
        "POSTROOM_STORE": "sqlite::memory:",
        "POSTROOM_QUEUE": queue,
        "POSTROOM_KEYRING": f"file:{folder / 'keyring.json'}",
    }


@cache
def empty_store() -> bytes:
    """Return a store's file with its tables and no row: copied in a third of the time."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "empty.sqlite"
        SqliteDatabase(path).close()
        return path.read_bytes()


def a_connection(id: ConnectionId = CONNECTION, **changes: Any) -> Connection:
    """Return an active connection of ada@example.com."""
    made = Connection(
        id=id,
        email="ada@example.com",
        sub=GoogleSub(f"sub-of-{id}"),
        scopes=frozenset({"openid", "email", MODIFY}),
        status=ConnectionStatus.ACTIVE,
        created_at=NOW,
        updated_at=NOW,
        tags={"end_user_id": "u-1", "team": "blue"},
        end_user={"id": "u-1", "email": None, "display_name": None, "organization": None},
    )
    return replace(made, **changes)


def a_record(number: int, **changes: Any) -> Record:
    """Return the record of message `number`, received that many minutes after NOW."""
    id = MessageId(f"{number:016x}")
    content = {"id": id, "threadId": id, "subject": f"Letter {number}", "text": "Hello"}
    head = RecordHead(
        message_id=id,
        thread_id=ThreadId(id),
        label_ids=frozenset({LabelId("INBOX"), LabelId("UNREAD")}),
        history_id=HistoryId(1000 + number),
        fetched_at_history=HistoryId(1000 + number),
        internal_date=NOW + timedelta(minutes=number),
        sequence=SequenceNumber(number),
        origin=Origin.LIVE,
        first_seen_at=NOW,
        last_modified_at=NOW + timedelta(minutes=number),
    )
    return Record(replace(head, **changes), make_payload(content).data)


async def store_records(
    container: AutowiredContainer, *records: Record, id: ConnectionId = CONNECTION
) -> None:
    """Commit records as a sync does."""
    was = await container.use(SyncStates).get(id)
    assert was is not None
    last = max(record.head.sequence for record in records)
    state = replace(was.value, sequence=last, live_records=len(records))
    await container.use(SyncStates).commit(was, state, Batch(put=records))


def tenant(id: str = CONNECTION) -> dict[str, str]:
    """Return the headers that name a connection."""
    return {"Connection-Id": id, "Provider-Config-Key": "google-mail"}


def error_of(response: httpx.Response) -> Any:
    """Return the error object of a refused request."""
    return response.json()["error"]


async def a_key(container: AutowiredContainer, *permissions: str, **changes: Any) -> str:
    """Store an API key; answer it in clear."""
    id = new_id()
    token = new_token(id)
    made = ApiKey(id, "a key", digest_of(token), frozenset(permissions), container.use(Clock).now())
    await container.use(ApiKeys).create(replace(made, **changes))
    return token
