"""`make demo`: the emulated Google, Postroom and the sample product, with mail and a connection."""

import asyncio
import signal
import socket
from contextlib import AsyncExitStack, suppress
from typing import Any

import httpx

from infra.local.connecting import NotConnectedError, connect, find_connection
from infra.local.emulators import COMPONENTS, missing_programs
from infra.local.environment import API_KEY, HOST, INTEGRATION, Addresses
from infra.local.guide import (
    Bar,
    Ready,
    guide,
    invitation,
    on_emulators,
    own_guide,
    reload_notice,
    warning,
)
from infra.local.loopback import loopback_client
from infra.local.processes import DemoError, Running, running
from infra.local.programs import DemoSettings, RealGoogle, programs
from infra.local.pubsub import create_topics

FREE, CONNECTED = "ada@acme.example", "grace@acme.example"
LOOK_S = 0.2
RELOADS_S = 1.0
BACKFILL_S = 180.0


async def run(settings: DemoSettings) -> None:
    """Run until interrupted. Raises DemoError with a message for a person."""
    check_ports(settings)
    check_emulators(settings)
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
    for name, option, port in settings.ports:
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


def check_emulators(settings: DemoSettings) -> None:
    """Raise DemoError where what the official emulators need is not on this machine."""
    if settings.emulators and (missing := missing_programs()):
        parts = " ".join(f"google-cloud-cli-{name}-emulator" for name in settings.emulators)
        raise DemoError(
            f"{' and '.join(missing)} not found: STORE=firestore and EVENTS=pubsub run on "
            "Google's official emulators, which need both. Install gcloud "
            "(https://cloud.google.com/sdk/docs/install), a Java runtime, and the emulators:\n"
            f"  apt-get install {parts}   (or: gcloud components install beta "
            f"{' '.join(COMPONENTS[name] for name in settings.emulators)})\n"
            "Without them `make demo` runs on SQLite, by the same code."
        )


async def _run(settings: DemoSettings, stack: AsyncExitStack) -> None:
    where, logs = settings.addresses, settings.state / "logs"
    started = [
        await stack.enter_async_context(running(program, logs)) for program in programs(settings)
    ]
    key = {"Authorization": f"Bearer {API_KEY}"}
    postroom = await stack.enter_async_context(
        loopback_client(base_url=where.postroom, headers=key, timeout=30)
    )
    if (pubsub := settings.emulators.get("pubsub")) is not None:
        await create_topics(postroom, pubsub, where.postroom)
    if settings.real is not None:
        connection = await _own_connection(postroom, settings.real, where)
    else:
        connection = await _made_up(postroom, settings)
    print(on_emulators(settings.emulators), end="", flush=True)
    print(warning(await _left_out(postroom)), end="", flush=True)
    await _watch_backfill(postroom, connection)
    telling = asyncio.create_task(_tell_reloads(postroom))
    try:
        await _until_one_ends(started)
    finally:
        telling.cancel()


async def _made_up(postroom: httpx.AsyncClient, settings: DemoSettings) -> str:
    """Make up mail in the emulated Google and connect one mailbox; return its connection."""
    where = settings.addresses
    async with loopback_client(base_url=where.google, timeout=120) as google:
        await _seed(google, settings.messages)
        connection = await _connection(postroom, google)
    print(guide(Ready(where, connection, CONNECTED, FREE)), flush=True)
    return connection


async def _own_connection(postroom: httpx.AsyncClient, real: RealGoogle, where: Addresses) -> str:
    """Wait until a person has connected a mailbox of their own; return its connection."""
    print(invitation(where, real.poll_s), flush=True)
    while True:
        answer = await postroom.get("/connections")
        answer.raise_for_status()
        if found := answer.json()["connections"]:
            id = str(found[0]["connection_id"])
            print(own_guide(where, id), flush=True)
            return id
        await asyncio.sleep(LOOK_S)


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


async def _tell_reloads(postroom: httpx.AsyncClient) -> None:
    """Print what came of own code whenever it was loaded anew, until cancelled."""
    known = 0
    while True:
        await asyncio.sleep(RELOADS_S)
        with suppress(httpx.HTTPError):
            told = (await postroom.get("/_local/own-code")).json()
            if told["loads"] != known:
                known = told["loads"]
                print(reload_notice(told["faults"]), end="", flush=True)


async def _until_one_ends(started: list[Running]) -> None:
    ends = [asyncio.create_task(one.wait_for_end()) for one in started]
    try:
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for end in ends:
            end.cancel()
    raise DemoError(next(iter(done)).result())
