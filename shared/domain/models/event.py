"""The `sync` event of an own sync: one a model, in the commit of what it reports (API 7.2)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.domain.connect.connection import INTEGRATION
from shared.domain.events.event import Event, EventType, new_event
from shared.domain.models.state import ModelSyncState
from shared.domain.sync.event import VARIANT
from shared.domain.sync.state import Tally
from shared.domain.troubles import error_object


def model_event(
    before: ModelSyncState,
    after: ModelSyncState,
    model: str,
    tally: Tally,
    now: datetime,
    *,
    sync_type: str,
    trace_id: str | None,
) -> Event:
    """Return a new event; `cursorSequence` becomes the opaque cursor of the model at delivery."""
    payload: dict[str, Any] = {
        **_about(after, model, sync_type),
        "success": True,
        "modifiedAfter": now.isoformat(),
        "queryTimeStamp": now.isoformat(),
        "responseResults": {
            "added": tally.added,
            "updated": tally.updated,
            "deleted": tally.deleted,
        },
        "checkpoints": {"from": _flat(before), "to": _flat(after)},
        "cursorSequence": after.sequence,
        "cursorModel": model,
    }
    return new_event(
        after.connection_id,
        EventType.SYNC,
        payload,
        now,
        trace_id=trace_id,
        version=2 * after.sequence,
    )


def failed_model_event(
    state: ModelSyncState, model: str, code: str, now: datetime, trace_id: str | None
) -> Event:
    """Return the event that says an own sync is failing; `code` is an error's, never its words."""
    payload = {
        **_about(state, model, "INITIAL" if state.initial else "INCREMENTAL"),
        "success": False,
        "error": error_object(code, f"{state.sync} failed: its status says where."),
        "startedAt": (state.began_at or now).isoformat(),
        "failedAt": now.isoformat(),
    }
    return new_event(
        state.connection_id,
        EventType.SYNC,
        payload,
        now,
        trace_id=trace_id,
        version=2 * state.sequence + 1,
    )


def _flat(state: ModelSyncState) -> Mapping[str, Any] | None:
    return state.checkpoint or ({"after": state.after} if state.after else None)


def _about(state: ModelSyncState, model: str, sync_type: str) -> dict[str, Any]:
    return {
        "from": "postroom",
        "type": "sync",
        "connectionId": state.connection_id,
        "providerConfigKey": INTEGRATION,
        "syncName": state.sync,
        "syncVariant": VARIANT,
        "model": model,
        "syncType": sync_type,
    }
