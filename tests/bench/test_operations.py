"""What each thing a mailbox does costs in billed operations: the input of infra/costs.py.

Run it with `make bench ARGS=tests/bench/test_operations.py`; it compares what it counts with
`infra/terraform/operations.json`, and writes what it counted to build/operations.json.
"""

import json
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from infra.archives import ROOT
from infra.costs import COUNTED
from infra.local.connecting import connect
from infra.local.google.settings import GoogleSettings
from infra.local.system import LocalSystem
from shared.adapters.firestore.rpc import FirestoreRpc
from shared.adapters.sqlite.queue import SqliteQueue
from shared.domain.ids import ConnectionId
from shared.usecases.reconcile import Reconcile, WakeDeliveries
from shared.usecases.sync.renew_watches import RenewWatches

EMAIL = "ada@acme.example"
BACKFILL = 200
MAILS = 20
MAIL = b"From: bo@example.org\r\nTo: ada@acme.example\r\nSubject: Tea\r\n\r\nAt four?"
PLENTY = 10**9


class Meter(logging.Handler):
    """Counts Firestore's billed operations, calls, tasks and requests while it is attached."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage() == "request":
            self.counts["requests"] += 1

    def attach(self, monkeypatch: pytest.MonkeyPatch) -> None:
        counts = self.counts
        get, commit, stream = FirestoreRpc._get, FirestoreRpc.commit, FirestoreRpc.stream
        enqueue = SqliteQueue.enqueue

        async def counted_get(rpc: Any, names: Any, fields: Any) -> Any:
            counts["reads"] += len(names)
            counts["store_calls"] += 1
            return await get(rpc, names, fields)

        async def counted_commit(rpc: Any, writes: Any) -> Any:
            results = await commit(rpc, writes)
            gone = sum(1 for write in writes if write.delete)
            counts["deletes"] += gone
            counts["writes"] += len(writes) - gone
            counts["store_calls"] += 1
            return results

        async def counted_stream(rpc: Any, structured: Any, parent: Any = None) -> Any:
            counts["store_calls"] += 1
            found = 0
            async for document in stream(rpc, structured, parent):
                found += 1
                yield document
            counts["reads"] += max(1, found)  # an empty answer is billed as one read

        async def counted_enqueue(queue: Any, task: Any) -> Any:
            counts["tasks"] += 1
            return await enqueue(queue, task)

        monkeypatch.setattr(FirestoreRpc, "_get", counted_get)
        monkeypatch.setattr(FirestoreRpc, "commit", counted_commit)
        monkeypatch.setattr(FirestoreRpc, "stream", counted_stream)
        monkeypatch.setattr(SqliteQueue, "enqueue", counted_enqueue)
        logger = logging.getLogger("postroom")
        logger.addHandler(self)
        monkeypatch.setattr(logger, "level", logging.INFO)


class Sheet:
    """What was counted, per thing that happened."""

    def __init__(self, meter: Meter, system: LocalSystem) -> None:
        self.meter, self.system = meter, system
        self.rows: dict[str, dict[str, float]] = {}

    @contextmanager
    def row(self, name: str, per: int = 1) -> Iterator[None]:
        self.meter.counts.clear()
        calls, units = self._gmail()
        yield
        after, spent = self._gmail()
        counted = {**self.meter.counts, "gmail_calls": after - calls, "units": spent - units}
        self.rows[name] = {key: round(value / per, 2) for key, value in sorted(counted.items())}

    def subtract(self, name: str, other: str) -> None:
        """Take out of one row what another one of them brought along."""
        for key, value in self.rows[other].items():
            self.rows[name][key] = round(self.rows[name].get(key, 0) - value, 2)

    def _gmail(self) -> tuple[int, int]:
        stats = self.system.emulated.stats.as_json()
        return _total(stats["calls"]), _total(stats["units"])


def _total(counted: Any) -> int:
    return sum(map(_total, counted.values())) if isinstance(counted, dict) else int(counted)


@pytest.mark.emulators
async def test_operations_are_as_the_cost_table_counts_them(
    tmp_path: Path, firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    environ = {
        "POSTROOM_UNITS_PER_MINUTE": str(PLENTY),
        "POSTROOM_STORE": f"firestore:demo-{uuid4().hex[:12]}/(default)",
    }
    meter = Meter()
    meter.attach(monkeypatch)
    google = GoogleSettings(units_per_minute=PLENTY)
    async with LocalSystem.start(tmp_path, environ=environ, google=google, jobs=()) as system:
        sheet = Sheet(meter, system)
        await fill(sheet, system)
    out = ROOT / "build" / "operations.json"
    out.write_text(json.dumps(sheet.rows, indent=2) + "\n")
    print(out.read_text())
    known = json.loads(COUNTED.read_text())
    for name, row in sheet.rows.items():
        for key, value in row.items():
            assert value == pytest.approx(known[name].get(key, 0), rel=0.2, abs=1.0), (name, key)


async def fill(sheet: Sheet, system: LocalSystem) -> None:
    await system.control("/mailboxes", {"email": EMAIL, "messages": BACKFILL})
    with sheet.row("backfilled_mail", BACKFILL):
        connection = ConnectionId(await connect(system.client, system.google, EMAIL))
        await system.settle()
    await system.advance(600)
    await system.settle()
    with sheet.row("pushed_mail", MAILS):
        for _ in range(MAILS):
            await system.google.post(f"/_control/mailboxes/{EMAIL}/messages", content=MAIL)
            await system.settle()
            # What looks again minutes later belongs to the mail it looks after.
            await system.advance(600)
            await system.settle()
    with sheet.row("reconcile_run"):
        await reconcile(system)
    with sheet.row("quiet_hour"):
        await system.advance(3_700)
        await reconcile(system)
    sheet.subtract("quiet_hour", "reconcile_run")
    with sheet.row("renew_run"):
        await system.container.use(RenewWatches)()
    await system.advance(timedelta(days=6).total_seconds())
    with sheet.row("watch_renewed"):
        await system.container.use(RenewWatches)()
        await system.settle()
    with sheet.row("sent_mail"):
        await send(system, connection)
        await system.settle()


async def reconcile(system: LocalSystem) -> None:
    await system.container.use(Reconcile)()
    await system.container.use(WakeDeliveries)()
    await system.settle()


async def send(system: LocalSystem, connection: str) -> None:
    answer = await system.client.post(
        "/send",
        headers={
            "Connection-Id": connection,
            "Provider-Config-Key": "google-mail",
            "Idempotency-Key": uuid4().hex,
        },
        json={"to": "bo@example.org", "subject": "Tea", "body": "At four."},
    )
    assert answer.is_success, answer.text
