"""Postroom's HTTP API, as one product with one API key sees it.

    async with Postroom.open("https://mail.example.com", key) as postroom:
        session = await postroom.connections.session({"end_user_id": "u1"})

Every method raises a PostroomApiError where Postroom says no, and PostroomUnreachableError where
no answer came (`errors` draws the tree). Calls that may be repeated are, `transport` says which.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import httpx

from .actions import Actions
from .approvals import Approvals
from .connections import Connections
from .events import Events, Webhooks
from .keys import Keys
from .records import Records
from .sends import Sends
from .syncs import Syncs
from .transport import INTEGRATION, RetryPolicy, Transport

TIMEOUT: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Postroom:
    """The API's resources."""

    connections: Connections
    records: Records
    syncs: Syncs
    sends: Sends
    actions: Actions
    events: Events
    webhooks: Webhooks
    keys: Keys
    approvals: Approvals

    @classmethod
    @asynccontextmanager
    async def open(
        cls, address: str, api_key: str, *, retry_policy: RetryPolicy | None = None
    ) -> AsyncIterator["Postroom"]:
        """Open a client of the Postroom at `address` for the block's length."""
        headers = {"Authorization": f"Bearer {api_key}", "Provider-Config-Key": INTEGRATION}
        async with httpx.AsyncClient(
            base_url=address, headers=headers, timeout=TIMEOUT.total_seconds()
        ) as http:
            yield cls.over(http, retry_policy or RetryPolicy())

    @classmethod
    def over(cls, http: httpx.AsyncClient, retry_policy: RetryPolicy | None = None) -> "Postroom":
        """Return a client over an httpx client that has the address and the headers."""
        transport = Transport(http, retry_policy or RetryPolicy())
        return cls(
            connections=Connections(transport),
            records=Records(transport),
            syncs=Syncs(transport),
            sends=Sends(transport),
            actions=Actions(transport),
            events=Events(transport),
            webhooks=Webhooks(transport),
            keys=Keys(transport),
            approvals=Approvals(transport),
        )
