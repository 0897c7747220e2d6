"""The whole laptop in one process and one event loop, for tests: `LocalSystem.start(tmp_path)`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import httpx

from infra.local.environment import API_KEY, Addresses, environment
from infra.local.google.app import create_app
from infra.local.google.parts import Google
from infra.local.google.settings import GoogleSettings
from infra.local.loopback import loopback_client
from infra.local.postroom import Postroom
from infra.local.scheduler import JOBS, Job
from infra.local.serving import LoopServer, address_of, listener
from shared.adapters.system_clock import AdjustableClock
from shared.domain.sync.state import SECOND_LOOK_AFTER
from shared.edge.composition.container import AutowiredContainer

SETTLE_S = 60.0
STEP_S = 0.002


@dataclass(eq=False)
class LocalSystem:
    """Postroom and an emulated Google, each on a loopback port of its own, over real HTTP."""

    on_answer: ClassVar[list[Callable[[httpx.Response], Awaitable[None]]]] = []
    """Told of every answer that `client` is given; what they raise, the caller is raised."""
    directory: Path
    environ: Mapping[str, str]
    clock: AdjustableClock
    jobs: tuple[Job, ...]
    google_server: LoopServer
    emulated: Google
    """The emulated Google's parts: its store is the oracle."""
    client: httpx.AsyncClient
    """Postroom's API with the root key."""
    google: httpx.AsyncClient
    """The emulated Google: `/_control/...` and everything else."""
    port: int
    postroom: Postroom
    server: LoopServer

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        directory: Path,
        *,
        environ: Mapping[str, str] | None = None,
        google: GoogleSettings | None = None,
        jobs: tuple[Job, ...] = JOBS,
    ) -> AsyncIterator["LocalSystem"]:
        """Start both on free ports, with files in `directory`; `environ` adds POSTROOM_* values.

        `google` gives the emulated Google's limits; its addresses are filled in here.
        """
        google_socket, socket = listener(), listener()
        addresses = Addresses(address_of(socket), address_of(google_socket), "http://127.0.0.1:1")
        google_app = create_app(_google_settings(google or GoogleSettings(), addresses, directory))
        google_server = LoopServer(google_app, google_socket)
        await google_server.open()
        clock, values = AdjustableClock(), environment(addresses, directory, environ)
        postroom = Postroom(values, clock, jobs=jobs)
        server = LoopServer(postroom.app, socket)
        await server.open()
        key = {"Authorization": f"Bearer {API_KEY}"}
        async with (
            loopback_client(
                base_url=addresses.postroom,
                headers=key,
                timeout=30,
                event_hooks={"response": cls.on_answer},
            ) as client,
            loopback_client(base_url=addresses.google, timeout=120) as control,
        ):
            system = cls(
                directory=directory,
                environ=values,
                clock=clock,
                jobs=jobs,
                google_server=google_server,
                emulated=google_app.state.google,
                client=client,
                google=control,
                port=int(addresses.postroom.rpartition(":")[2]),
                postroom=postroom,
                server=server,
            )
            try:
                yield system
            finally:
                await system.server.close()
                await google_server.close()

    @property
    def url(self) -> str:
        """Postroom's address."""
        return self.server.address

    @property
    def container(self) -> AutowiredContainer:
        """Postroom's ports and use cases, of the life it is in."""
        return self.postroom.container

    async def control(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """POST to the emulated Google's control API and answer its JSON."""
        answer = await self.google.post(f"/_control{path}", json=dict(body or {}))
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    async def advance(self, seconds: float) -> None:
        """Move the time of both; what falls due starts at once."""
        await self.control("/clock", {"advance_s": seconds})

    async def settle(self, timeout_s: float = SETTLE_S) -> None:
        """Wait until no task is due, none is running and no push is in flight.

        Time moves on to what is due within seconds, as the look for what Gmail's cap on pushes
        dropped; what waits for a later time stays. Raises TimeoutError naming what would not end.
        """
        try:
            async with asyncio.timeout(timeout_s):
                await self._settle()
        except TimeoutError:
            waiting = [task.path for task in self.postroom.queue.waiting()]
            raise TimeoutError(f"still busy after {timeout_s} s; tasks: {waiting}") from None

    async def _settle(self) -> None:
        await self._idle()
        while (pause := self._pause()) is not None:
            await self.advance(pause)
            await self._idle()

    async def _idle(self) -> None:
        await self.emulated.pushes.settle()
        while self.postroom.busy:
            await asyncio.sleep(STEP_S)
            await self.emulated.pushes.settle()

    def _pause(self) -> float | None:
        """Return how long the next task waits, None where that is no matter of seconds."""
        times = [one.not_before for one in self.postroom.queue.waiting() if one.not_before]
        wait = min(times, default=self.clock.now() + 2 * SECOND_LOOK_AFTER) - self.clock.now()
        return max(wait.total_seconds(), 0.0) if wait <= SECOND_LOOK_AFTER else None

    async def kill(self) -> None:
        """Crash Postroom: requests, tasks and jobs under way stop where they are.

        Their files are closed first, so that no clean-up of theirs leaves a trace.
        """
        await self.postroom.close_files()
        await self.server.abort()
        await self.postroom.die()
        await self.server.lifespan.shutdown()

    async def restart(self) -> None:
        """Start Postroom again on the same files, port and time."""
        self.postroom = Postroom(self.environ, self.clock, jobs=self.jobs)
        self.server = LoopServer(self.postroom.app, listener(self.port))
        await self.server.open()


def _google_settings(
    chosen: GoogleSettings, addresses: Addresses, directory: Path
) -> GoogleSettings:
    return replace(
        chosen,
        state=str(directory / "google.sqlite"),
        redirect_uris=(
            f"{addresses.postroom}/oauth/callback",
            f"{addresses.postroom}/console/sign-in/answer",
        ),
        push_endpoint=f"{addresses.postroom}/push/gmail",
        clock_follower=f"{addresses.postroom}/_local/clock",
    )
