"""A post office: the real use cases and Gmail adapter, a real store, and the emulated Google."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from infra.local.google.app import create_app
from infra.local.google.parts import Google
from infra.local.google.settings import GoogleSettings
from shared.actions.message_fields import as_request
from shared.actions.send_email import SendEmailInput
from shared.adapters.gmail.client import HttpGmailMailboxes
from shared.adapters.keys.local import LocalKeyring, create_keyring
from shared.adapters.sqlite.store import open_store
from shared.adapters.system_clock import AdjustableClock
from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.connect.grant import Grant
from shared.domain.connect.scopes import MODIFY
from shared.domain.events.event import EventType
from shared.domain.ids import SHARDS, ConnectionId, GoogleSub
from shared.domain.send.entry import SendEntry, send_id
from shared.domain.send.request import SendRequest
from shared.domain.sync.mailbox import GoogleUser
from shared.domain.sync.quota_units import UnitsPerMinute
from shared.errors import GrantRevokedError
from shared.ports.gmail import GmailMailboxes
from shared.ports.queue import Task
from shared.ports.store import Store
from shared.usecases.send.compose import Composed
from shared.usecases.send.pacing import SendPaces
from shared.usecases.send.process_bulk import DrainBulk
from shared.usecases.send.resume_send import FinishSend
from shared.usecases.send.rules import CancelSend
from shared.usecases.send.send_bulk import SendBulk
from shared.usecases.send.send_email import SendEmail, Sending
from shared.usecases.sync.pace import QuotaGovernor
from tests.domain.reading import Reading

ADA, BOB, EVE = "ada@acme.example", "bob@acme.example", "eve@acme.example"
CONNECTION = ConnectionId("c-ada")
HELLO: dict[str, Any] = {"to": BOB, "subject": "Hello", "body": "Hi Bob."}
PLENTY = 10**9
MINUTE = timedelta(minutes=1)

Wrap = Callable[[Any, str], Any]


@dataclass
class HeldTasks:
    """A queue that only keeps what it is given."""

    tasks: list[Task] = field(default_factory=list)

    async def enqueue(self, task: Task) -> None:
        self.tasks.append(task)


def unwrapped(port: Any, _: str) -> Any:
    """Leave a port as it is."""
    return port


@dataclass
class Office:
    """Ada's connected mailbox; Bob and Eve receive."""

    google: Google
    store: Store
    clock: AdjustableClock
    queue: HeldTasks
    gmail: GmailMailboxes
    sealer: LocalKeyring
    units: int
    revoked: bool = False
    """Whether the end user took the grant back."""
    wrap: Wrap = unwrapped

    def parts(self) -> dict[str, Any]:
        """Return the ports of the sending use cases, each through `wrap`."""
        return {
            "connections": self.wrap(self.store.connections, "connections"),
            "grants": self.wrap(self.store.grants, "grants"),
            "sends": self.wrap(self.store.sends, "sends"),
            "gmail": self.wrap(self.gmail, "gmail"),
            "sealer": self.sealer,
            "queue": self.wrap(self.queue, "queue"),
            "clock": self.clock,
        }

    @property
    def send_email(self) -> SendEmail:
        return SendEmail(**self.parts())

    @property
    def finish_send(self) -> FinishSend:
        return FinishSend(**self.parts())

    @property
    def cancel_send(self) -> CancelSend:
        return CancelSend(self.wrap(self.store.sends, "sends"), self.clock)

    @property
    def send_bulk(self) -> SendBulk:
        parts = self.parts()
        del parts["gmail"]
        return SendBulk(bulk_sends=self.wrap(self.store.bulk_sends, "bulk_sends"), **parts)

    @property
    def drain_bulk(self) -> DrainBulk:
        ports = (self.store.connections, self.store.google_users, self.store.sync_states)
        return DrainBulk(
            sends=self.wrap(self.store.sends, "sends"),
            bulk_sends=self.wrap(self.store.bulk_sends, "bulk_sends"),
            queue=self.wrap(self.queue, "queue"),
            clock=self.clock,
            finish_send=self.finish_send,
            paces=SendPaces(*ports, self.clock, UnitsPerMinute(self.units)),
            governor=QuotaGovernor(*ports, self.clock, UnitsPerMinute(self.units)),
        )

    async def send(self, key: str | None = "k1", **fields: Any) -> Sending:
        """Send as the action does; the fields of HELLO where none are given."""
        return await self.send_email(CONNECTION, request(**(fields or HELLO)), key)

    async def preview(self, **fields: Any) -> tuple[Reading, Composed]:
        """Return the MIME that would be sent, read by an independent parser."""
        composed = await self.send_email.preview(await self.connection(), request(**fields))
        return Reading(composed.raw), composed

    async def connection(self) -> Connection:
        found = await self.store.connections.get(CONNECTION)
        assert found is not None
        return found.value

    async def entry(self, key: str = "k1") -> SendEntry:
        found = await self.store.sends.get(send_id(CONNECTION, key))
        assert found is not None
        return found.value

    async def events(self, operation: str | None = None) -> list[dict[str, Any]]:
        """Return the payloads of the send events, oldest first."""
        found = await self.store.outbox.list(state=None, connection_id=CONNECTION, limit=2_000)
        payloads = [dict(one.payload) for one in reversed(found) if one.type is EventType.SEND]
        return [one for one in payloads if operation in {None, one["operation"]}]

    async def finish_due(self) -> int:
        """Do what reconcile and its tasks do: go on with every send that is due now."""
        due = [
            id
            for shard in range(SHARDS)
            for id in await self.store.sends.due(shard, self.clock.now(), 100)
        ]
        for id in due:
            await self.finish_send(id)
        return len(due)

    async def settle(self, key: str = "k1", *, rounds: int = 60) -> SendEntry:
        """Let time pass from due to due until the send is final."""
        for _ in range(rounds):
            entry = await self.entry(key)
            if entry.state.final:
                return entry
            due = entry.next_due_at
            assert due is not None, "nobody will ever come back to it"
            self.advance(max(due - self.clock.now(), timedelta(0)) + timedelta(milliseconds=1))
            await self.finish_due()
        raise AssertionError(f"still {(await self.entry(key)).state} after {rounds} rounds")

    def advance(self, step: timedelta) -> None:
        """Let time pass for both."""
        self.clock.advance(step)
        self.google.clock.advance(step.total_seconds())

    def fault(self, fault: str, method: str, **more: Any) -> None:
        """Script a fault, once unless said otherwise."""
        self.google.faults.add(fault, method=method, **{"times": 1, **more})

    def inbox(self, email: str = BOB, label: str = "INBOX") -> list[str]:
        """Return the ids of what truly is there: the oracle."""
        found = self.google.store.messages(email)
        return [one["id"] for one in found if label in one["labelIds"]]

    def read(self, id: str, email: str = BOB) -> Reading:
        """Return a message as it lies in the mailbox."""
        message = self.google.store.message(email, int(id, 16))
        assert message is not None
        return Reading(self.google.store.raw(message.row))

    def deliver(
        self, raw: bytes, email: str = ADA, labels: Sequence[str] = ("INBOX", "UNREAD")
    ) -> str:
        """Deliver mail from outside; answer its id."""
        now = self.clock.now()
        return self.google.store.deliver(email, raw, label_ids=labels, internal_date=now).id

    def calls(self) -> dict[str, int]:
        """Return how often each Gmail method was called."""
        methods = self.google.stats.as_json()["methods"]
        return {name.removeprefix("gmail.users."): one["calls"] for name, one in methods.items()}


def request(**fields: Any) -> SendRequest:
    """Return the request that these fields of API 6.3 are."""
    return as_request(SendEmailInput.model_validate(fields))


@asynccontextmanager
async def open_office(
    directory: Path,
    *,
    scopes: Sequence[str] = (MODIFY,),
    units: int = PLENTY,
    store: Store | None = None,
) -> AsyncIterator[Office]:
    """Open an office whose connection has these scopes."""
    clock = AdjustableClock()
    app = create_app(GoogleSettings(push_endpoint=None, units_per_minute=units))
    google: Google = app.state.google
    for email in (ADA, BOB, EVE):
        google.store.create_mailbox(email)
    path = directory / "keyring.json"
    create_keyring(path)
    sealer = LocalKeyring(path)
    issued = [""]

    async def token(connection_id: ConnectionId, *, rejected: str | None = None) -> str:
        if office.revoked:
            raise GrantRevokedError("The grant was revoked.")
        if rejected is not None or not issued[0]:
            issued[0] = google.grants.new_access_token(ADA, scopes, google.clock.now().timestamp())
        return issued[0]

    opened = store or open_store(":memory:", clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as http:
        gmail = HttpGmailMailboxes(http, token, clock, "http://google.test")
        office = Office(google, opened, clock, HeldTasks(), gmail, sealer, units)
        await _connect(office, frozenset(scopes))
        yield office
    await opened.close()
    google.close()


async def _connect(office: Office, scopes: frozenset[str]) -> None:
    now = office.clock.now()
    sub = GoogleSub("1001")
    connection = Connection(CONNECTION, ADA, sub, scopes, ConnectionStatus.ACTIVE, now, now)
    key = await office.sealer.new_data_key(CONNECTION)
    grant = Grant(CONNECTION, b"sealed", b"sealed", now, scopes, key)
    await office.store.connections.create(connection)
    await office.store.grants.create(grant)
    await office.store.google_users.create(GoogleUser(sub, frozenset({CONNECTION})))


def mail(subject: str = "Question", **headers: str) -> bytes:
    """Return a small mail to Ada; `_` in a header's name stands for `-`."""
    lines = {"From": f"Bob <{BOB}>", "To": ADA, "Subject": subject, "Message_ID": "<q1@x.example>"}
    lines |= headers
    head = "".join(
        f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items() if value
    )
    return f"{head}\r\nWhat do you think?\r\n".encode()


async def with_status(office: Office, status: ConnectionStatus) -> None:
    """Give the connection another status."""
    was = await office.store.connections.get(CONNECTION)
    assert was is not None
    await office.store.connections.swap(was, replace(was.value, status=status))
