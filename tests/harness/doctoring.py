"""A laptop with one connected mailbox, and the doctor who looks at it."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx

from infra.local.connecting import connect
from infra.local.system import LocalSystem
from shared.commands.checks import CHECKS
from shared.commands.checks.context import Check, CheckContext
from shared.commands.checks.finding import Finding
from shared.commands.doctor import run_checks, run_doctor
from shared.domain.ids import ConnectionId
from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.deployment import settings_from
from shared.ports.clock import Clock
from tests.harness.whole import whole_system

EMAIL = "ada@acme.example"
NOBODY = "http://127.0.0.1:9"
"""The discard port, where nothing listens."""


@dataclass
class DoctorHarness:
    """A running system, and a doctor with a container of its own, as in another process."""

    system: LocalSystem
    connection: ConnectionId
    containers: list[AutowiredContainer] = field(default_factory=list)

    def context(self, **changes: str) -> CheckContext:
        """Return the doctor's context at the system's time, with some settings changed."""
        changed = {f"POSTROOM_{name}": value for name, value in changes.items()}
        container = AutowiredContainer(settings_from({**self.system.environ, **changed}))
        container.bind(Clock, self.system.clock)
        self.containers.append(container)
        return CheckContext(container)

    async def look(self, name: str, **changes: str) -> Finding:
        """Make one check."""
        return await finding_of(name, self.context(**changes))

    async def whole(self) -> Mapping[str, Finding]:
        """Make all checks as the command does."""
        return dict(await run_doctor(self.system.environ))


@asynccontextmanager
async def doctor_harness(path: Path, **google: Any) -> AsyncIterator[DoctorHarness]:
    """Start a system and connect one mailbox; `google` are the emulated Google's settings."""
    async with whole_system(path, {EMAIL: 0}, **google) as system:
        connection = await connect(system.client, system.google, EMAIL)
        await system.settle()
        harness = DoctorHarness(system, ConnectionId(connection))
        yield harness
        for container in harness.containers:
            await container.close()


async def finding_of(name: str, context: CheckContext) -> Finding:
    """Make the check of that name."""
    [(_, finding)] = await run_checks(context, [check_named(name)])
    return finding


def check_named(name: str) -> Check:
    return next(check for check in CHECKS if check.name == name)


def answering(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.AsyncClient:
    """Return a client whose every request gets what `answer` makes of it."""
    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


def a_mail() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "bob@far.example", EMAIL, "Hello"
    mail.set_content("Hello")
    return mail.as_bytes()
