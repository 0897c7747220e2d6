"""Queue port on Cloud Tasks, by REST: its client library imports in 440 ms (FACTS 13.6).

Each task is an HTTP request to one of our own paths, signed by Cloud Tasks with an OIDC token of
`service_account` (FACTS 8.10). Queue ids are the values of QueueName.
"""

import json
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import httpx

from shared.domain.trace_context import traceparent_for
from shared.errors import PostroomError, QueueUnavailableError
from shared.ports.queue import Task

ENDPOINT: Final = "https://cloudtasks.googleapis.com"
ALREADY_EXISTS: Final = 409


def _shared_address(_path: str) -> str | None:
    """Return that no function has an address of its own."""
    return None


@dataclass(frozen=True, slots=True)
class CloudTasksQueue:
    """Queue port over `projects.locations.queues.tasks.create`.

    `location` is `projects/P/locations/L`; `target` the address our paths are appended to,
    `audience` what their tokens are for; `access_token` answers one of the cloud-platform scope.
    """

    client: httpx.AsyncClient
    access_token: Callable[[], Awaitable[str]]
    location: str
    target: str
    audience: str
    service_account: str
    own_url: Callable[[str], str | None] = _shared_address
    """The address of the function behind a path where it has one: target and audience then."""
    endpoint: str = ENDPOINT
    deadline_s: int = 600
    """How long one attempt may take; what our functions are given, too."""

    async def enqueue(self, task: Task) -> None:
        """Create the task; a known name counts as created. Raises QueueUnavailableError."""
        queue = f"{self.location}/queues/{task.queue}"
        body = json.dumps({"task": self._created_task(task, queue)}, separators=(",", ":"))
        try:
            token = await self.access_token()
            answer = await self.client.post(
                f"{self.endpoint}/v2/{queue}/tasks",
                content=body,
                headers={
                    "Authorization": f"Bearer {token}",
                    "Content-Type": "application/json",
                },
            )
        except (httpx.HTTPError, PostroomError) as error:
            raise QueueUnavailableError("Cloud Tasks could not be reached.") from error
        if not answer.is_success and not _is_known(answer, task):
            raise QueueUnavailableError(f"Cloud Tasks answered {answer.status_code} to a create.")

    def _created_task(self, task: Task, queue: str) -> dict[str, Any]:
        created: dict[str, Any] = {
            "httpRequest": self._request(task),
            "dispatchDeadline": f"{self.deadline_s}s",
        }
        if task.name is not None:
            created["name"] = f"{queue}/tasks/{task_id(task.name)}"
        if task.not_before is not None:
            created["scheduleTime"] = _timestamp(task.not_before)
        return created

    def _request(self, task: Task) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if (traceparent := traceparent_for(task.trace_id)) is not None:
            headers["traceparent"] = traceparent
        body = json.dumps(dict(task.body), separators=(",", ":")).encode()
        own = self.own_url(task.path)
        return {
            "httpMethod": "POST",
            "url": (own or self.target) + task.path,
            "headers": headers,
            "body": b64encode(body).decode(),
            "oidcToken": {
                "serviceAccountEmail": self.service_account,
                "audience": own or self.audience,
            },
        }


def task_id(name: str) -> str:
    """Return a task id for any name; hashed, for ids are to be spread evenly (FACTS 8.11)."""
    return sha256(name.encode()).hexdigest()


def _is_known(answer: httpx.Response, task: Task) -> bool:
    """Whether this is ALREADY_EXISTS for a task we named: scheduled, or run within the day."""
    return task.name is not None and answer.status_code == ALREADY_EXISTS


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
