"""`python -m infra.local demo` runs everything; `postroom` is the one process it needs for us."""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import uvicorn

from infra.local.demo import run
from infra.local.emulators import HOST_VARIABLE
from infra.local.environment import (
    FIRESTORE_PORT,
    GOOGLE_PORT,
    HOST,
    POSTROOM_PORT,
    PRODUCT_PORT,
    PUBSUB_PORT,
    environment,
    write_environment,
)
from infra.local.own_client import keep_client, read_client
from infra.local.postroom import Postroom
from infra.local.processes import DemoError
from infra.local.programs import POLL_S, UNITS_PER_MINUTE, DemoSettings, RealGoogle
from infra.local.pubsub import EVENTS_TOPIC
from infra.local.serving import listener
from shared.adapters.system_clock import AdjustableClock

MESSAGES = 250
"""As many as a minute of Gmail's quota reads at once, at 20 units each."""
PRIVATE = 0o077
"""The umask of everything here: mail, keys and logs are their owner's alone."""
LOOPBACK = ("http://localhost:*", "http://127.0.0.1:*")
"""Pages of this machine, on whatever port: each may show the demo's connect page."""
STOP_S = 3
"""How long requests under way may take to finish after Ctrl-C."""


def arguments_from(given: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line; exits with usage on a wrong one."""
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    parser.add_argument("command", choices=["demo", "postroom"])
    parser.add_argument("--port", type=int, default=POSTROOM_PORT, help="of Postroom")
    parser.add_argument("--google-port", type=int, default=GOOGLE_PORT)
    parser.add_argument("--product-port", type=int, default=PRODUCT_PORT)
    parser.add_argument("--state", type=Path, default=Path(".local"), help="directory of all files")
    parser.add_argument("--messages", type=int, default=MESSAGES, help="made up for each mailbox")
    parser.add_argument(
        "--telemetry", default="prometheus", help="who takes traces and metrics: prometheus, otlp"
    )
    parser.add_argument(
        "--units-per-minute", type=int, default=UNITS_PER_MINUTE, help="Gmail's quota of a user"
    )
    parser.add_argument(
        "--testing", action="store_true", help="grants die after seven days, as in testing"
    )
    parser.add_argument(
        "--origin",
        action="append",
        default=[],
        dest="origins",
        help="of a page elsewhere that may show the connect page; may be repeated",
    )
    _real_options(parser)
    _emulator_options(parser)
    return parser.parse_args(given)


def _real_options(parser: argparse.ArgumentParser) -> None:
    """Describe what Google itself, in place of the emulated one, takes."""
    parser.add_argument("--google", choices=["emulated", "real"], default="emulated")
    parser.add_argument("--client", type=Path, help="JSON file of a Desktop client of your own")
    parser.add_argument("--poll-seconds", type=_seconds, default=POLL_S, dest="poll_s")
    parser.add_argument("--google-url", default="", help="in place of Google's hosts: a stand-in")


def _emulator_options(parser: argparse.ArgumentParser) -> None:
    """Describe what runs on Google's official emulators, which gcloud brings."""
    parser.add_argument("--store", choices=["sqlite", "firestore"], default="sqlite")
    parser.add_argument("--firestore-port", type=int, default=FIRESTORE_PORT)
    parser.add_argument("--events", choices=["webhooks", "pubsub"], default="webhooks")
    parser.add_argument("--pubsub-port", type=int, default=PUBSUB_PORT)


def _seconds(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError("must be a whole number above zero")
    return int(text)


def main(given: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code."""
    chosen = arguments_from(given)
    os.umask(PRIVATE)
    state = chosen.state.resolve()
    (state / "logs").mkdir(parents=True, exist_ok=True)
    state.chmod(0o777 & ~PRIVATE)
    try:
        settings = settings_of(chosen, state)
        if chosen.command == "postroom":
            serve(settings)
        else:
            asyncio.run(run(settings))
    except DemoError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def settings_of(chosen: argparse.Namespace, state: Path) -> DemoSettings:
    """Return the parsed command line as settings. Raises DemoError for a client that is not."""
    real = None
    if chosen.google == "real":
        client = keep_client(chosen.client, state)
        real = RealGoogle(client, chosen.poll_s, chosen.google_url)
    return DemoSettings(
        port=chosen.port,
        google_port=chosen.google_port,
        product_port=chosen.product_port,
        state=state,
        messages=chosen.messages,
        units_per_minute=chosen.units_per_minute,
        telemetry=chosen.telemetry,
        testing=chosen.testing or real is not None,
        origins=tuple(chosen.origins),
        real=real,
        firestore_port=chosen.firestore_port if chosen.store == "firestore" else None,
        pubsub_port=chosen.pubsub_port if chosen.events == "pubsub" else None,
    )


def environ_of(settings: DemoSettings) -> dict[str, str]:
    """Return what Postroom runs with. Raises DemoError where the client's file is gone."""
    more = {
        "POSTROOM_UNITS_PER_MINUTE": str(settings.units_per_minute),
        "POSTROOM_TELEMETRY": settings.telemetry,
        **({"POSTROOM_PUBLISHING": "testing"} if settings.testing else {}),
        **_real_environment(settings.real),
        **_emulator_environment(settings.emulators),
    }
    origins = (*LOOPBACK, *settings.origins)
    return environment(settings.addresses, settings.state, more, origins)


def serve(settings: DemoSettings) -> None:
    """Serve Postroom until interrupted."""
    environ = environ_of(settings)
    write_environment(settings.state, environ)
    # Google's libraries find their emulators in the process's own environment.
    os.environ |= {name: environ[name] for name in HOST_VARIABLE.values() if name in environ}
    poll_every = timedelta(seconds=settings.real.poll_s) if settings.real else None
    postroom = Postroom(environ, AdjustableClock(), poll_every=poll_every, watch_code=True)
    config = uvicorn.Config(
        postroom.app,
        host=HOST,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=STOP_S,
    )
    with listener(settings.port) as bound:
        uvicorn.Server(config).run(sockets=[bound])


def _emulator_environment(emulators: Mapping[str, str]) -> dict[str, str]:
    """Return what differs on the official emulators."""
    sink = f"pubsub:{EVENTS_TOPIC}"
    events = {"POSTROOM_EVENT_SINKS": sink, "POSTROOM_SINK_CHOICES": sink}
    return {
        **({"POSTROOM_STORE": "firestore:demo/(default)"} if "firestore" in emulators else {}),
        **(events if "pubsub" in emulators else {}),
        **{HOST_VARIABLE[name]: host for name, host in emulators.items()},
    }


def _real_environment(real: RealGoogle | None) -> dict[str, str]:
    """Return what differs in front of Google itself."""
    if real is None:
        return {}
    client = read_client(real.client)
    return {
        "POSTROOM_GOOGLE_URL": real.url,
        "POSTROOM_GMAIL_TOPIC": "none",
        "POSTROOM_OAUTH_CLIENT_ID": client.id,
        "POSTROOM_OAUTH_CLIENT_SECRET": client.secret,
    }


if __name__ == "__main__":
    sys.exit(main())
