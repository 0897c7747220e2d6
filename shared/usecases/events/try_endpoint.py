"""Send one made-up event to one receiver, now and once, so that a person sees what it answers."""

import json
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from shared.domain.events.delivery import Attempted
from shared.domain.events.flavour import in_flavour
from shared.domain.ids import ConnectionId, EventId
from shared.errors import InvalidRequestError
from shared.ports.clock import Clock
from shared.ports.google.oauth import Sealer
from shared.ports.sinks import OutgoingEvent, WebhookSink
from shared.usecases.events.manage_endpoints import ManageEndpoints
from shared.usecases.events.receivers import opened_secret, receiver_of

TEST: Final = "test"
"""The `type` of the body: no event of a connection has it, and a receiver leaves it aside."""
NO_CONNECTION: Final = ConnectionId("")


@dataclass(frozen=True)
class TryEndpoint:
    """Makes the attempt, signed as every other one; nothing of it is stored or tried again."""

    endpoints: ManageEndpoints
    sealer: Sealer
    sink: WebhookSink
    clock: Clock

    async def __call__(self, id: str) -> Attempted:
        """Return what the receiver answered; a disabled one is tried too.

        Raises NotFoundError; InvalidRequestError for a topic or a queue, which answers nothing.
        """
        endpoint, now = (await self.endpoints.find(id)).value, self.clock.now()
        live = [one for one in endpoint.secrets if one.live(now)]
        if not live:
            raise InvalidRequestError("Only a webhook answers a test: wait for its next event.")
        secrets = [await opened_secret(self.sealer, id, one) for one in live]
        told = {"type": TEST, "endpointId": id, "createdAt": now.isoformat()}
        body = json.dumps({**in_flavour(told, endpoint.flavour)}).encode()
        event_id = EventId(f"evt_test_{uuid4().hex}")
        outgoing = OutgoingEvent(event_id, NO_CONNECTION, TEST, body, now)
        return await self.sink(receiver_of(endpoint, tuple(secrets)), outgoing)
