"""The emulated Google in this process: mail from outside, faults, time, and what is truly there."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import httpx

from infra.local.google.app import create_app
from infra.local.google.parts import Google
from infra.local.google.settings import GoogleSettings
from shared.adapters.system_clock import AdjustableClock
from shared.domain.ids import ConnectionId
from shared.errors import GrantRevokedError

EMAIL = ADA = "ada@acme.example"
"""The mailbox under test."""
PLENTY = 10**9
"""Quota units a minute: few tests are about waiting for quota."""


def letter(
    subject: str = "Hello", text: str | None = None, *, to: str = EMAIL, **headers: str
) -> EmailMessage:
    """Make a mail from outside; `_` in a header's name stands for `-`, From may be another's."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "bob@far.example", to, subject
    for name, value in headers.items():
        del mail[name.replace("_", "-")]
        mail[name.replace("_", "-")] = value
    mail.set_content(f"The body of {subject}." if text is None else text)
    return mail


@dataclass
class Harness:
    """An emulated Google, and the clock of the Postroom that calls it."""

    google: Google
    clock: AdjustableClock

    def deliver(
        self,
        mail: EmailMessage | bytes | str = "Hello",
        *,
        to: str = EMAIL,
        labels: Sequence[str] = ("INBOX", "UNREAD"),
        **fields: str,
    ) -> str:
        """Deliver a mail, or one of that subject, `text=` and headers; return its message id."""
        if isinstance(mail, str):
            mail = letter(**{"subject": mail, "to": to, **fields})
        raw = mail if isinstance(mail, bytes) else mail.as_bytes()
        now = self.clock.now()
        return self.google.store.deliver(to, raw, label_ids=labels, internal_date=now).id

    def labels(self, id: str) -> set[str]:
        """Return the labels that a message truly has."""
        held = {one["id"]: one for one in self.google.store.messages(EMAIL)}
        return {*held[id]["labelIds"]}

    def held(self) -> set[str]:
        """Return the ids of all messages that the mailbox truly holds."""
        return {one["id"] for one in self.google.store.messages(EMAIL)}

    def fault(self, name: str, method: str | None = None, **options: Any) -> None:
        """Script a fault of Google's; `options` are those of `Faults.add`."""
        self.google.faults.add(name, method=method, **options)

    def calls(self) -> dict[str, int]:
        """Return how often each Gmail method was called, as `messages.get`."""
        methods = self.google.stats.as_json()["methods"]
        return {
            name.removeprefix("gmail.users."): tally["calls"]
            for name, tally in methods.items()
            if tally["calls"]
        }

    def units(self) -> int:
        """Return the quota units spent so far."""
        total: int = self.google.stats.as_json()["units"]
        return total

    def most_in_flight(self) -> int:
        """Return the most requests that a mailbox had in flight at once so far."""
        most: int = self.google.stats.as_json()["max_in_flight"]
        return most

    def advance(self, step: timedelta) -> None:
        """Let time pass for Postroom and Google."""
        self.clock.advance(step)
        self.google.clock.advance(step.total_seconds())


@contextmanager
def emulated_google(
    *emails: str, units: int = PLENTY, **settings: Any
) -> Iterator[tuple[Google, httpx.ASGITransport]]:
    """Open a Google with these mailboxes, and the way to it without a socket."""
    app = create_app(GoogleSettings(push_endpoint=None, units_per_minute=units, **settings))
    google: Google = app.state.google
    for email in emails:
        google.store.create_mailbox(email)
    yield google, httpx.ASGITransport(app)
    google.close()


@dataclass
class IssuedTokens:
    """Stands for the refreshing of tokens: the emulated Google issues one where it must."""

    google: Google
    scopes: Sequence[str]
    revoked: bool = False
    """Whether the end user took the grant back."""
    issued: dict[str, str] = field(default_factory=dict)
    """By address."""
    owners: dict[ConnectionId, str] = field(default_factory=dict)
    """Addresses of those connections that are not the harness's own."""

    async def __call__(self, connection_id: ConnectionId, *, rejected: str | None = None) -> str:
        """Return the token in hand, or a new one. Raises GrantRevokedError."""
        if self.revoked:
            raise GrantRevokedError("The grant was revoked.")
        email = self.owners.get(connection_id, EMAIL)
        if rejected is not None or email not in self.issued:
            now = self.google.clock.now().timestamp()
            self.issued[email] = self.google.grants.new_access_token(email, self.scopes, now)
        return self.issued[email]
