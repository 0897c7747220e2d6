"""`python -m infra.local.product`: serve the sample product until interrupted."""

import argparse
import socket
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from infra.local.environment import HOST, PRODUCT_PORT
from infra.local.product.app import create_app, end_pages
from infra.local.product.settings import Person, ProductSettings
from infra.local.serving import listener

STOP_S = 3


class ProductServer(uvicorn.Server):
    """Ends the open event streams before it waits for requests to finish."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        end_pages(self.config.app)  # type: ignore[arg-type]  # it is ours
        await super().shutdown(sockets)


def main(given: Sequence[str] | None = None) -> None:
    """Serve on the loopback address."""
    chosen = _arguments(given)
    plain = ProductSettings()
    settings = ProductSettings(
        postroom=chosen.postroom.rstrip("/"),
        api_key=chosen.key,
        google_control=chosen.google_control,
        state=chosen.state,
        people=tuple(chosen.person) or plain.people,
    )
    config = uvicorn.Config(
        create_app(settings),
        host=HOST,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=STOP_S,
    )
    with listener(chosen.port) as bound:
        ProductServer(config).run(sockets=[bound])


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    plain = ProductSettings()
    parser = argparse.ArgumentParser(prog="python -m infra.local.product", description=__doc__)
    parser.add_argument("--port", type=int, default=PRODUCT_PORT)
    parser.add_argument("--postroom", default=plain.postroom, help="its address")
    parser.add_argument("--key", default=plain.api_key, help="an API key of Postroom")
    parser.add_argument("--google-control", help="address of an emulated Google, for sample mail")
    parser.add_argument("--state", type=Path, default=plain.state, help="file of the product")
    parser.add_argument(
        "--person",
        type=Person.parse,
        action="append",
        default=[],
        help="a user, as 'Ada Byron <ada@acme.example>'; may be repeated",
    )
    return parser.parse_args(given)


if __name__ == "__main__":
    main()
