"""What the checks stand on: the deployment's own container, read with an operator's rights."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import httpx

from shared.adapters.google.credentials import ApplicationTokens
from shared.adapters.google.oauth import CONSENT_URL, TOKEN_URL
from shared.commands.checks.finding import Finding, NotCheckedError
from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.google.observations import Observed
from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.deployment import Settings
from shared.errors import PostroomError
from shared.ports.clock import Clock
from shared.ports.connections import ConnectionQuery
from shared.ports.store import Store
from shared.usecases.observe import ReportObservations

SAMPLE: Final = 50
"""How many connections are looked at, the newest: nothing here grows with the deployment."""
TIMEOUT: Final = httpx.Timeout(10.0, connect=5.0)
EMULATED_TOKEN: Final = "ya29.emulated"
HOSTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "accounts": CONSENT_URL,
        "oauth2": TOKEN_URL,
        "pubsub": "https://pubsub.googleapis.com",
        "logging": "https://logging.googleapis.com",
        "cloudtasks": "https://cloudtasks.googleapis.com",
        "cloudkms": "https://cloudkms.googleapis.com",
    }
)


@dataclass
class CheckContext:
    """One deployment as its doctor sees it; `hosts` are where Google's APIs are."""

    container: AutowiredContainer
    hosts: Mapping[str, str] = field(default_factory=lambda: HOSTS)
    _sample: Sequence[Connection] | None = None
    _observed: Observed | None = None
    _looked: bool = False
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def settings(self) -> Settings:
        """The deployment's settings."""
        return self.container.settings

    @property
    def local(self) -> bool:
        """Whether this is a Postroom on one machine."""
        return self.settings.queue.startswith("sqlite")

    def require_topic(self) -> None:
        """Raise NotCheckedError where no topic is set, so that nothing is watched."""
        if not self.settings.gmail_topic:
            raise NotCheckedError("No topic is set (POSTROOM_GMAIL_TOPIC=none): Gmail is asked.")

    @property
    def now(self) -> datetime:
        """Now, here."""
        return self.container.use(Clock).now()

    @property
    def store(self) -> Store:
        """The store. Raises NotCheckedError where asking for it would make an empty one."""
        require_file(self.settings.sqlite_path)
        return self.container.use(Store)

    def at(self, service: str) -> str:
        """Return the address of one of Google's services."""
        return (self.settings.google_url or self.hosts[service]).rstrip("/")

    async def ask(self, method: str, address: str, **given: Any) -> httpx.Response:
        """Make one request. Raises NotCheckedError where no server answers."""
        try:
            return await self.container.use(httpx.AsyncClient).request(
                method, address, timeout=TIMEOUT, **given
            )
        except httpx.HTTPError as error:
            host = httpx.URL(address).host
            raise NotCheckedError(f"{host} did not answer ({type(error).__name__}).") from error

    async def resource(self, service: str, path: str, *, needs: str) -> Mapping[str, Any] | None:
        """Read one resource of a Google Cloud API, None where there is none of that name.

        Raises NotCheckedError; it names the permission `needs` where that is what is missing.
        """
        answer = await self._ask_google("GET", service, path)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        return _read_answer(answer, service, needs)

    async def post(
        self, service: str, path: str, body: Mapping[str, Any], *, needs: str
    ) -> Mapping[str, Any]:
        """Call a method of a Google Cloud API. Raises NotCheckedError."""
        answer = await self._ask_google("POST", service, path, json=body)
        return _read_answer(answer, service, needs)

    async def _ask_google(
        self, method: str, service: str, path: str, **given: Any
    ) -> httpx.Response:
        token = EMULATED_TOKEN if self.settings.google_url else await self._token()
        headers = {"Authorization": f"Bearer {token}"}
        return await self.ask(method, f"{self.at(service)}/{path}", headers=headers, **given)

    async def _token(self) -> str:
        try:
            return await self.container.use(ApplicationTokens)()
        except PostroomError as error:
            raise NotCheckedError(str(error)) from error

    async def connections(self) -> Sequence[Connection]:
        """Return the newest connections that are to work."""
        async with self._one_at_a_time:
            if self._sample is None:
                found = await self.store.connections.find(ConnectionQuery(limit=SAMPLE))
                alive = {ConnectionStatus.ACTIVE, ConnectionStatus.REAUTH_REQUIRED}
                self._sample = [one for one in found if one.status in alive]
            return self._sample

    async def read_observed(self) -> Observed | None:
        """Return what was seen of Google, as it was at the first question."""
        require_file(self.settings.sqlite_path)
        async with self._one_at_a_time:
            if not self._looked:
                self._observed = await self.container.use(ReportObservations).read_all()
                self._looked = True
            return self._observed

    async def active(self) -> Sequence[Connection]:
        """Return those that work. Raises NotCheckedError where there is none."""
        found = [c for c in await self.connections() if c.status is ConnectionStatus.ACTIVE]
        if not found:
            raise NotCheckedError("No mailbox is connected yet.")
        return found


def _read_answer(answer: httpx.Response, service: str, needs: str) -> Mapping[str, Any]:
    if answer.status_code in {401, 403}:
        raise NotCheckedError(f"These credentials may not do it: {needs} is needed.")
    if not answer.is_success:
        raise NotCheckedError(f"{service} answered {answer.status_code}.")
    found: Mapping[str, Any] = answer.json()
    return found


def require_file(path: Path | None) -> None:
    """Raise NotCheckedError where a local file is not there yet."""
    if path is not None and not path.exists():
        raise NotCheckedError(f"{path} does not exist: has Postroom ever run? `make demo`")


@asynccontextmanager
async def check_context(settings: Settings) -> AsyncIterator[CheckContext]:
    """Yield the context of a deployment; its container is closed at the end."""
    container = AutowiredContainer(settings)
    try:
        yield CheckContext(container)
    finally:
        await container.close()


@dataclass(frozen=True, slots=True)
class Check:
    """One question about the deployment."""

    name: str
    run: Callable[[CheckContext], Awaitable[Finding]]
    timeout_s: float = 45.0
    """How long it may take."""
