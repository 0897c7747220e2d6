"""`python -m infra.local demo` runs everything; `postroom` is the one process it needs for us."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from infra.local.demo import UNITS_PER_MINUTE, DemoSettings, run
from infra.local.environment import (
    GOOGLE_PORT,
    HOST,
    POSTROOM_PORT,
    PRODUCT_PORT,
    environment,
    write_environment,
)
from infra.local.postroom import Postroom
from infra.local.processes import DemoError
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
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Run the command; return the exit code."""
    chosen = arguments_from(given)
    os.umask(PRIVATE)
    state = chosen.state.resolve()
    (state / "logs").mkdir(parents=True, exist_ok=True)
    state.chmod(0o777 & ~PRIVATE)
    settings = DemoSettings(
        port=chosen.port,
        google_port=chosen.google_port,
        product_port=chosen.product_port,
        state=state,
        messages=chosen.messages,
        units_per_minute=chosen.units_per_minute,
        telemetry=chosen.telemetry,
        testing=chosen.testing,
        origins=tuple(chosen.origins),
    )
    if chosen.command == "postroom":
        serve(settings)
        return 0
    try:
        asyncio.run(run(settings))
    except DemoError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def serve(settings: DemoSettings) -> None:
    """Serve Postroom until interrupted."""
    more = {
        "POSTROOM_UNITS_PER_MINUTE": str(settings.units_per_minute),
        "POSTROOM_TELEMETRY": settings.telemetry,
        **({"POSTROOM_PUBLISHING": "testing"} if settings.testing else {}),
    }
    origins = (*LOOPBACK, *settings.origins)
    environ = environment(settings.addresses, settings.state, more, origins)
    write_environment(settings.state, environ)
    postroom = Postroom(environ, AdjustableClock())
    config = uvicorn.Config(
        postroom.app,
        host=HOST,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=STOP_S,
    )
    with listener(settings.port) as bound:
        uvicorn.Server(config).run(sockets=[bound])


if __name__ == "__main__":
    sys.exit(main())
