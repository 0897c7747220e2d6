"""What must be true once nothing is left to do: the copy is the mailbox, and everybody knows."""

from collections.abc import Iterable

from shared.domain.ids import MessageId
from shared.domain.sync.records.payload import unpack
from shared.domain.sync.records.record import RecordHead
from shared.domain.sync.state import SyncState
from tests.chaos.harness import ChaosHarness
from tests.chaos.reader import CursorReader
from tests.harness.syncing import CONNECTION


async def verify(harness: ChaosHarness) -> None:
    """Compare everything with the mailbox."""
    assert not harness.witness.broken, harness.witness.broken
    state, stored = await harness.state(), await harness.stored()
    inside = harness.mailbox(since=state.window_start)
    kept = {id: labels for id, labels in stored.items() if id in inside}
    assert kept == inside, explained(kept, inside)
    heads = await harness.heads()
    await _verify_older(harness, state, {id: stored[id] for id in stored.keys() - inside.keys()})
    assert state.live_records == len(stored)
    assert not await harness.store.quarantine.list(CONNECTION, 10)
    assert all(head.sequence <= state.sequence for head in heads.values())
    await _verify_bodies(harness, stored)
    for reader in (harness.reader, harness.follower, CursorReader(harness.store)):
        await _verify_reader(reader, heads, stored)
    await _verify_events(harness)


async def _verify_older(
    harness: ChaosHarness, state: SyncState, older: dict[str, frozenset[str]]
) -> None:
    """Hold mail beyond the window to the truth too, unless history expired meanwhile."""
    heads = await harness.heads()
    for id in older:
        start = state.window_start
        assert start is not None, f"{id} is stored and not in the mailbox"
        assert heads[id].internal_date < start, f"{id} is stored and not in the mailbox"
    if not harness.expired:
        everything = harness.mailbox()
        assert older == {id: everything.get(id) for id in older}


async def _verify_bodies(harness: ChaosHarness, ids: Iterable[str]) -> None:
    """Hold every record to having the text of its mail: none is stored half."""
    for id in ids:
        record = await harness.store.records.get(CONNECTION, MessageId(id))
        assert record is not None
        assert unpack(record.payload).get("text", "").strip(), f"{id} lost its text"


async def _verify_reader(
    reader: CursorReader, heads: dict[str, RecordHead], stored: dict[str, frozenset[str]]
) -> None:
    """Hold what a product was told to what is stored: a record may not end in silence."""
    await reader.read()
    ghosts = reader.mailbox.keys() - stored.keys()
    assert not ghosts, f"a reader was never told that these ended: {sorted(ghosts)}"
    assert reader.copy == heads, "a cursor reader missed something"


async def _verify_events(harness: ChaosHarness) -> None:
    events = await harness.store.outbox.list(state=None, connection_id=CONNECTION, limit=1_000)
    syncs = [it.payload for it in events if it.type == "sync" and it.payload["success"]]
    told = [p["responseResults"] for p in syncs if p["syncType"] != "INITIAL"]
    counted = {kind: sum(t[kind] for t in told) for kind in ("added", "updated", "deleted")}
    news = harness.witness.told
    expected = {"added": news.added, "updated": news.updated, "deleted": news.deleted}
    assert counted == expected, f"events say {counted}, commits say {expected}"
    initial = [p["responseResults"]["added"] for p in syncs if p["syncType"] == "INITIAL"]
    untold = harness.witness.untold
    assert harness.began_again or sum(initial) == untold, f"{initial} of {untold}"


def explained(kept: dict[str, frozenset[str]], real: dict[str, frozenset[str]]) -> str:
    """Say how two mailboxes differ."""
    missing = sorted(real.keys() - kept.keys())
    other = {id: (sorted(kept[id]), sorted(real[id])) for id in kept if kept[id] != real.get(id)}
    return f"missing {missing}; stored and real labels differ: {other}"
