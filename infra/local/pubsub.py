"""The official Pub/Sub emulator on the laptop: its topics, and the token that it does not send."""

from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from starlette.requests import Request
from starlette.responses import Response

from infra.local.environment import PUSH_ACCOUNT, TOPIC
from infra.local.id_tokens import CallTokens

RELAY: Final = "/_local/pubsub/push"
EVENTS_TOPIC: Final = "projects/demo/topics/events"
SUBSCRIPTIONS: Final = "projects/demo/subscriptions"
EVENTS_SUBSCRIPTION: Final = f"{SUBSCRIPTIONS}/events"
THERE_ALREADY: Final = 409


async def create_topics(client: httpx.AsyncClient, host: str, postroom: str) -> None:
    """Make the topics of Gmail and of events, each with a subscription: pushed here, and pulled.

    Raises httpx.HTTPError.
    """
    push = {"pushEndpoint": f"{postroom}{RELAY}"}
    wanted: dict[str, dict[str, Any]] = {
        TOPIC: {},
        EVENTS_TOPIC: {},
        f"{SUBSCRIPTIONS}/gmail-push": {"topic": TOPIC, "pushConfig": push},
        EVENTS_SUBSCRIPTION: {"topic": EVENTS_TOPIC, "enableMessageOrdering": True},
    }
    for name, body in wanted.items():
        answer = await client.put(f"http://{host}/v1/{name}", json=body)
        if answer.status_code != THERE_ALREADY:
            answer.raise_for_status()


@dataclass
class PushRelay:
    """Passes the emulator's pushes on to `endpoint`, with the token that Pub/Sub itself sends."""

    client: httpx.AsyncClient
    tokens: CallTokens
    endpoint: str
    audience: str
    acknowledged: int = field(default=0)

    async def __call__(self, request: Request) -> Response:
        """Return what the entry answers, so that the emulator acknowledges or tries again."""
        token = await self.tokens(service_account=PUSH_ACCOUNT, audience=self.audience)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        answer = await self.client.post(
            self.endpoint, content=await request.body(), headers=headers
        )
        self.acknowledged += answer.is_success
        return Response(answer.content, answer.status_code)
