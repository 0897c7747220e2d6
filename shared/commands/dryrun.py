"""Run one action or own sync and show every call to Google; no effect is made, nothing stored."""

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from shared.actions.loading import get_action
from shared.actions.run import RunAction
from shared.commands.dry_container import SeenCall, dry_container, watched_container
from shared.commands.dry_outside import SeenRequest
from shared.commands.dry_sync import dryrun_sync
from shared.commands.environment import UNUSED, container_of_environment
from shared.domain.connect.connection import Connection
from shared.domain.ids import ConnectionId
from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.deployment import Settings
from shared.errors import InvalidRequestError, UnknownConnectionError
from shared.ports.connections import ConnectionQuery, Connections
from shared.ports.queue import Task

SUMMARY = "run an action or a sync and show each call; effects are not made unless --really"
NEEDED = frozenset({"OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "GMAIL_TOPIC"})
"""What refreshing a token, and arming a watch, take."""
FROM = ("checkpoint", "start")
"""Where a sync's run begins."""


def options(parser: ArgumentParser) -> None:
    """Describe the arguments."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("action", nargs="?", help="an action's name, such as list-labels")
    what.add_argument("--sync", default="", help="a sync's name instead, such as sync-labels")
    parser.add_argument("--connection", default="", help="its id; may be left out if there is one")
    parser.add_argument("--input", default="", help="the action's input as JSON, or @FILE")
    parser.add_argument("--answer", default="", help="JSON that other hosts answer, or @FILE")
    parser.add_argument("--really", action="store_true", help="make the calls with an effect too")
    parser.add_argument("--from", dest="start", choices=FROM, default=FROM[0], help="of a sync")
    parser.add_argument("--show", action="store_true", help="show records, and answers of actions")


async def run(arguments: Namespace) -> int:
    """Run it and print what it did, or would have done; no token, and mail only with --show."""
    if arguments.sync:
        return await _run_sync(arguments)
    get_action(arguments.action)
    given = read_input(arguments.input)
    async with container_of_environment(without=UNUSED - NEEDED) as real:
        connection = await find_connection(real, arguments.connection)
        report = Report()
        container = await container_for_run(
            real.settings,
            connection,
            report,
            really=arguments.really,
            answer=read_input(arguments.answer) or None,
        )
        try:
            answer = await container.use(RunAction)(connection, arguments.action, given)
        finally:
            report.end(really=arguments.really)
            await container.close()
        print(f"It answers {get_action(arguments.action).output.__name__}: {shape(answer.output)}")
        if arguments.show:
            print(orjson.dumps(answer.output, option=orjson.OPT_INDENT_2).decode())
    return 0


async def _run_sync(arguments: Namespace) -> int:
    """Run a sync over what is stored, storing nothing; 1 where it failed."""
    if arguments.really:
        raise InvalidRequestError("A sync has no effect to make: leave --really out.")
    async with container_of_environment(without=UNUSED - NEEDED) as real:
        connection = await find_connection(real, arguments.connection)
        from_start = arguments.start == "start"
        ended_well = await dryrun_sync(
            real, connection, arguments.sync, from_start=from_start, show=arguments.show
        )
    return 0 if ended_well else 1


async def container_for_run(
    settings: Settings,
    connection: Connection,
    report: "Report",
    *,
    really: bool,
    answer: Any = None,
) -> AutowiredContainer:
    """Return the container to run in: a dry one, or the deployment itself, watched."""
    if really:
        return watched_container(settings, report.call, report.request)
    return await dry_container(
        settings, connection, report.call, report.task, report.request, answer
    )


@dataclass
class Report:
    """What is printed while the action runs."""

    calls: list[SeenCall] = field(default_factory=list)

    def call(self, seen: SeenCall) -> None:
        """Print one call: method, path, units; never its query or content."""
        self.calls.append(seen)
        became = "NOT SENT, it has an effect" if seen.method != "GET" else "made up here"
        became = became if seen.status is None else f"sent, answered {seen.status}"
        units = "?" if seen.units is None else str(seen.units)
        print(f"{seen.method:<6} {seen.path:<44} {units:>4} units  {became}", flush=True)

    def request(self, seen: SeenRequest) -> None:
        """Print a request to another host: its method and the host."""
        became = "NOT SENT" if seen.status is None else f"sent, answered {seen.status}"
        print(f"{seen.method:<6} {f'https://{seen.host}':<44}             {became}", flush=True)

    def task(self, task: Task) -> None:
        """Print a task that would have been queued."""
        print(f"QUEUE  {task.path:<44}             NOT QUEUED", flush=True)

    def end(self, *, really: bool) -> None:
        """Print the sums."""
        units = sum(one.units or 0 for one in self.calls)
        kept = sum(1 for one in self.calls if one.status is None)
        words = "" if really else f", of which {kept} not sent"
        calls = f"{len(self.calls)} Gmail call{'' if len(self.calls) == 1 else 's'}"
        print(f"{calls}, {units} quota unit{'' if units == 1 else 's'}{words}.")


def read_input(text: str) -> Any:
    """Return the input. Raises InvalidRequestError where it is no JSON."""
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text("utf-8")
        except OSError as error:
            raise InvalidRequestError(f"{text[1:]} cannot be read: {error.strerror}.") from None
    try:
        return orjson.loads(text) if text.strip() else {}
    except orjson.JSONDecodeError as error:
        raise InvalidRequestError(f"The input is not JSON: {error}.") from None


async def find_connection(container: AutowiredContainer, id: str) -> Connection:
    """Return the connection, or the only one there is. Raises UnknownConnectionError."""
    if id:
        found = await container.use(Connections).get(ConnectionId(id))
        if found is None:
            raise UnknownConnectionError(f"There is no connection {id!r}.")
        return found.value
    some = await container.use(Connections).find(ConnectionQuery(limit=2))
    if len(some) != 1:
        raise UnknownConnectionError("Name one connection: there are none, or several.")
    return some[0]


def shape(output: Any) -> str:
    """Return what an output is made of, without any of it."""
    if isinstance(output, dict):
        inner = (f"{name}: {shape(value)}" for name, value in output.items())
        return "{" + ", ".join(inner) + "}"
    if isinstance(output, list):
        return f"[{len(output)} x {shape(output[0])}]" if output else "[]"
    return {str: "text", bool: "yes or no", int: "number"}.get(type(output), "nothing")
