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
from infra.local.environment import HOST, environment, write_environment
from infra.local.options import arguments_from
from infra.local.own_client import keep_client, read_client
from infra.local.postroom import Postroom
from infra.local.processes import DemoError
from infra.local.programs import POLL_S, DemoSettings, RealGoogle
from infra.local.pubsub import EVENTS_TOPIC
from infra.local.serving import listener
from shared.adapters.system_clock import AdjustableClock
from shared.edge.settings.deployment import settings_from
from shared.errors import ConfigurationError

PRIVATE = 0o077
"""The umask of everything here: mail, keys and logs are their owner's alone."""
LOOPBACK = ("http://localhost:*", "http://127.0.0.1:*")
"""Pages of this machine, on whatever port: each may show the demo's connect page."""
STOP_S = 3
"""How long requests under way may take to finish after Ctrl-C."""
OF_THE_PRODUCT = tuple(
    f"POSTROOM_{name}"
    for name in (
        *("PRODUCT_NAME", "BRAND_COLOUR", "BRAND_LOGO", "SYNCS"),
        *("INTEGRATION_ALIASES", "SYNC_ALIAS", "WEBHOOK_FLAVOUR", "WEBHOOK_SECRET"),
    )
)
"""Variables of the shell that a demo heeds: looks, ready syncs, and names that code has already."""
OPTIONS = {"POSTROOM_PRODUCT_ORIGINS": "--origin", "POSTROOM_TELEMETRY": "--telemetry"}
"""What a person gave for a setting of Postroom's."""


def main(given: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code."""
    chosen = arguments_from(given)
    os.umask(PRIVATE)
    state = chosen.state.resolve()
    try:
        make_state(state)
        settings = settings_of(chosen, state)
        check_settings(settings)
        if chosen.command == "postroom":
            serve(settings)
        else:
            asyncio.run(run(settings))
    except DemoError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def make_state(state: Path) -> None:
    """Make the directory of all files, its owner's alone. Raises DemoError."""
    try:
        (state / "logs").mkdir(parents=True, exist_ok=True)
        state.chmod(0o777 & ~PRIVATE)
    except OSError as error:
        raise DemoError(
            f"{state} cannot be made: {error.strerror}. Name a directory that can be written: "
            "make demo ARGS='--state DIR'"
        ) from error


def check_settings(settings: DemoSettings) -> None:
    """Raise DemoError where Postroom would not start, in the names that a person gave."""
    try:
        settings_from(environ_of(settings))
    except ConfigurationError as error:
        said = str(error)
        for setting, option in OPTIONS.items():
            said = said.replace(setting, option)
        raise DemoError(said) from error


def settings_of(chosen: argparse.Namespace, state: Path) -> DemoSettings:
    """Return the parsed command line as settings. Raises DemoError for a client that is not."""
    real = None
    if chosen.google == "real":
        client = keep_client(chosen.client, state)
        real = RealGoogle(client, chosen.poll_s or POLL_S, chosen.google_url)
    elif chosen.client or chosen.poll_s:
        raise DemoError("CLIENT and POLL go with GOOGLE=real: add it, or leave them out.")
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
        **{name: os.environ[name] for name in OF_THE_PRODUCT if name in os.environ},
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
