"""After a restore and before anything runs: erase again what was erased since the backup.

What was erased is read from the receipts of the store that was left (`--store`), or, where it is
lost, from our log lines of disconnects (`--log`), as gcloud prints them:
gcloud logging read 'jsonPayload.task="disconnect"' --format=json
"""

import json
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from shared.commands.environment import container_of_environment
from shared.domain.ids import ConnectionId
from shared.edge.composition.container import AutowiredContainer
from shared.errors import ConfigurationError
from shared.ports.connections import Connections, Receipts
from shared.usecases.connect.disconnect import Disconnected
from shared.usecases.connect.replay_erasures import Erasures, ReplayErasures

SUMMARY = "after a restore: erase again what was erased since the backup was made"


def options(parser: ArgumentParser) -> None:
    """Describe the arguments."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--store", help="the store that was left, such as firestore:PROJECT/OLD")
    source.add_argument("--log", type=Path, help="a file of log entries, as gcloud prints them")


async def run(arguments: Namespace) -> int:
    """Erase, and say how many were; 0 also where there was nothing to do."""
    ended = erased_by_log(arguments.log) if arguments.log else None
    async with container_of_environment(without=frozenset()) as container:
        if ended is None:
            ended = await _erased_by_store(container, arguments.store)
        again = [await container.use(ReplayErasures)(id, at) for id, at in ended]
        store = container.settings.store
        print(f"{len(again)} erasures known, {sum(again)} of them made again in {store}")
    return 0


async def _erased_by_store(container: AutowiredContainer, store: str) -> Erasures:
    if store == container.settings.store:
        raise ConfigurationError("--store names the restored store itself: name the one left.")
    left = AutowiredContainer(replace(container.settings, store=store))
    try:
        return await container.use(ReplayErasures).known_to(
            left.use(Receipts), left.use(Connections)
        )
    finally:
        await left.close()


def erased_by_log(path: Path) -> Erasures:
    """Return what ended; raises ConfigurationError where the file is no list of log entries."""
    try:
        return [
            (
                ConnectionId(entry["jsonPayload"]["connection"]),
                datetime.fromisoformat(entry["timestamp"]),
            )
            for entry in json.loads(path.read_text())
            if entry["jsonPayload"].get("outcome") == Disconnected.__name__
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"{path} is no list of log entries as gcloud prints them ({type(error).__name__})."
        ) from error
