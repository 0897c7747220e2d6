"""The options of `python -m infra.local`, which `make demo` gives by its variables and ARGS."""

import argparse
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn

from infra.local.environment import (
    FIRESTORE_PORT,
    GOOGLE_PORT,
    POSTROOM_PORT,
    PRODUCT_PORT,
    PUBSUB_PORT,
)
from infra.local.programs import UNITS_PER_MINUTE

MESSAGES = 250
"""As many as a minute of Gmail's quota reads at once, at 20 units each."""
LAST_PORT = 65_535
WRONG_USAGE = 2
VARIABLES: Final[Mapping[str, str]] = {
    "--google": "GOOGLE",
    "--client": "CLIENT",
    "--poll-seconds": "POLL",
    "--store": "STORE",
    "--events": "EVENTS",
}
"""What a person writes after `make demo` for an option."""
OF_OPTION: Final = re.compile(r"^argument (--[a-z-]+): ")


class Options(argparse.ArgumentParser):
    """A parser that says in one line what is wrong."""

    def error(self, message: str) -> NoReturn:
        """Exit with the message, the option under the name that `make` has for it."""
        said = OF_OPTION.sub(lambda found: f"{VARIABLES.get(found[1], found[1])} ", message)
        self.exit(WRONG_USAGE, f"\n{said}. `make demo ARGS=--help` lists the options.\n")


def arguments_from(given: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line; exits with one line on a wrong one."""
    parser = Options(prog="python -m infra.local", description=__doc__)
    parser.add_argument("command", choices=["demo", "postroom"])
    parser.add_argument("--port", type=_port, default=POSTROOM_PORT, help="of Postroom")
    parser.add_argument("--google-port", type=_port, default=GOOGLE_PORT)
    parser.add_argument("--product-port", type=_port, default=PRODUCT_PORT)
    parser.add_argument("--state", type=Path, default=Path(".local"), help="directory of all files")
    parser.add_argument("--messages", type=int, default=MESSAGES, help="made up for each mailbox")
    parser.add_argument(
        "--telemetry", default="prometheus", help="who takes traces and metrics: prometheus, otlp"
    )
    parser.add_argument(
        "--units-per-minute",
        type=_above_zero,
        default=UNITS_PER_MINUTE,
        help="Gmail's quota of a user",
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
    parser.add_argument("--poll-seconds", type=_above_zero, dest="poll_s")
    parser.add_argument("--google-url", default="", help="in place of Google's hosts: a stand-in")


def _emulator_options(parser: argparse.ArgumentParser) -> None:
    """Describe what runs on Google's official emulators, which gcloud brings."""
    parser.add_argument("--store", choices=["sqlite", "firestore"], default="sqlite")
    parser.add_argument("--firestore-port", type=_port, default=FIRESTORE_PORT)
    parser.add_argument("--events", choices=["webhooks", "pubsub"], default="webhooks")
    parser.add_argument("--pubsub-port", type=_port, default=PUBSUB_PORT)


def _above_zero(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError("must be a whole number above zero")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= LAST_PORT:
        raise argparse.ArgumentTypeError(f"must be a number from 1 to {LAST_PORT}")
    return int(text)
