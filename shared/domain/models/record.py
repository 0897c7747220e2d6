"""What an own sync stores: a record of a model, known by (connection, model, id)."""

from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

import orjson
from pydantic import ValidationError

from shared.domain.crash import SyncFailedError
from shared.domain.ids import SequenceNumber
from shared.domain.mail.message_fields import iso
from shared.domain.models.sync import adapter_of
from shared.domain.packed import Text, pack_object, unpack_object
from shared.domain.sync.records.payload import MAX_JSON_BYTES, MAX_PAYLOAD_BYTES
from shared.domain.sync.records.record import EndReason, LastAction

LONGEST_ID: Final = 512
SCHEMA_VERSION: Final = 1


class UnstorableRecordError(SyncFailedError):
    """An own sync saved what cannot be stored: no id, a wrong type, or too large."""

    code = "unstorable_record"


@dataclass(frozen=True, slots=True)
class ModelHead:
    """A record without its payload. `source` is the message or thread it was derived from."""

    model: str
    id: str
    hash: str
    sequence: SequenceNumber
    first_seen_at: datetime
    last_modified_at: datetime
    last_action: LastAction = LastAction.ADDED
    source: str | None = None
    deleted_at: datetime | None = None
    pruned_at: datetime | None = None
    reason: EndReason | None = None
    """Of a tombstone, why the record ended; what is shown of a pruned one is `why`."""
    schema_version: int = SCHEMA_VERSION

    @property
    def live(self) -> bool:
        """Whether it is no tombstone."""
        return self.deleted_at is None

    @property
    def why(self) -> EndReason | None:
        """Why there is no record, or only its head; None where there is one."""
        pruned = self.live and self.pruned_at is not None
        return EndReason.PRUNED if pruned else self.reason

    def tombstone(self, now: datetime, reason: EndReason = EndReason.DELETED) -> "ModelHead":
        """Return it as a tombstone; its number comes with the commit."""
        return replace(
            self,
            last_modified_at=now,
            last_action=LastAction.DELETED,
            deleted_at=now,
            reason=reason,
        )


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A head and its payload: the row's fields as compressed JSON."""

    head: ModelHead
    payload: bytes


@dataclass(frozen=True, slots=True)
class Saved:
    """A row that a sync saved, ready to be compared with what is stored."""

    model: str
    id: str
    hash: str
    payload: bytes
    source: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What it is known by on its connection."""
        return self.model, self.id


@dataclass(frozen=True, slots=True)
class Poisoned:
    """A message or thread of which a derived sync could make no rows: named, retried."""

    sync: str
    key: str
    reason: str
    attempts: int
    retry_at: datetime
    first_failed_at: datetime


def row_to_save(model: type[Any], row: Any, key: str, source: str | None = None) -> Saved:
    """Return a row of own code as it is stored. Raises UnstorableRecordError."""
    name = model.__name__
    if not isinstance(row, model):
        raise UnstorableRecordError(f"A {type(row).__name__} was saved that is no {name}.")
    return saved_row(name, fields_to_store(model, row), key, source)


def fields_to_store(model: type[Any], value: Any) -> dict[str, Any]:
    """Return a row or checkpoint of own code as JSON's values.

    Raises UnstorableRecordError for what could not be read back as its model.
    """
    adapter = adapter_of(model)
    # Warnings, and a validator's message, quote what they are about.
    fields: dict[str, Any] = adapter.dump_python(value, mode="json", by_alias=True, warnings=False)
    encoded = _encode(model.__name__, fields)
    if is_dataclass(model):  # a pydantic model has checked itself
        try:
            adapter.validate_json(encoded)
        except ValidationError as error:
            (place, *_) = (*error.errors(include_input=False)[0]["loc"], "value")
            raise UnstorableRecordError(
                f"The field {place} of a {model.__name__} is not of its type."
            ) from None
    return fields


def saved_row(model: str, fields: Mapping[str, Any], key: str, source: str | None = None) -> Saved:
    """Return the row to store; `key` is the field that is its id, shown as `id` too.

    Raises UnstorableRecordError.
    """
    id = fields.get(key)
    if not isinstance(id, str) or not 0 < len(id) <= LONGEST_ID:
        raise UnstorableRecordError(
            f"A {model} needs a text of 1 to {LONGEST_ID} characters as its {key}."
        )
    encoded = _encode(model, {**fields, "id": id})
    payload = pack_object(encoded) if len(encoded) <= MAX_JSON_BYTES else None
    if payload is None or len(payload) > MAX_PAYLOAD_BYTES:
        raise UnstorableRecordError(f"A {model} is larger than a record may be.")
    return Saved(model, id, blake2b(encoded, digest_size=16).hexdigest(), payload, source)


def _encode(model: str, fields: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        raise UnstorableRecordError(
            f"A {model} holds text that is no Unicode, or a number of more than 64 bits."
        ) from None


def fields_of(record: ModelRecord) -> dict[str, Any]:
    """Return the stored fields; an emptied record has none."""
    found: dict[str, Any] = orjson.loads(unpack_object(record.payload)) if record.payload else {}
    return found


def write_row(record: ModelRecord, text: Text, cursor: str) -> None:
    """Add the record as JSON, as API 4.3 shows records; its payload is never parsed.

    Why it ended or was pruned stands in its metadata: `reason` may be a field of the model.
    Raises ValueError where it does not open.
    """
    head = record.head
    metadata = orjson.dumps(
        {
            "_nango_metadata": {
                "first_seen_at": iso(head.first_seen_at),
                "last_modified_at": iso(head.last_modified_at),
                "last_action": head.last_action.value,
                "deleted_at": iso(head.deleted_at) if head.deleted_at else None,
                "pruned_at": iso(head.pruned_at) if head.pruned_at else None,
                "cursor": cursor,
                **({"reason": head.why.value} if head.why else {}),
            },
        }
    )
    if record.payload:
        text.add_open(record.payload)
    else:
        text.add(orjson.dumps({"id": head.id})[:-1])
    text.add(b",%b" % metadata[1:])
