"""Postroom whole, in one event loop: every function on one host, its queue and its scheduler."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.local.deliveries import Deliveries
from infra.local.dispatcher import Dispatcher
from infra.local.emulators import HOST_VARIABLE
from infra.local.functions import Functions
from infra.local.id_tokens import CallTokens, IdTokens, OwnTokens
from infra.local.metrics import metrics_of
from infra.local.own_code import OwnCode
from infra.local.polling import Polling
from infra.local.pubsub import RELAY, PushRelay
from infra.local.scheduler import JOBS, Job, Scheduler
from shared.actions.present import has_own_syncs
from shared.actions.syncs import own_syncs
from shared.adapters.google.http_client import new_http_client
from shared.adapters.keys.local import create_keyring
from shared.adapters.sqlite.queue import SqliteQueue
from shared.adapters.system_clock import AdjustableClock
from shared.domain.models.sync import OwnSyncs
from shared.edge.composition import container as containers
from shared.edge.settings.deployment import settings_from
from shared.ports.clock import Clock
from shared.ports.google.oauth import CallerTokens
from shared.ports.queue import Queue
from shared.ports.store import Store
from shared.usecases.sync.task import adopt_task

WATCH_S = 0.5
SHARED = str(Path(containers.__file__).resolve().parents[1])


class Postroom:
    """One life of Postroom on its files; `app` is the host, dispatching within its lifespan."""

    def __init__(
        self,
        environ: Mapping[str, str],
        clock: AdjustableClock,
        *,
        jobs: tuple[Job, ...] = JOBS,
        poll_every: timedelta | None = None,
        watch_code: bool = False,
    ) -> None:
        """Load everything; with `watch_code`, own code again whenever its files change.

        `poll_every` is for a Google that neither pushes to this machine nor signs our own calls.
        """
        self.clock = clock
        self.settings = settings_from(environ)
        create_keyring(self.settings.keyring_path)
        self.queue = SqliteQueue(self.settings.queue_path, clock)
        self.queue.release_claims()
        self.container = containers.container_for(self.settings)
        self.container.bind(Clock, clock)
        self.container.bind(Queue, self.queue)
        self._client = new_http_client()
        tokens = self._tokens(own=poll_every is not None)
        posts = Deliveries(self._client, tokens, clock, self.settings.public_url)
        url, audience = self.settings.public_url, self.settings.push_audience
        self.relay = PushRelay(self._client, tokens, f"{url}/push/gmail", audience)
        self._polling = Polling(self.container, clock, poll_every) if poll_every else None
        self.call_job = posts.call_job
        self._dispatcher = Dispatcher(self.queue, clock, posts.post_task)
        self._scheduler = Scheduler(clock, self.call_job, jobs)
        self._environ = environ
        self._requests = _Counted(Functions(environ))
        self.own_code = OwnCode()
        self._watches_code = watch_code
        self._loops: list[asyncio.Task[None]] = []
        self._dead = False
        has_pubsub = HOST_VARIABLE["pubsub"] in environ
        self.app = Starlette(
            routes=[
                Route("/_local/clock", self._advance, methods=["POST"]),
                Route("/metrics", self._metrics),
                Route("/_local/own-code", self._tell_own_code),
                *([Route(RELAY, self.relay.__call__, methods=["POST"])] if has_pubsub else []),
                Mount("/", self._requests),
            ],
            lifespan=self._lifespan,
        )

    def _tokens(self, *, own: bool) -> CallTokens:
        if own:
            return self.container.bind(CallerTokens, OwnTokens())
        return IdTokens(self._client, self.settings.google_url or "", self.clock)

    @property
    def busy(self) -> bool:
        """Whether a request or a job is under way, or a task is due."""
        return bool(self._requests.under_way) or self._dispatcher.busy or self._scheduler.busy

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        self._loops = [
            asyncio.create_task(self._dispatcher.run()),
            asyncio.create_task(self._scheduler.run()),
            *([asyncio.create_task(self._polling.run())] if self._polling else []),
            *([asyncio.create_task(self._watch_code())] if self._watches_code else []),
        ]
        yield
        if not self._dead:
            await self._end()
            await self.close_files()
            await self.container.close()

    async def die(self) -> None:
        """End as a crash does: whatever is under way finds its files closed, and stops."""
        self._dead = True
        await self.close_files()
        await self._end()
        await self.container.close()

    async def close_files(self) -> None:
        """Close the store and the queue; the next life opens them again."""
        containers.forget(self.settings)
        self.queue.close()
        await self.container.use(Store).close()

    async def _end(self) -> None:
        ours = [*self._loops, *(task for task in asyncio.all_tasks() if _runs_shared(task))]
        for task in ours:
            task.cancel()
        await asyncio.gather(*ours, return_exceptions=True)
        await self._client.aclose()

    async def reload_own_code(self) -> None:
        """Serve own code as its files are now; store, queue and connections stay as they are."""
        self.own_code.reload()
        self.container.bind(OwnSyncs, own_syncs(self.settings.syncs))
        self._requests.app = Functions(self._environ)
        if has_own_syncs(self.settings.syncs):
            await self.queue.enqueue(adopt_task())

    async def _watch_code(self) -> None:
        while True:
            await asyncio.sleep(WATCH_S)
            if self.own_code.has_changed():
                await self.reload_own_code()

    async def _tell_own_code(self, _request: Request) -> JSONResponse:
        return JSONResponse({"loads": self.own_code.loads, "faults": self.own_code.faults()})

    async def _metrics(self, _request: Request) -> Response:
        return await metrics_of(self.container)

    async def _advance(self, request: Request) -> JSONResponse:
        try:
            seconds = float(json.loads(await request.body())["advance_s"])
            self.clock.advance(timedelta(seconds=seconds))
        except (KeyError, TypeError, ValueError):
            body = {"error": {"code": "invalid_body", "message": 'Send {"advance_s": seconds}.'}}
            return JSONResponse(body, status_code=400)
        return JSONResponse({"now": self.clock.now().isoformat()})


class _Counted:
    """Counts the requests under way."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.under_way += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self.under_way -= 1


def _runs_shared(task: "asyncio.Task[object]") -> bool:
    """Whether the task was started by Postroom's own code, in the background."""
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and code.co_filename.startswith(SHARED)
