"""An id connected again is the new connection's: no late work of the old one counts."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.ids import ConnectionId
from shared.domain.sync.state import SyncStatus
from shared.edge.triggers.sync_tasks import DisconnectTask
from shared.ports.connections import Connections, GoogleUsers, Grants, Mailboxes
from shared.ports.sync_store import Records, SyncStates
from shared.usecases.connect.disconnect import (
    AcceptDisconnect,
    Disconnect,
    Disconnected,
    disconnect_task,
)
from shared.usecases.reconcile import ResumeDisconnects
from shared.usecases.sync.sync_mailbox import SyncMailbox
from tests.harness.connecting import ADA, BEN, ConnectHarness
from tests.usecases.connect.interrupted import Bomb, Interrupted, representatives
from tests.usecases.connect.test_disconnect import PORTS, interrupted
from tests.usecases.connect.test_import import elsewhere, imported

ID = ConnectionId("used-again")


async def connected(harness: ConnectHarness, email: str) -> Connection:
    """Connect the mailbox under the one id and store a record of it."""
    await harness.mailbox(email)
    answer = await imported(harness, await elsewhere(harness, email), connection_id=ID)
    assert answer.is_success, answer.text
    await harness.control.post("/mailboxes", json={"email": email, "messages": 1})
    await harness.container.use(SyncMailbox)(ID, budget=timedelta(seconds=20))
    return await present(harness)


async def present(harness: ConnectHarness) -> Connection:
    found = await harness.container.use(Connections).get(ID)
    assert found is not None
    return found.value


async def stands(harness: ConnectHarness, connection: Connection) -> None:
    """Hold that nothing of the connection was taken apart."""
    assert await present(harness) == connection
    assert connection.status is ConnectionStatus.ACTIVE
    assert await harness.container.use(Grants).get(ID) is not None
    state = await harness.container.use(SyncStates).get(ID)
    assert state is not None
    assert state.value.status is SyncStatus.RUNNING
    for shared in (
        await harness.container.use(GoogleUsers).get(connection.sub),
        await harness.container.use(Mailboxes).get(connection.mailbox_id),
    ):
        assert shared is not None
        assert shared.value.connections == {ID}


async def test_a_task_brought_again_after_the_id_was_connected_again_changes_nothing(
    harness: ConnectHarness,
) -> None:
    first = await connected(harness, ADA)
    await harness.container.use(AcceptDisconnect)(ID)
    (body,) = [body for path, body in await harness.tasks() if path == "/tasks/disconnect"]
    named = DisconnectTask.model_validate_json(orjson.dumps(body))
    assert named.created_at == first.created_at
    await harness.container.use(Disconnect)(ConnectionId(named.connection_id), named.created_at)
    second = await connected(harness, BEN)
    again = await harness.container.use(Disconnect)(
        ConnectionId(named.connection_id), named.created_at
    )
    assert again == Disconnected()
    await stands(harness, second)
    assert [batch async for batch in harness.container.use(Records).all_heads(ID, None) if batch]


async def test_whatever_wakes_a_disconnect_names_the_connection_that_was_accepted(
    harness: ConnectHarness,
) -> None:
    first = await connected(harness, ADA)
    await harness.container.use(AcceptDisconnect)(ID)
    await harness.tasks()
    harness.advance(timedelta(minutes=10))
    await harness.container.use(ResumeDisconnects)()
    task = disconnect_task(ID, first.created_at)
    assert await harness.tasks() == [(task.path, task.body)]


class Late(Interrupted):
    """A port before whose call number `at` something else happens."""

    def __init__(
        self, port: Any, name: str, bomb: Bomb, meanwhile: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(port, name, bomb)
        self._meanwhile = meanwhile

    def of(self, connection_id: str) -> "Late":
        return Late(self._port.of(connection_id), self._name, self._bomb, self._meanwhile)

    def _guarded(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        async def guarded(*given: Any, **named: Any) -> Any:
            self._bomb.calls.append(f"{self._name}.{name}")
            if self._bomb.strikes():
                await self._meanwhile()
            return await call(*given, **named)

        return guarded


@pytest.mark.timeout(300)
@pytest.mark.parametrize("every_call", [False, pytest.param(True, marks=pytest.mark.deep)])
async def test_a_worker_that_is_late_takes_nothing_of_the_next_connection_apart(
    tmp_path: Path, every_call: bool
) -> None:
    """Another worker is faster at every call in turn, and the id is connected again meanwhile.

    At a call that repeats a reading, it is so in `make test-deep`.
    """
    harness = ConnectHarness(tmp_path)
    survey = Bomb()
    for bomb in (Bomb(), survey):  # an id's first receipt is made, later ones are changed
        first = await connected(harness, ADA)
        await interrupted(harness.container, bomb)(ID, first.created_at)
    numbers = range(1, len(survey.calls) + 1) if every_call else representatives(survey.calls)
    for number in numbers:
        first = await connected(harness, ADA)
        seconds: list[Connection] = []

        async def meanwhile(first: Connection = first, seconds: Any = seconds) -> None:
            await harness.container.use(Disconnect)(ID, first.created_at)
            seconds.append(await connected(harness, BEN))

        bomb = Bomb(number)
        whole = harness.instance().use(Disconnect)
        late = {name: Late(getattr(whole, name), name, bomb, meanwhile) for name in PORTS}
        disconnect = replace(whole, **late)  # type: ignore[arg-type]
        await disconnect(ID, first.created_at)
        assert seconds, bomb.calls
        await stands(harness, seconds[0])
        await harness.container.use(Disconnect)(ID)
    assert len(numbers) > 20
    await harness.close()
