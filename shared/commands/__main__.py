"""`python -m shared.commands NAME ...`: settings come from the POSTROOM_* variables."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence

from shared.commands import (
    doctor,
    dryrun,
    forged_tokens,
    keys,
    replay_erasures,
    rotate_keys,
    verify_google,
)
from shared.errors import PostroomError

COMMANDS = {
    "doctor": doctor,
    "dryrun": dryrun,
    "keys": keys,
    "rotate-keys": rotate_keys,
    "check-forged": forged_tokens,
    "replay-erasures": replay_erasures,
    "verify-google": verify_google,
}
"""Each module has SUMMARY, `options(parser)` and `async run(arguments) -> int`, the exit code."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; a failure of ours is one line on standard error and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m shared.commands", description=__doc__)
    chosen = parser.add_subparsers(dest="command", required=True, metavar="NAME")
    for name, command in COMMANDS.items():
        command.options(chosen.add_parser(name, help=command.SUMMARY, description=command.SUMMARY))
    arguments = parser.parse_args(argv)
    os.umask(0o077)  # whatever a command writes holds keys or mail
    try:
        code: int = asyncio.run(COMMANDS[arguments.command].run(arguments))
    except PostroomError as error:
        print(f"{arguments.command}: {error}", file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
