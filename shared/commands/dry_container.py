"""A deployment in which Gmail is watched, and nothing that has an effect is done.

Reads go to Gmail. A call that would change something is shown and answered here, with made-up
ids, so that what an action would do after it is shown as well. The ledger, the outbox and the
like are in memory; only connections and grants are the deployment's own, since a token may have
to be refreshed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx
import orjson

from shared.adapters.google.http_client import new_http_client
from shared.adapters.sqlite.store import open_store
from shared.commands.dry_outside import (
    DryApis,
    MadeUpSecrets,
    RecordedOutside,
    ShownOutside,
    Tell,
)
from shared.domain.connect.connection import Connection
from shared.domain.sync.quota_units import units_of
from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.deployment import Settings
from shared.ports.clock import Clock
from shared.ports.connections import Connections, Mailboxes, MailboxNames
from shared.ports.events import Operations, Outbox
from shared.ports.google.apis import GoogleApis
from shared.ports.outside import OutsideHttp, Secrets
from shared.ports.queue import Queue, Task
from shared.ports.sends import ActionResults, Sends

MADE_UP: Final = "d0d0d0d0d0d0d0d0"
"""The id of whatever a call would have made."""
MAILBOX: Final = "/gmail/v1/users/me/"
_MESSAGE: Final = {"id": MADE_UP, "threadId": MADE_UP, "labelIds": []}


@dataclass(frozen=True, slots=True)
class SeenCall:
    """One call to Gmail; `status` None where it was not sent. Never its query or content."""

    method: str
    path: str
    units: int | None
    status: int | None


@dataclass
class WatchedTransport(httpx.AsyncBaseTransport):
    """Tells of each Gmail call; unless `really`, those with an effect go nowhere."""

    inner: httpx.AsyncClient
    tell: Callable[[SeenCall], None]
    really: bool = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass on, or make up an answer."""
        _, found, path = request.url.path.partition(MAILBOX)
        if not found:
            return await self._pass_on(request)
        made_up = not self.really and (request.method != "GET" or MADE_UP in path)
        response = _made_up_response(request, path) if made_up else await self._pass_on(request)
        status = None if made_up else response.status_code
        self.tell(
            SeenCall(
                request.method,
                f"/{_without_addresses(path)}",
                units_of(request.method, path),
                status,
            )
        )
        return response

    async def _pass_on(self, request: httpx.Request) -> httpx.Response:
        return await self.inner.send(request, stream=True)

    async def aclose(self) -> None:
        """Give connections back."""
        await self.inner.aclose()


@dataclass
class ShownTasks:
    """A queue that shows what it is given and keeps nothing."""

    tell: Callable[[Task], None]

    async def enqueue(self, task: Task) -> None:
        """Show the task."""
        self.tell(task)


def watched_container(
    settings: Settings,
    tell: Callable[[SeenCall], None],
    tell_request: Tell,
    *,
    really: bool = True,
) -> AutowiredContainer:
    """Return the deployment itself, with Gmail and other hosts watched."""
    container = AutowiredContainer(settings)
    transport = WatchedTransport(new_http_client(), tell, really=really)
    client = httpx.AsyncClient(transport=transport, trust_env=False)
    container.at_close(client.aclose)
    container.bind(httpx.AsyncClient, client)
    if really:
        container.bind(OutsideHttp, RecordedOutside(container.use(OutsideHttp), tell_request))
    return container


async def dry_container(
    settings: Settings,
    connection: Connection,
    tell: Callable[[SeenCall], None],
    tell_task: Callable[[Task], None],
    tell_request: Tell,
    answer: Any = None,
) -> AutowiredContainer:
    """Return the same with nothing done: what would be written is kept in memory.

    What an action may change of the connection is copied into that memory before. `answer` is what
    other hosts are taken to answer.
    """
    container = watched_container(settings, tell, tell_request, really=False)
    memory = open_store(":memory:", container.use(Clock))
    container.at_close(memory.close)
    await memory.connections.create(connection)
    mailbox = await container.use(Mailboxes).get(connection.mailbox_id)
    if mailbox is not None:
        await memory.mailboxes.create(mailbox.value)
    apis = container.use(GoogleApis)
    container.bind(GoogleApis, DryApis(apis, tell_request, answer))
    container.bind(OutsideHttp, ShownOutside(tell_request, answer))
    container.bind(Secrets, MadeUpSecrets())
    container.bind(Queue, ShownTasks(tell_task))
    container.bind(Connections, memory.connections)
    container.bind(Mailboxes, memory.mailboxes)
    container.bind(MailboxNames, memory.mailbox_names)
    container.bind(Sends, memory.sends)
    container.bind(Outbox, memory.outbox)
    container.bind(Operations, memory.operations)
    container.bind(ActionResults, memory.action_results)
    return container


def _without_addresses(path: str) -> str:
    """Return the path without any address in it."""
    return "/".join("..." if "@" in one or "%40" in one else one for one in path.split("/"))


def _made_up_response(request: httpx.Request, path: str) -> httpx.Response:
    answer = _answer(request.method, path.split("/"), request.content)
    if answer is None:
        return httpx.Response(204, request=request)
    content = httpx.ByteStream(orjson.dumps(answer))
    headers = {"content-type": "application/json"}
    return httpx.Response(200, headers=headers, stream=content, request=request)


def _answer(method: str, path: list[str], content: bytes) -> dict[str, Any] | None:
    """Return what Gmail would, as far as our readers look; None for an empty answer."""
    if method == "DELETE" or path[-1] in {"batchModify", "batchDelete", "stop", "verify"}:
        return None
    if path[0] == "settings":  # Gmail answers what it was given
        return {"id": MADE_UP, "sendAsEmail": path[-1], **orjson.loads(content or b"{}")}
    id = path[1] if len(path) > 1 and path[1] not in {"send", "import"} else MADE_UP
    message = {**_MESSAGE, "id": id, "payload": {"headers": []}}
    resource = "messages" if path[-1] == "send" else path[0]
    answers: dict[str, dict[str, Any]] = {
        "drafts": {"id": id, "message": {**message, "labelIds": ["DRAFT"]}},
        "labels": {"id": id, "name": "(made up)"},
        "threads": {"id": id, "messages": []},
        "watch": {"historyId": "1", "expiration": "0"},
    }
    return answers.get(resource, message)
