"""Google's other APIs, as an own sync reads them with a connection's token."""

from collections.abc import Mapping
from typing import Any, Protocol

from shared.domain.ids import ConnectionId
from shared.errors import PermanentError


class HttpRefusedError(PermanentError):
    """An API refused a request: its status, and its reason as a code; never its words."""

    code = "http_refused"

    def __init__(self, status: int, reason: str = "") -> None:
        super().__init__(f"The API refused: {status} {reason}".strip() + ".")
        self.status = status
        self.reason = reason


class GoogleApis(Protocol):
    """Requests to hosts below googleapis.com, with the connection's access token."""

    async def request(
        self,
        connection_id: ConnectionId,
        method: str,
        url: str,
        *,
        query: Mapping[str, str],
        body: Any = None,
    ) -> Any:
        """Return JSON. Follow no redirect, wait 30 s, read 10 MB.

        Raises HttpRefusedError, RateLimitedError, GmailUnavailableError, ReauthRequiredError,
        MissingScopeError.
        """
        ...
