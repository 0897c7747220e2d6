"""Sends under test: the real use cases and Gmail adapter, a real store, and the emulated Google."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from infra.local.google.mail.aliases import list_send_as, save_send_as
from shared.actions.gmail.message_fields import as_request
from shared.actions.gmail.send_email import SendEmailInput
from shared.adapters.gmail.client import HttpGmailMailboxes
from shared.adapters.keys.local import LocalKeyring, create_keyring
from shared.adapters.sqlite.store import open_store
from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.connect.grant import Grant
from shared.domain.connect.scopes import MODIFY
from shared.domain.events.event import EventType
from shared.domain.ids import ConnectionId, GoogleSub
from shared.domain.send.entry import SendEntry, send_id
from shared.domain.send.request import SendRequest
from shared.domain.sync.mailbox import GoogleUser
from shared.domain.sync.quota_units import UnitsPerMinute
from shared.ports.google.gmail import GmailMailboxes
from shared.ports.store import Store
from shared.usecases.send.compose import Composed
from shared.usecases.send.pacing import SendPaces
from shared.usecases.send.process_bulk import DrainBulk
from shared.usecases.send.resume_send import FinishSend
from shared.usecases.send.rules import CancelSend
from shared.usecases.send.send_bulk import SendBulk
from shared.usecases.send.send_email import SendEmail, Sending
from shared.usecases.sync.work.pace import QuotaGovernor
from tests.domain.reading import Reading
from tests.harness.clock import HurriedClock
from tests.harness.google import ADA, PLENTY, Harness, IssuedTokens, emulated_google
from tests.harness.queue import HeldTasks

BOB, EVE = "bob@acme.example", "eve@acme.example"
CONNECTION = ConnectionId("c-ada")
HELLO: dict[str, Any] = {"to": BOB, "subject": "Hello", "body": "Hi Bob."}
MINUTE = timedelta(minutes=1)

Wrap = Callable[[Any, str], Any]


def unwrapped(port: Any, _: str) -> Any:
    """Leave a port as it is."""
    return port


@dataclass
class SendHarness(Harness):
    """Ada's connected mailbox; Bob and Eve receive."""

    store: Store
    queue: HeldTasks
    gmail: GmailMailboxes
    sealer: LocalKeyring
    units_per_minute: int
    tokens: IssuedTokens
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
            paces=SendPaces(*ports, self.clock, UnitsPerMinute(self.units_per_minute)),
            governor=QuotaGovernor(*ports, self.clock, UnitsPerMinute(self.units_per_minute)),
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
        due = await self.store.sends.due(self.clock.now(), 100)
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

    def fault(self, name: str, method: str | None = None, **options: Any) -> None:
        """Script a fault, once unless said otherwise."""
        super().fault(name, method, **{"times": 1, **options})

    def inbox(self, email: str = BOB, label: str = "INBOX") -> list[str]:
        """Return the ids of what truly is there: the oracle."""
        found = self.google.store.messages(email)
        return [one["id"] for one in found if label in one["labelIds"]]

    def read(self, id: str, email: str = BOB) -> Reading:
        """Return a message as it lies in the mailbox."""
        message = self.google.store.message(email, int(id, 16))
        assert message is not None
        return Reading(self.google.store.raw(message.row))


def request(**fields: Any) -> SendRequest:
    """Return the request that these fields of API 6.3 are."""
    return as_request(SendEmailInput.model_validate(fields))


@asynccontextmanager
async def send_harness(
    directory: Path,
    *,
    scopes: Sequence[str] = (MODIFY,),
    units: int = PLENTY,
    store: Store | None = None,
) -> AsyncIterator[SendHarness]:
    """Open a mailbox whose connection has these scopes."""
    clock, path = HurriedClock(), directory / "keyring.json"
    create_keyring(path)
    sealer, opened = LocalKeyring(path), store or open_store(":memory:", clock)
    with emulated_google(ADA, BOB, EVE, units=units) as (google, transport):
        tokens = IssuedTokens(google, scopes)
        async with httpx.AsyncClient(transport=transport) as http:
            gmail = HttpGmailMailboxes(http, tokens, clock, "http://google.test")
            made = SendHarness(google, clock, opened, HeldTasks(), gmail, sealer, units, tokens)
            await _connect(made, frozenset(scopes))
            yield made
        await opened.close()


async def _connect(harness: SendHarness, scopes: frozenset[str]) -> None:
    now = harness.clock.now()
    sub = GoogleSub("1001")
    connection = Connection(CONNECTION, ADA, sub, scopes, ConnectionStatus.ACTIVE, now, now)
    key = await harness.sealer.new_data_key(CONNECTION)
    grant = Grant(CONNECTION, b"sealed", b"sealed", now, scopes, key)
    await harness.store.connections.create(connection)
    await harness.store.grants.create(grant)
    await harness.store.google_users.create(GoogleUser(sub, frozenset({CONNECTION})))


def sign(harness: SendHarness, address: str, html: str) -> None:
    """Set the signature of one of the mailbox's addresses in Gmail's settings."""
    store = harness.google.store
    for entry in list_send_as(store, ADA):
        if entry["sendAsEmail"] == address:
            save_send_as(store, ADA, {**entry, "signature": html})


def mail(subject: str = "Question", **headers: str) -> bytes:
    """Return a small mail to Ada; `_` in a header's name stands for `-`."""
    lines = {"From": f"Bob <{BOB}>", "To": ADA, "Subject": subject, "Message_ID": "<q1@x.example>"}
    lines |= headers
    head = "".join(
        f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items() if value
    )
    return f"{head}\r\nWhat do you think?\r\n".encode()


async def with_status(harness: SendHarness, status: ConnectionStatus) -> None:
    """Give the connection another status."""
    was = await harness.store.connections.get(CONNECTION)
    assert was is not None
    await harness.store.connections.swap(was, replace(was.value, status=status))
