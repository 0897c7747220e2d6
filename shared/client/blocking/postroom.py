"""`postroom.py` without asyncio, made by `python -m infra.blocking_client`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from ..postroom import TIMEOUT
from ..transport import INTEGRATION, RetryPolicy
from .actions import Actions
from .approvals import Approvals
from .connections import Connections
from .events import Events, Webhooks
from .keys import Keys
from .records import Records
from .sends import Sends
from .syncs import Syncs
from .transport import Transport


@dataclass(frozen=True, slots=True)
class PostroomSync:
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
    @contextmanager
    def open(
        cls, address: str, api_key: str, *, retry_policy: RetryPolicy | None = None
    ) -> Iterator["PostroomSync"]:
        """Open a client of the Postroom at `address` for the block's length."""
        headers = {"Authorization": f"Bearer {api_key}", "Provider-Config-Key": INTEGRATION}
        with httpx.Client(
            base_url=address, headers=headers, timeout=TIMEOUT.total_seconds()
        ) as http:
            yield cls.over(http, retry_policy or RetryPolicy())

    @classmethod
    def over(cls, http: httpx.Client, retry_policy: RetryPolicy | None = None) -> "PostroomSync":
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
