"""The `sync` event of API 7.2: what changed, how many, and up to where; never the mail itself."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.domain.connect.connection import INTEGRATION
from shared.domain.events.event import Event, EventType, new_event
from shared.domain.ids import HistoryId, SequenceNumber
from shared.domain.sync.records.record import Origin
from shared.domain.sync.state import SyncState, Tally
from shared.domain.sync.status import SetAside, coverage, deferral
from shared.domain.troubles import error_object
from shared.errors import NotFoundError

SYNC_NAME = "fetch-messages"
SYNC_ALIAS = "messages"
MODEL = "EmailMessage"
MODEL_NAMES = (MODEL, "Message")
"""The model and its alias."""
VARIANT = "base"
SYNC_TYPES: Mapping[Origin, str] = {
    Origin.BACKFILL: "INITIAL",
    Origin.LIVE: "WEBHOOK",
    Origin.RECOVERY: "INCREMENTAL",
    Origin.AUDIT: "INCREMENTAL",
}


class UnknownSyncError(NotFoundError):
    """No sync of that name."""

    code = "unknown_sync"


def sync_event(
    state: SyncState,
    tally: Tally,
    origin: Origin,
    now: datetime,
    trace_id: str | None,
    *,
    since: datetime,
    was: HistoryId | None,
    before: SequenceNumber,
    aside: SetAside,
) -> Event:
    """Return a new event; `cursorSequence` becomes the opaque cursor at delivery.

    What it reports has numbers above `before`.

    No record it reports was modified before `since`: a reader may ask for what came after.
    `was` is the checkpoint before the commit, None for a first reading, which had none; the state
    has the one after.
    """
    payload: dict[str, Any] = {
        **_about(state),
        "syncType": SYNC_TYPES[origin],
        "success": True,
        "modifiedAfter": since.isoformat(),
        "queryTimeStamp": since.isoformat(),
        "responseResults": _results(tally),
        "checkpoints": {"from": _point(was), "to": _point(state.checkpoint)},
        "cursorSequence": state.sequence,
        "sequenceBefore": before,
        **_standing(state, aside, now),
    }
    return new_event(
        state.connection_id,
        EventType.SYNC,
        payload,
        now,
        trace_id=trace_id,
        version=2 * state.sequence,
    )


def failed_sync_event(
    state: SyncState,
    code: str,
    description: str,
    *,
    started_at: datetime,
    now: datetime,
    trace_id: str | None,
    aside: SetAside,
) -> Event:
    """Return the event that says a sync is failing; `code` is an error's."""
    reading = state.backfill is None or state.backfilling
    payload: dict[str, Any] = {
        **_about(state),
        "syncType": "INITIAL" if reading else "INCREMENTAL",
        "success": False,
        "error": error_object(code, description),
        "startedAt": started_at.isoformat(),
        "failedAt": now.isoformat(),
        **_standing(state, aside, now),
    }
    return new_event(
        state.connection_id,
        EventType.SYNC,
        payload,
        now,
        trace_id=trace_id,
        version=2 * state.sequence + 1,
    )


def extend(event: Event, newer: Event) -> Event:
    """Return `event` reporting the newer one's changes too; its identity and start stay."""
    old, new = event.payload, newer.payload
    results = {
        kind: old["responseResults"][kind] + new["responseResults"][kind]
        for kind in ("added", "updated", "deleted")
    }
    payload = {
        **new,
        "syncType": old["syncType"],
        "modifiedAfter": old["modifiedAfter"],
        "queryTimeStamp": old["queryTimeStamp"],
        "sequenceBefore": old.get("sequenceBefore"),
        "responseResults": results,
        "checkpoints": {"from": old["checkpoints"]["from"], "to": new["checkpoints"]["to"]},
    }
    return replace(event, payload=payload, version=newer.version)


def _point(checkpoint: HistoryId | None) -> dict[str, str] | None:
    return None if checkpoint is None else {"history_id": str(checkpoint)}


def _standing(state: SyncState, aside: SetAside, now: datetime) -> dict[str, Any]:
    """Return how much there is, what is set aside, and until when nothing is read."""
    waits = deferral(state.deferred_until, state.last_error, now)
    return {
        "coverage": coverage(state),
        "quarantined": {
            "count": aside.count,
            "oldest": aside.oldest.isoformat() if aside.oldest else None,
            "reasons": dict(aside.reasons),
        },
        "deferred": waits and {"class": waits.concern.value, "until": waits.until.isoformat()},
    }


def _results(tally: Tally) -> dict[str, int]:
    return {"added": tally.added, "updated": tally.updated, "deleted": tally.deleted}


def _about(state: SyncState) -> dict[str, Any]:
    """Return what every event of a sync begins with."""
    return {
        "from": "postroom",
        "type": "sync",
        "connectionId": state.connection_id,
        "providerConfigKey": INTEGRATION,
        "syncName": SYNC_NAME,
        "syncVariant": VARIANT,
        "model": MODEL,
    }
