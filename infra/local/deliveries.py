"""HTTP requests the laptop's queue and scheduler make, as Cloud Tasks and Scheduler make them."""

import json
from dataclasses import dataclass

import httpx

from infra.local.dispatcher import Answer
from infra.local.environment import SCHEDULER_ACCOUNT, TASKS_ACCOUNT
from infra.local.id_tokens import CallTokens
from infra.local.tasks.retry import retry_after
from shared.adapters.sqlite.queue import ClaimedTask
from shared.ports.clock import Clock

DEADLINE_S = 600.0


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Signed POSTs to our own host; a failure is an answer with status 0, not an error."""

    client: httpx.AsyncClient
    tokens: CallTokens
    clock: Clock
    target: str
    """The host's address, also the tokens' audience."""

    async def post_task(self, claimed: ClaimedTask) -> Answer:
        """Make one attempt at a task."""
        task = claimed.task
        headers = {
            "User-Agent": "Google-Cloud-Tasks",
            "X-CloudTasks-QueueName": task.queue.value,
            "X-CloudTasks-TaskName": task.name or str(claimed.id),
            "X-CloudTasks-TaskRetryCount": str(claimed.attempt - 1),
            "X-CloudTasks-TaskExecutionCount": str(claimed.attempt - 1),
            "X-CloudTasks-TaskETA": f"{(task.not_before or self.clock.now()).timestamp():.6f}",
        }
        if claimed.traceparent is not None:
            headers["traceparent"] = claimed.traceparent
        body = json.dumps(dict(task.body)).encode()
        return await self._post(task.path, body, headers, TASKS_ACCOUNT)

    async def call_job(self, path: str) -> None:
        """Run one scheduled job; a failed run is made up for by the next."""
        headers = {"User-Agent": "Google-Cloud-Scheduler"}
        await self._post(path, b"{}", headers, SCHEDULER_ACCOUNT)

    async def _post(self, path: str, body: bytes, headers: dict[str, str], account: str) -> Answer:
        try:
            token = await self.tokens(service_account=account, audience=self.target)
            answer = await self.client.post(
                self.target + path,
                content=body,
                headers=headers
                | {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
                timeout=DEADLINE_S,
            )
        except httpx.HTTPError:
            return Answer(0)
        asked = retry_after(answer.headers.get("retry-after"), self.clock.now())
        return Answer(answer.status_code, asked)
