"""What a dry run shows own code of the world beside Gmail: hosts it would ask, never a secret."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from shared.domain.ids import ConnectionId
from shared.errors import PermanentError
from shared.ports.google.apis import GoogleApis
from shared.ports.outside import OutsideAnswer, OutsideHttp, OutsideRequest

MADE_UP_SECRET: Final = "(made up)"


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """A request to another host; `status` None where it was not made. Never its path or content."""

    method: str
    host: str
    status: int | None = None


Tell = Callable[[SeenRequest], None]


class NotMadeError(PermanentError):
    """A dry run comes to a request whose answer cannot be made up."""

    code = "not_made"

    def __init__(self, method: str, host: str) -> None:
        super().__init__(
            f"{method} to {host} was not made, and what follows depends on its answer: give one "
            "with --answer, or make the calls with --really."
        )


@dataclass(frozen=True, slots=True)
class ShownOutside:
    """Makes no request: each is shown, and answered with what was given, if anything was."""

    tell: Tell
    answer: Any = None

    async def __call__(self, request: OutsideRequest) -> OutsideAnswer:
        """Return the given answer. Raises NotMadeError without one."""
        self.tell(SeenRequest(request.method, request.host))
        if self.answer is None:
            raise NotMadeError(request.method, request.host)
        return OutsideAnswer(200, {}, orjson.dumps(self.answer))


@dataclass(frozen=True, slots=True)
class RecordedOutside:
    """Makes each request, and shows it."""

    inner: OutsideHttp
    tell: Tell

    async def __call__(self, request: OutsideRequest) -> OutsideAnswer:
        """Return the host's answer. Raises what the port does."""
        answer = await self.inner(request)
        self.tell(SeenRequest(request.method, request.host, answer.status))
        return answer


@dataclass(frozen=True, slots=True)
class DryApis:
    """Google's other APIs: reads are made, whatever else is shown."""

    inner: GoogleApis
    tell: Tell
    answer: Any = None

    async def request(
        self,
        connection_id: ConnectionId,
        method: str,
        url: str,
        *,
        query: Mapping[str, str],
        body: Any = None,
    ) -> Any:
        """Return JSON. Raises NotMadeError, and what the port does."""
        host = urlsplit(url).netloc
        if method.upper() == "GET":
            found = await self.inner.request(connection_id, method, url, query=query, body=body)
            self.tell(SeenRequest("GET", host, 200))
            return found
        self.tell(SeenRequest(method, host))
        if self.answer is None:
            raise NotMadeError(method, host)
        return self.answer


class MadeUpSecrets:
    """Stands for every secret: a dry run has no use for one."""

    def get(self, _name: str) -> str:
        """Return what is no secret."""
        return MADE_UP_SECRET
