"""Make, list, rotate and revoke API keys straight in the store (API 9)."""

from argparse import ArgumentParser, Namespace
from datetime import timedelta

from shared.actions.tool_choice import checked_choice
from shared.commands.environment import UNUSED, container_of_environment
from shared.domain.ids import ConnectionId
from shared.domain.keys.api_key import ALL_PERMISSIONS, ApiKey
from shared.edge.composition.container import AutowiredContainer
from shared.edge.web.routes import Permission
from shared.ports.access import ApiKeys
from shared.ports.clock import Clock
from shared.usecases.keys.api_keys import (
    CreateApiKey,
    IssuedKey,
    KeyRequest,
    RevokeApiKey,
    RotateApiKey,
)

SUMMARY = "make, list, rotate and revoke API keys"
MOST = 1_000
TOOLS = "what agents with it are listed: read, triage, write, all, names of tools"
NONE = "No keys yet. Those of the deployment's settings are not listed."


def options(parser: ArgumentParser) -> None:
    """Describe the arguments."""
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    create = what.add_parser("create", help="make a key and print it, this once")
    create.add_argument("--name", required=True)
    permissions = [*map(str, Permission), ALL_PERMISSIONS]
    create.add_argument("--permission", action="append", choices=permissions, required=True)
    create.add_argument("--connection", action="append", help="limit to this connection id")
    create.add_argument("--days", type=int, help="days until it expires")
    create.add_argument("--requests-per-minute", type=int)
    create.add_argument("--tools", type=checked_choice, default="", help=TOOLS)
    what.add_parser("list", help="list the keys, without their secrets")
    rotate = what.add_parser("rotate", help="give a key a new secret and print it, this once")
    rotate.add_argument("id")
    rotate.add_argument("--overlap-hours", type=int, default=24)
    revoke = what.add_parser("revoke", help="make a key worthless")
    revoke.add_argument("id")


async def run(arguments: Namespace) -> int:
    """Do it and print what came of it."""
    async with container_of_environment(without=UNUSED | {"KEYRING"}) as container:
        match arguments.what:
            case "create":
                _show(await container.use(CreateApiKey)(_request(container, arguments)))
            case "rotate":
                overlap = timedelta(hours=arguments.overlap_hours)
                _show(await container.use(RotateApiKey)(arguments.id, overlap))
            case "revoke":
                revoked = await container.use(RevokeApiKey)(arguments.id)
                print(f"{revoked.id}  {revoked.name}  revoked")
            case _:
                keys = await container.use(ApiKeys).list(MOST)
                lines = [_line(container, key) for key in keys]
                print("\n".join(lines) or NONE)
    return 0


def _request(container: AutowiredContainer, arguments: Namespace) -> KeyRequest:
    chosen = arguments.connection
    days = arguments.days
    return KeyRequest(
        name=arguments.name,
        permissions=frozenset(arguments.permission),
        connections=frozenset(map(ConnectionId, chosen)) if chosen else None,
        expires_at=container.use(Clock).now() + timedelta(days=days) if days else None,
        requests_per_minute=arguments.requests_per_minute,
        tools=arguments.tools,
    )


def _show(issued: IssuedKey) -> None:
    print(f"{issued.key.id}  {issued.key.name}")
    print(issued.token)
    print("Keep it now: it is shown this once.")


def _line(container: AutowiredContainer, key: ApiKey) -> str:
    state = "alive" if key.alive(container.use(Clock).now()) else "over"
    reach = "all connections" if key.connections is None else _connections(len(key.connections))
    tools = f"  tools={key.tools}" if key.tools else ""
    return f"{key.id}  {state:5}  {key.name}  {','.join(sorted(key.permissions))}  {reach}{tools}"


def _connections(count: int) -> str:
    return f"{count} connection{'' if count == 1 else 's'}"
