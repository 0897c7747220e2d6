"""`python -m infra.local.google`: an emulated Google on 127.0.0.1."""

import argparse
import errno
import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import fields

import uvicorn

from infra.local.google.app import create_app
from infra.local.google.settings import GoogleSettings

HOST = "127.0.0.1"


def read_arguments(arguments: Sequence[str] | None = None) -> GoogleSettings:
    """Turn command-line arguments into settings; exits with usage on a wrong one."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.google", description=__doc__)
    parser.add_argument("--port", type=int, default=8085)
    parser.add_argument("--state", metavar="FILE", default=":memory:", help="survives restarts")
    parser.add_argument("--project", help="Google Cloud project id")
    parser.add_argument("--client-id")
    parser.add_argument("--client-secret")
    parser.add_argument(
        "--redirect-uri", dest="redirect_uris", action="append", metavar="URI", help="repeatable"
    )
    parser.add_argument(
        "--desktop-client", action="store_true", help="any loopback redirect URI is the client's"
    )
    parser.add_argument("--push-endpoint", metavar="URL")
    parser.add_argument("--push-audience", help="defaults to the push endpoint")
    parser.add_argument("--pubsub-emulator", metavar="HOST:PORT", help="publish there instead")
    parser.add_argument("--push-service-account", metavar="EMAIL")
    parser.add_argument("--clock-follower", metavar="URL", help='gets POST {"advance_s"}')
    parser.add_argument("--units-per-minute", type=int, help="Gmail quota per mailbox")
    parser.add_argument(
        "--refresh-token-days", type=int, help="how long grants live: 7 for an app in testing"
    )
    given = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value}
    if "redirect_uris" in given:
        given["redirect_uris"] = tuple(given["redirect_uris"])
    if "project" in given:
        given |= _names_in(given["project"])
        given.setdefault(
            "push_service_account", f"gmail-push@{given['project']}.iam.gserviceaccount.com"
        )
    assert given.keys() <= {field.name for field in fields(GoogleSettings)}
    return GoogleSettings(**given)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; return the exit code."""
    os.umask(0o077)  # its state, where it keeps any, is mail
    settings = read_arguments(arguments)
    # The protocol is named for asyncio, which turns Nagle's algorithm off only where it is.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, settings.port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            print(f"Port {settings.port} is busy: choose another with --port.", file=sys.stderr)
            return 1
        address = f"http://{HOST}:{listener.getsockname()[1]}"
        print(f"Emulated Google on {address}, pushing to {settings.push_endpoint}", flush=True)
        config = uvicorn.Config(create_app(settings), log_level="warning", access_log=False)
        uvicorn.Server(config).run(sockets=[listener])
    return 0


def _names_in(project: str) -> dict[str, str]:
    return {
        "topic": f"projects/{project}/topics/gmail",
        "subscription": f"projects/{project}/subscriptions/gmail-push",
    }


if __name__ == "__main__":
    sys.exit(main())
