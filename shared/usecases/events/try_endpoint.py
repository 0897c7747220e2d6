"""Send one made-up event to one receiver, now and once, so that a person sees what it answers."""

import json
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from shared.domain.events.delivery import Attempted, Failure
from shared.domain.events.flavour import in_flavour
from shared.domain.ids import ConnectionId, EventId
from shared.ports.clock import Clock
from shared.ports.sinks import OutgoingEvent, Sinks
from shared.usecases.events.manage_endpoints import ManageEndpoints
from shared.usecases.events.receivers import Present, Receivers, receiver_of

TEST: Final = "test"
"""The `type` of the body: no event of a connection has it, and a receiver leaves it aside."""
NO_CONNECTION: Final = ConnectionId("")


@dataclass(frozen=True)
class TryEndpoint:
    """Makes the attempt, signed as every other one; nothing of it is stored or tried again."""

    endpoints: ManageEndpoints
    receivers: Receivers
    sinks: Sinks
    clock: Clock

    async def __call__(self, id: str) -> Attempted:
        """Raise NotFoundError where there is no such endpoint, disabled ones are tried too."""
        endpoint, now = await self.endpoints.find(id), self.clock.now()
        present = Present(receiver_of(endpoint.value), endpoint)
        sink = self.sinks.of(present.receiver)
        if sink is None:
            return Attempted(Failure.MISCONFIGURED)
        event_id = EventId(f"evt_test_{uuid4().hex}")
        told = {"type": TEST, "endpointId": id, "createdAt": now.isoformat()}
        body = json.dumps({**in_flavour(told, endpoint.value.flavour)}).encode()
        receiver = await self.receivers.open(present, now)
        return await sink(receiver, OutgoingEvent(event_id, NO_CONNECTION, TEST, body, now))
