"""Makes the calls: one at a time, at a pace, within a budget of units, and keeps each exchange."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

import httpx
import orjson

from shared.domain.sync.quota_units import units_of
from shared.ports.clock import Clock

PACE: Final = timedelta(milliseconds=300)
TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)
PREFIX: Final = "/gmail/v1/users/"
MOST_RATE_REFUSALS: Final = 2


class NotTriedError(Exception):
    """The question cannot be asked in this mailbox or with this token; the message says why."""


class StoppedError(Exception):
    """No further call is made; the message says why."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call as it was made and answered; `method` is '' for one that is no method of Gmail."""

    method: str
    probe: str
    verb: str
    path: str
    query: Mapping[str, str]
    body: Any
    answer: httpx.Response


@dataclass
class Caller:
    """Calls in the name of one account.

    Raises StoppedError where the budget is spent, the token ended, or Gmail refuses by rate for
    the second time.
    """

    http: httpx.AsyncClient
    base_url: str
    token: str
    clock: Clock
    budget: int
    pace: timedelta = PACE
    probe: str = ""
    spent: int = 0
    exchanges: list[Exchange] = field(default_factory=list)
    _rate_refusals: int = 0

    async def get(self, path: str, **query: str) -> httpx.Response:
        """GET, below the mailbox."""
        return await self.call("GET", path, query)

    async def post(self, path: str, body: Any) -> httpx.Response:
        """POST JSON, below the mailbox."""
        return await self.call("POST", path, {}, body)

    async def call(
        self,
        verb: str,
        path: str,
        query: Mapping[str, str],
        body: Any = None,
        *,
        user: str = "me",
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Make one call; `headers` replace the token where they name Authorization."""
        self._spend(units_of(verb, path) or 0)
        given = {"authorization": f"Bearer {self.token}", "accept-encoding": "identity"}
        given |= headers or {}
        content = None if body is None else orjson.dumps(body)
        if content is not None:
            given["content-type"] = "application/json"
        full = f"{PREFIX}{user}/{path}"
        answer = await self.send(
            verb, f"{self.base_url}{full}{_query(query)}", content=content, headers=given
        )
        made = Exchange(method_of(verb, path), self.probe, verb, full, dict(query), body, answer)
        self.exchanges.append(made)
        self._judge(answer, own_token="authorization" not in (headers or {}))
        return answer

    async def send(self, verb: str, address: str, **named: Any) -> httpx.Response:
        """Make one request to any address of Google's, at the pace; it is not recorded."""
        await self.clock.sleep(self.pace)
        try:
            return await self.http.request(verb, address, timeout=TIMEOUT, **named)
        except httpx.HTTPError as error:
            raise StoppedError(f"Google did not answer ({type(error).__name__}).") from error

    def _spend(self, units: int) -> None:
        if self.spent + units > self.budget:
            raise StoppedError(f"The budget of {self.budget} units is spent.")
        self.spent += units

    def _judge(self, answer: httpx.Response, *, own_token: bool) -> None:
        if answer.status_code == httpx.codes.UNAUTHORIZED and own_token:
            raise StoppedError("Google no longer takes the access token.")
        limited = answer.status_code == httpx.codes.TOO_MANY_REQUESTS
        if limited or "rateLimitExceeded" in reasons_of(answer):
            self._rate_refusals += 1
            if self._rate_refusals >= MOST_RATE_REFUSALS:
                raise StoppedError("Gmail limited the rate twice.")


def _query(query: Mapping[str, str]) -> str:
    return f"?{urlencode(query)}" if query else ""


def read_json(answer: httpx.Response) -> Any:
    """Return the body, None where it is empty or no JSON."""
    try:
        return orjson.loads(answer.content) if answer.content else None
    except orjson.JSONDecodeError:
        return None


def reasons_of(answer: httpx.Response) -> list[str]:
    """Return the reasons of a refusal, none of anything else."""
    body = read_json(answer)
    error = body.get("error") if isinstance(body, dict) else None
    errors = error.get("errors", ()) if isinstance(error, dict) else ()
    return [str(one.get("reason", "")) for one in errors]


def status_and_reason(answer: httpx.Response) -> str:
    """Return `404 notFound`, or the status alone."""
    return " ".join((str(answer.status_code), *reasons_of(answer)[:1]))


NAMED: Final = {"profile": "getProfile", "watch": "watch", "stop": "stop"}
"""Methods of the mailbox itself."""
OF_THE_LIST: Final = {"GET": "list", "POST": "create"}
OF_ONE: Final = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
VERBS: Final = frozenset(
    {"send", "import", "batchModify", "batchDelete", "modify", "trash", "untrash"}
)


def method_of(verb: str, path: str) -> str:
    """Return such as `messages.get` of a path below the mailbox."""
    head, *rest = path.strip("/").split("/")
    if head in NAMED:
        return NAMED[head]
    if head == "settings":
        head, rest = f"settings.{rest[0]}", rest[1:]
    if rest and rest[-1] in VERBS:
        return f"{head}.{rest[-1]}"
    if "attachments" in rest:
        return f"{head}.attachments.get"
    if rest:
        return f"{head}.{OF_ONE[verb]}"
    if (verb, head) == ("POST", "messages"):
        return "messages.insert"
    return f"{head}.{OF_THE_LIST[verb]}"
