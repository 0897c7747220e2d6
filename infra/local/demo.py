"""`make demo`: the emulated Google, Postroom and the sample product, with mail and a connection."""

import asyncio
import signal
import socket
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from infra.local.connecting import NotConnectedError, connect, find_connection
from infra.local.environment import API_KEY, HOST, INTEGRATION, Addresses
from infra.local.guide import Bar, Ready, guide, warning
from infra.local.loopback import loopback_client
from infra.local.processes import DemoError, Program, Running, running
from shared.domain.connect.grant import TESTING_LIFETIME

FREE, CONNECTED = "ada@acme.example", "grace@acme.example"
UNITS_PER_MINUTE = 6_000
"""Google's own limit of one user (FACTS 1.1)."""
LOOK_S = 0.2
BACKFILL_S = 180.0


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """Ports, where the state lies, and how much mail is made up at the first start."""

    port: int
    google_port: int
    product_port: int
    state: Path
    messages: int
    units_per_minute: int = UNITS_PER_MINUTE
    telemetry: str = ""
    """Who takes traces and metrics, as POSTROOM_TELEMETRY."""
    testing: bool = False
    """Whether Google's app is in testing, where grants die after seven days."""
    origins: tuple[str, ...] = ()
    """Of pages on other machines that may show the connect page."""

    @property
    def addresses(self) -> Addresses:
        """The three addresses."""
        ports = (self.port, self.google_port, self.product_port)
        return Addresses(*(f"http://{HOST}:{port}" for port in ports))


async def run(settings: DemoSettings) -> None:
    """Run until interrupted. Raises DemoError with a message for a person."""
    check_ports(settings)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with AsyncExitStack() as stack:
        demo = asyncio.create_task(_run(settings, stack))
        stopping = asyncio.create_task(stopped.wait())
        await asyncio.wait({demo, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if stopped.is_set():
            print("\n  Stopping ...", flush=True)
        for task in (demo, stopping):
            task.cancel()
        outcome = (await asyncio.gather(demo, stopping, return_exceptions=True))[0]
    if isinstance(outcome, Exception):
        raise outcome
    print("  Stopped.", flush=True)


def check_ports(settings: DemoSettings) -> None:
    """Raise DemoError naming the first port that something else listens on."""
    wanted = (
        ("Postroom", "--port", settings.port),
        ("the emulated Google", "--google-port", settings.google_port),
        ("the sample product", "--product-port", settings.product_port),
    )
    for name, option, port in wanted:
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((HOST, port))
            except OSError:
                raise DemoError(
                    f"Port {port}, for {name}, is busy. Stop what listens there (perhaps "
                    f"another demo; `lsof -i :{port}` tells), or choose another port:\n"
                    f"  make demo ARGS='{option} {port + 1000}'"
                ) from None


async def _run(settings: DemoSettings, stack: AsyncExitStack) -> None:
    where, logs = settings.addresses, settings.state / "logs"
    started = [
        await stack.enter_async_context(running(program, logs)) for program in programs(settings)
    ]
    key = {"Authorization": f"Bearer {API_KEY}"}
    postroom = await stack.enter_async_context(
        loopback_client(base_url=where.postroom, headers=key, timeout=30)
    )
    google = await stack.enter_async_context(loopback_client(base_url=where.google, timeout=120))
    await _seed(google, settings.messages)
    connection = await _connection(postroom, google)
    print(guide(Ready(where, connection, CONNECTED, FREE)), flush=True)
    print(warning(await _left_out(postroom)), end="", flush=True)
    await _watch_backfill(postroom, connection)
    await _until_one_ends(started)


def programs(settings: DemoSettings) -> list[Program]:
    """Return the demo's programs in the order they start."""
    where, state = settings.addresses, settings.state
    google = [
        *("--port", str(settings.google_port), "--state", str(state / "google.sqlite")),
        *("--push-endpoint", f"{where.postroom}/push/gmail"),
        *("--redirect-uri", f"{where.postroom}/oauth/callback"),
        *("--redirect-uri", f"{where.postroom}/console/sign-in/answer"),
        *("--clock-follower", f"{where.postroom}/_local/clock"),
        *("--units-per-minute", str(settings.units_per_minute)),
        *(("--refresh-token-days", str(TESTING_LIFETIME.days)) if settings.testing else ()),
    ]
    postroom = [
        *("postroom", "--port", str(settings.port), "--google-port", str(settings.google_port)),
        *("--product-port", str(settings.product_port), "--state", str(state)),
        *("--units-per-minute", str(settings.units_per_minute)),
        *("--telemetry", settings.telemetry),
        *(("--testing",) if settings.testing else ()),
        *(word for origin in settings.origins for word in ("--origin", origin)),
    ]
    product = [
        *("--port", str(settings.product_port), "--postroom", where.postroom, "--key", API_KEY),
        *("--google-control", where.google, "--state", str(state / "harbor.sqlite")),
    ]
    return [
        Program("google", "infra.local.google", google, where.google),
        Program("postroom", "infra.local", postroom, f"{where.postroom}/health"),
        Program("product", "infra.local.product", product, where.product),
    ]


async def _seed(google: httpx.AsyncClient, messages: int) -> None:
    known = (await google.get("/_control/mailboxes")).json()["mailboxes"]
    for email in (FREE, CONNECTED):
        if email not in known:
            print(f"  Making up {messages} messages for {email} ...", flush=True)
            answer = await google.post(
                "/_control/mailboxes", json={"email": email, "messages": messages}
            )
            answer.raise_for_status()


async def _left_out(postroom: httpx.AsyncClient) -> list[str]:
    """Return the own modules that Postroom does not serve, as its health names them."""
    told = (await postroom.get("/health")).json()["faults"]
    return [f"{one['file']}:{one['line']}: {one['error']}" for one in told]


async def _connection(postroom: httpx.AsyncClient, google: httpx.AsyncClient) -> str:
    try:
        found = await find_connection(postroom, CONNECTED)
        return found or await connect(postroom, google, CONNECTED)
    except (httpx.HTTPError, NotConnectedError) as error:
        raise DemoError(f"{CONNECTED} could not be connected: {error}") from error


async def _watch_backfill(postroom: httpx.AsyncClient, connection: str) -> None:
    """Draw the first sync's progress until it is done; a later start finds it done."""
    bar, drawn = Bar("Reading the mail"), False
    with suppress(TimeoutError):  # it goes on without being watched
        async with asyncio.timeout(BACKFILL_S):
            while (progress := await _progress(postroom, connection)) is not None:
                bar.show(*progress)
                drawn = True
                await asyncio.sleep(LOOK_S)
    if drawn:
        bar.show(1.0, "done")
        bar.end()


async def _progress(postroom: httpx.AsyncClient, connection: str) -> tuple[float, str] | None:
    """Return how much is read and in words, None once the first sync is done."""
    query = {"provider_config_key": INTEGRATION, "syncs": "*", "connection_id": connection}
    answer = await postroom.get("/sync/status", params=query)
    answer.raise_for_status()
    sync: dict[str, Any] = answer.json()["syncs"][0]
    progress = sync["progress"] or {}
    if progress.get("finished_at") or sync["status"] in {"PAUSED", "STOPPED"}:
        return None
    stored = progress.get("stored", 0)
    total = progress.get("estimated_total")
    return stored / (total or 1), f"{stored} of about {total or '?'} messages"


async def _until_one_ends(started: list[Running]) -> None:
    ends = [asyncio.create_task(one.wait_for_end()) for one in started]
    try:
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for end in ends:
            end.cancel()
    raise DemoError(next(iter(done)).result())
