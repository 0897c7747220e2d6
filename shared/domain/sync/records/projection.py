"""A model of a deployment's own, made of messages by a pure function (API 4.5).

Nothing of it is stored. A message never changes but for its labels and its end, and a record's
head remembers those (`RecordHead.earlier`); so what a projection made of the message at each of
its states can be worked out whenever it is read, whatever the projection and however new it is.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel

from shared.domain.crash import ProjectionError, WrongReturnError, crash_site
from shared.domain.mail.message_fields import iso, label_fields
from shared.domain.mail.reading.email_message import EmailMessage
from shared.domain.sync.alias import MODEL_NAME, SYNC_NAME
from shared.domain.sync.records.payload import unpack
from shared.domain.sync.records.record import EARLIER_KEPT, Earlier, EndReason, LastAction, Record
from shared.errors import ConfigurationError

P = TypeVar("P", bound=BaseModel)
Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Projection(Generic[P]):
    """A row: `project` makes one record of a message, or None where there is nothing to keep.

    `project` must be pure: the same message always makes the same record. `model` names and
    describes the record; `sync` is the name under which it is listed.
    """

    model: type[P]
    project: Callable[[EmailMessage], P | None]
    sync: str
    summary: str

    def __post_init__(self) -> None:
        """Raise ConfigurationError where a name could not be asked for."""
        if not (MODEL_NAME.fullmatch(self.name) and SYNC_NAME.fullmatch(self.sync)):
            raise ConfigurationError(
                f"A projection needs a model named like Invoice and a sync named like "
                f"find-invoices, not {self.name!r} and {self.sync!r}."
            )
        if "id" in {one.alias or name for name, one in self.model.model_fields.items()}:
            raise ConfigurationError(
                f"{self.name} has a field `id`, which is the message's own: name it otherwise."
            )

    @property
    def name(self) -> str:
        """The name of its model."""
        return self.model.__name__


@dataclass(frozen=True, slots=True)
class Projected:
    """What a projection makes of a record, and what was last done to that."""

    fields: Fields
    first_seen_at: datetime
    last_modified_at: datetime
    last_action: LastAction

    def render(self, record: Record, cursor: str) -> dict[str, Any]:
        """Return it as API 4.3 shows records; its id is the message's."""
        deleted = self.last_action is LastAction.DELETED
        why = record.head.why or (EndReason.LEFT_SELECTION if deleted else None)
        pruned = record.head.pruned_at
        return {
            **self.fields,
            "id": record.head.message_id,
            **({"reason": why.value} if why else {}),
            "_nango_metadata": {
                "first_seen_at": iso(self.first_seen_at),
                "last_modified_at": iso(self.last_modified_at),
                "last_action": self.last_action.value,
                "deleted_at": iso(self.last_modified_at) if deleted else None,
                "pruned_at": iso(pruned) if pruned else None,
                "cursor": cursor,
            },
        }


def project(projection: Projection[Any], record: Record) -> Projected | None:
    """Return what the record is under the projection; None where it never was anything.

    Once it was something and is no more, it is a deletion, with the last fields it had. Of an
    emptied payload nothing can be said: a live record is left out, a tombstone passed on.
    Raises ProjectionError.
    """
    head = record.head
    if not record.payload:
        at = head.last_modified_at
        return None if head.live else Projected({}, head.first_seen_at, at, LastAction.DELETED)
    found: Projected | None = None
    was: Fields | None = None
    for state, fields in _states(projection, record):
        unknown_past = found is None and len(head.earlier) == EARLIER_KEPT
        if fields == was and not unknown_past:
            continue
        found = _change(found, was, fields, state.at, unknown_past=unknown_past)
        was = fields
    return found


def _change(
    before: Projected | None,
    was: Fields | None,
    fields: Fields | None,
    at: datetime,
    *,
    unknown_past: bool,
) -> Projected:
    first = before.first_seen_at if before else at
    if fields is None:
        return Projected(was or {}, first, at, LastAction.DELETED)
    appeared = was is None and not unknown_past
    return Projected(fields, first, at, LastAction.ADDED if appeared else LastAction.UPDATED)


def _states(projection: Projection[Any], record: Record) -> Iterator[tuple[Earlier, Fields | None]]:
    """Yield every state that is remembered, the present one last, and what it is projected to."""
    head, payload = record.head, unpack(record.payload)
    made: dict[frozenset[str], Fields | None] = {}
    for state in (*head.earlier, Earlier(head.last_modified_at, head.label_ids, head.live)):
        labels = frozenset[str](state.label_ids)
        if state.live and labels not in made:
            made[labels] = _fields(projection, _message(record, payload, labels))
        yield state, made[labels] if state.live else None


def message_of(record: Record) -> EmailMessage:
    """Return the message as it is now; of an emptied payload there is none to return."""
    return _message(record, unpack(record.payload), record.head.label_ids)


def _message(record: Record, payload: Fields, labels: frozenset[str]) -> EmailMessage:
    head = record.head
    return cast(
        "EmailMessage",
        {
            "id": head.message_id,
            "threadId": head.thread_id,
            **payload,
            **label_fields(sorted(labels), str(head.history_id)),
        },
    )


def _fields(projection: Projection[Any], message: EmailMessage) -> Fields | None:
    try:
        return _project(projection, message)
    except BaseException as error:  # it may even exit: the process is not its to end
        # Its words may quote the mail: only its kind and its place are told.
        raise ProjectionError(projection.name, message["id"], str(crash_site(error))) from error


def _project(projection: Projection[Any], message: EmailMessage) -> Fields | None:
    made = projection.project(message)
    if made is None:
        return None
    if not isinstance(made, projection.model):
        raise WrongReturnError(projection.project)
    # Warnings quote the fields they are about.
    fields: Fields = made.model_dump(mode="json", by_alias=True, warnings=False)
    return fields
