"""Every probe asked of an emulated Google, as the command asks a live one."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx

from shared.adapters.google.http_client import new_http_client
from shared.commands.verify.caller import Caller, Exchange
from shared.commands.verify.mailbox import Endpoints, Mailbox, Options
from shared.commands.verify.probe import Probe
from shared.commands.verify.run import Result, run_probes
from tests.infra.google.emulator import SCOPE, Google, letter

ADA = "ada@demo.example"
TOPIC = "projects/demo/topics/gmail"
SCOPES = (f"{SCOPE}modify",)
EVERYTHING = Options(TOPIC, concurrency=True, more_mail=True)
AT = datetime(2026, 11, 29, tzinfo=UTC)


@dataclass
class Unhurried:
    """A clock that waits for nothing: there is no rate to keep to here."""

    slept: list[timedelta] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, duration: timedelta) -> None:
        self.slept.append(duration)
        await asyncio.sleep(0)


@dataclass
class Asked:
    """What came of it, and what was exchanged."""

    results: list[Result]
    exchanges: list[Exchange]
    units: int
    mark: str


def furnish(google: Google) -> None:
    """Give Ada a mailbox in which every question can be asked."""
    google.mailbox(ADA, messages=40)
    with_file = letter("With a file")
    with_file.add_attachment(b"%PDF-1.4 no more", "application", "pdf", filename="invoice.pdf")
    ids = [google.deliver(ADA, one)["id"] for one in (letter("One"), letter("Two"), with_file)]
    google.call(ADA, "POST", f"me/messages/{ids[0]}/modify", json={"addLabelIds": ["STARRED"]})
    google.call(ADA, "POST", f"me/messages/{ids[1]}/modify", json={"removeLabelIds": ["UNREAD"]})


def mailbox_at(
    google: Google, http: httpx.AsyncClient, options: Options, budget: int = 10_000
) -> Mailbox:
    url = google.url
    endpoints = Endpoints(f"{url}/tokeninfo", f"{url}/v1/userinfo", f"{url}/batch/gmail/v1")
    caller = Caller(http, url, google.token(ADA, SCOPES), Unhurried(), budget)
    return Mailbox(caller, endpoints, options)


async def ask(
    google: Google, probes: Iterable[Probe], options: Options | None = None, budget: int = 10_000
) -> Asked:
    """Ask the probes."""
    async with new_http_client() as http:
        mailbox = mailbox_at(google, http, options or Options(concurrency=True), budget)
        results = await run_probes(mailbox, probes)
        assert not await mailbox.own.take_away()
        caller = mailbox.caller
        return Asked(results, caller.exchanges, caller.spent, mailbox.own.mark)
