"""How dataclasses of the domain become stored documents and come back, for every store.

A document is a JSON object of the dataclass's fields: times as ISO 8601, bytes as base64url. Fields
this version does not know are ignored on reading and left alone on writing, so that a newer
version of the code may run beside this one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, Generic, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from shared.domain.connect.connect_session import ConnectSession, ConnectTicket, OAuthState
from shared.domain.connect.connection import Connection
from shared.domain.connect.grant import Grant
from shared.domain.connect.receipt import DeletionReceipt
from shared.domain.events.endpoint import WebhookEndpoint
from shared.domain.events.event import Event
from shared.domain.google.observations import Observed
from shared.domain.keys.api_key import ApiKey
from shared.domain.keys.approval import Approval
from shared.domain.keys.console_session import ConsoleSession
from shared.domain.models.record import Poisoned
from shared.domain.models.state import Adoption, ModelSyncState
from shared.domain.operation import Operation
from shared.domain.send.bulk import BulkSend
from shared.domain.send.count import SendCount
from shared.domain.send.entry import SendEntry
from shared.domain.sync.mailbox import GoogleUser, Mailbox, MailboxName
from shared.domain.sync.records.record import QuarantineEntry
from shared.domain.sync.state import SyncState
from shared.domain.trouble_board import TroubleBoard
from shared.errors import CorruptStateError
from shared.ports.sends import ActionResult

T = TypeVar("T")
Path = tuple[str, ...]
"""Where a field is: its own name, below the names of the objects around it."""

_CONFIG = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")


def _itself(id: str) -> str:
    return id


@dataclass(frozen=True)
class Codec(Generic[T]):
    """One collection: its name, what it holds, and what each document is called.

    `key_of` turns an id into the document's stored name. `hidden` is a field that is the id and
    is not stored at all.
    """

    collection: str
    type: type[T]
    id_of: Callable[[T], str]
    key_of: Callable[[str], str] = _itself
    hidden: str | None = None

    @cached_property
    def _adapter(self) -> TypeAdapter[tuple[T]]:
        # A dataclass takes no configuration from outside; the tuple around it does.
        return TypeAdapter(tuple[self.type], config=_CONFIG)  # type: ignore[name-defined]

    def dump(self, value: T) -> dict[str, Any]:
        """Return the document's fields, JSON types only."""
        document: dict[str, Any] = self._adapter.dump_python((value,), mode="json")[0]
        if self.hidden:
            del document[self.hidden]
        return document

    def load(self, id: str, document: Mapping[str, Any]) -> T:
        """Read a document's fields. Raises CorruptStateError, which quotes none of them."""
        if self.hidden:
            document = {**document, self.hidden: id}
        try:
            return self._adapter.validate_python((document,))[0]
        except ValidationError:
            raise self.corrupt(id) from None

    def corrupt(self, id: str) -> CorruptStateError:
        """Return the error that names this document by its stored name."""
        return CorruptStateError(f"{self.collection}/{self.key_of(id)}")

    def changes(self, was: T, now: T) -> dict[Path, Any]:
        """Return the fields that differ, dumped; those inside nested objects one by one."""
        found: dict[Path, Any] = {}
        _compare(was, now, self.dump(now), (), found)
        return found


def _compare(
    was: Any, now: Any, dumped: Mapping[str, Any], above: Path, found: dict[Path, Any]
) -> None:
    for name, value in dumped.items():
        before, after = getattr(was, name), getattr(now, name)
        if before == after:
            continue
        if is_dataclass(after) and type(before) is type(after):
            _compare(before, after, value, (*above, name), found)
        else:
            found[(*above, name)] = value


def apply(document: dict[str, Any], changes: Mapping[Path, Any]) -> None:
    """Write changes into a stored document, leaving every other field as it is."""
    for path, value in changes.items():
        place = document
        for name in path[:-1]:
            inner = place.get(name)
            place[name] = place = inner if isinstance(inner, dict) else {}
        place[path[-1]] = value


def _hash(id: str) -> str:
    return sha256(id.encode()).hexdigest()


CONNECTIONS = Codec[Connection]("connections", Connection, lambda value: value.id)
GRANTS = Codec[Grant]("grants", Grant, lambda value: value.connection_id)
GOOGLE_USERS = Codec[GoogleUser](
    "google_users", GoogleUser, lambda value: value.sub, key_of=_hash, hidden="sub"
)
MAILBOXES = Codec[Mailbox]("mailboxes", Mailbox, lambda value: value.key)
MAILBOX_NAMES = Codec[MailboxName](
    "mailbox_names", MailboxName, lambda value: value.name, key_of=_hash, hidden="name"
)
SYNC_STATES = Codec[SyncState]("sync", SyncState, lambda value: value.connection_id)
QUARANTINE = Codec[QuarantineEntry]("quarantine", QuarantineEntry, lambda value: value.message_id)
EVENTS = Codec[Event]("events", Event, lambda value: value.id)
OPERATIONS = Codec[Operation]("operations", Operation, lambda value: value.id)
CONNECT_SESSIONS = Codec[ConnectSession]("connect_sessions", ConnectSession, lambda value: value.id)
CONNECT_TICKETS = Codec[ConnectTicket]("connect_tickets", ConnectTicket, lambda value: value.id)
OAUTH_STATES = Codec[OAuthState]("oauth_states", OAuthState, lambda value: value.id)
SENDS = Codec[SendEntry]("sends", SendEntry, lambda value: value.id)
BULK_SENDS = Codec[BulkSend]("bulk_sends", BulkSend, lambda value: value.id)
ACTION_RESULTS = Codec[ActionResult]("action_results", ActionResult, lambda value: value.id)
APPROVALS = Codec[Approval]("approvals", Approval, lambda value: value.id)
SEND_COUNTS = Codec[SendCount]("send_counts", SendCount, lambda value: value.id)
API_KEYS = Codec[ApiKey]("api_keys", ApiKey, lambda value: value.id)
CONSOLE_SESSIONS = Codec[ConsoleSession]("console_sessions", ConsoleSession, lambda value: value.id)
WEBHOOK_ENDPOINTS = Codec[WebhookEndpoint](
    "webhook_endpoints", WebhookEndpoint, lambda value: value.id
)
TROUBLES = Codec[TroubleBoard]("troubles", TroubleBoard, lambda value: value.id)
OBSERVATIONS = Codec[Observed]("observations", Observed, lambda value: value.id)
MODEL_SYNCS = Codec[ModelSyncState]("model_syncs", ModelSyncState, lambda value: value.id)
POISONED = Codec[Poisoned]("model_quarantine", Poisoned, lambda value: value.key)
ADOPTIONS = Codec[Adoption]("deployments", Adoption, lambda value: value.id)
RECEIPTS = Codec[DeletionReceipt]("receipts", DeletionReceipt, lambda value: value.connection_id)
