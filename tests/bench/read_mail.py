"""CPU per message from Gmail's JSON to a stored payload, and from there to an answer.

Run it with `python -m tests.bench.read_mail`. The mail is the emulated Google's corpus with the
transport headers that real mail carries (about 5 kB, random, so that they do not compress).
"""

import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import orjson

from infra.local.google.corpus import seed_messages
from infra.local.google.mail.mime import read_part
from infra.local.google.mail.rendering import render as render_mime
from shared.domain.ids import ConnectionId, HistoryId, MessageId, SequenceNumber, ThreadId
from shared.domain.mail.reading.email_message import read_message
from shared.domain.packed import GzipText, PlainText, Text, unpack_object
from shared.domain.sync.records.payload import pack, unpack
from shared.domain.sync.records.record import Origin, Record, RecordHead
from shared.domain.sync.records.rows import record_row

MESSAGES: Final = 2_000
NOW: Final = datetime(2026, 11, 20, tzinfo=UTC)
TRANSPORT_HEADERS: Final = {
    "Received": 250,
    "X-Received": 150,
    "ARC-Seal": 380,
    "ARC-Message-Signature": 700,
    "ARC-Authentication-Results": 450,
    "Received-SPF": 150,
    "Authentication-Results": 430,
    "DKIM-Signature": 700,
    "X-Google-DKIM-Signature": 700,
    "X-Gm-Message-State": 120,
}
T = TypeVar("T")


def corpus() -> list[bytes]:
    """Make the messages as Gmail would answer them."""
    rng = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789+/=; "
    noise = [
        {"name": name, "value": "".join(rng.choices(letters, k=size))}
        for name, size in TRANSPORT_HEADERS.items()
    ]
    found = []
    for mail in seed_messages("ada@demo.example", MESSAGES, 25, NOW):
        rendered = render_mime(read_part(mail.raw))
        payload: dict[str, Any] = orjson.loads(b"attachment".join(rendered.payload))
        payload["headers"] = noise + payload["headers"]
        message = {
            "id": "18c0000000000001",
            "threadId": "18c0000000000001",
            "labelIds": list(mail.label_ids),
            "snippet": rendered.snippet,
            "historyId": "1234",
            "internalDate": str(int(mail.internal_date.timestamp() * 1000)),
            "sizeEstimate": len(mail.raw),
            "payload": payload,
        }
        found.append(orjson.dumps(message))
    return found


def record(payload: bytes) -> Record:
    """Make a stored record."""
    head = RecordHead(
        message_id=MessageId("18c0000000000001"),
        thread_id=ThreadId("18c0000000000001"),
        label_ids=frozenset(),
        history_id=HistoryId(1),
        fetched_at_history=HistoryId(1),
        internal_date=NOW,
        sequence=SequenceNumber(1),
        origin=Origin.LIVE,
        first_seen_at=NOW,
        last_modified_at=NOW,
    )
    return Record(head, payload)


def measure(name: str, work: Callable[[T], Any], items: Sequence[T]) -> None:
    """Print the CPU per item, the best of three rounds."""
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        for item in items:
            work(item)
        best = min(best, (time.process_time() - began) / len(items))
    print(f"  {name:<44}{best * 1e6:>8.0f} us")


def report(name: str, raw: Sequence[bytes]) -> None:
    """Measure each step on these messages."""
    print(
        f"{name}: {len(raw)} messages, {sum(map(len, raw)) / len(raw) / 1000:.1f} kB of JSON each"
    )
    parsed = [orjson.loads(text) for text in raw]
    packed = [pack(read_message(message)) for message in parsed]
    size = sum(len(unpack_object(payload)) for payload in packed) / sum(map(len, packed))
    print(
        f"  payloads {sum(map(len, packed)) / len(packed) / 1000:.1f} kB, {size:.1f} times smaller"
    )
    measure("orjson", orjson.loads, raw)
    measure("read_message", read_message, parsed)
    measure("pack", pack, [read_message(message) for message in parsed])
    measure("all three", lambda text: pack(read_message(orjson.loads(text))), raw)
    records = [record(payload) for payload in packed]
    measure("unpack (parsed)", unpack, packed)
    measure("shown, inflated", lambda one: _written(PlainText(), one), records)
    measure("shown, as it is packed", lambda one: _written(GzipText(), one), records)


def _written(text: Text, one: Record) -> bytes:
    record_row(one).write(text, ConnectionId("c-1"))
    return text.end()


def main() -> None:
    """Measure the whole corpus and its larger half."""
    raw = corpus()
    report("whole corpus", raw)
    report("larger mail", sorted(raw, key=len)[-MESSAGES * 3 // 10 :])


if __name__ == "__main__":
    main()
