"""Gmail over HTTP: the ports GmailMailboxes and Gmail.

Nothing but GETs is ever retried here, and those only after failures that may pass. Rate limits
surface at once: the caller paces.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

import httpx

from shared.adapters.gmail_requests import GMAIL_URL, AccessTokens, GmailRequests
from shared.adapters.gmail_send import HttpGmailSend
from shared.adapters.gmail_streams import HttpGmailStreams
from shared.adapters.gmail_sync import HttpGmailSync
from shared.domain.ids import ConnectionId
from shared.ports.clock import Clock

MAX_MAILBOXES: Final = 2_000
"""Mailboxes whose width is remembered; the least recently used idle one is forgotten."""


@dataclass(frozen=True)
class HttpGmail(HttpGmailSync, HttpGmailSend, HttpGmailStreams):
    """One connection's Gmail."""


class HttpGmailMailboxes:
    """Gmail of every connection over one pool of kept-alive connections."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        tokens: AccessTokens,
        clock: Clock,
        base_url: str = GMAIL_URL,
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._clock = clock
        self._base_url = base_url.rstrip("/")
        self._mailboxes: OrderedDict[ConnectionId, HttpGmail] = OrderedDict()

    def of(self, connection_id: ConnectionId) -> HttpGmail:
        """Answer the mailbox; all who ask share its turns."""
        known = self._mailboxes.get(connection_id)
        if known is None:
            known = HttpGmail(
                GmailRequests(self._http, connection_id, self._tokens, self._clock, self._base_url)
            )
            self._mailboxes[connection_id] = known
            self._forget()
        self._mailboxes.move_to_end(connection_id)
        return known

    def _forget(self) -> None:
        if len(self._mailboxes) > MAX_MAILBOXES:
            oldest = next(iter(self._mailboxes))
            if not self._mailboxes[oldest].requests.gate.inside:
                del self._mailboxes[oldest]
