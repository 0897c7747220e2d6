"""What the probes ask: a mailbox whose parts that several look at are read once."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from shared.commands.verify.caller import Caller, NotTriedError, read_json, status_and_reason
from shared.commands.verify.own import Own

MOST: Final = "500"
LOOKED_AT: Final = 5
"""How many messages are read for what every message should show."""


@dataclass(frozen=True)
class Endpoints:
    """Where Google's other endpoints are."""

    token_info: str
    user_info: str
    batch: str


@dataclass(frozen=True)
class Armed:
    """A watch: when it was asked for, when it ends, and the last push that came before."""

    at: datetime
    ends_at: datetime
    push_before: datetime | None


@dataclass(frozen=True)
class Options:
    """What was asked for, and what stands behind the connection where there is one."""

    topic: str = ""
    concurrency: bool = False
    more_mail: bool = False
    refresh: Callable[[], Awaitable[httpx.Response]] | None = None
    last_push: Callable[[], Awaitable[datetime | None]] | None = None


@dataclass
class Mailbox:
    """One account."""

    caller: Caller
    endpoints: Endpoints
    options: Options = field(default_factory=Options)
    own: Own = field(init=False)
    _known: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.own = Own(self.caller, self._own_address)

    async def json(self, path: str, **query: str) -> Any:
        """GET and return the body. Raises NotTriedError where Gmail refuses."""
        answer = await self.caller.get(path, **query)
        if not answer.is_success:
            raise NotTriedError(
                f"Gmail refused GET {path.partition('/')[0]}: {answer.status_code}."
            )
        return read_json(answer)

    async def profile(self) -> dict[str, Any]:
        """Return the profile as it was at the first question."""
        found: dict[str, Any] = await self._once("profile", lambda: self.json("profile"))
        return found

    async def _own_address(self) -> str:
        return str((await self.profile())["emailAddress"])

    async def first_page(self) -> dict[str, Any]:
        """Return the newest messages, as many as a page holds."""
        found: dict[str, Any] = await self._once(
            "page", lambda: self.json("messages", maxResults=MOST)
        )
        return found

    async def ids(self, least: int = 1) -> Sequence[str]:
        """Return the newest messages' ids. Raises NotTriedError where there are too few."""
        found = [str(one["id"]) for one in (await self.first_page()).get("messages", ())]
        if len(found) < least:
            raise NotTriedError(f"The mailbox holds {len(found)} messages; {least} are needed.")
        return found

    async def some(self) -> Sequence[dict[str, Any]]:
        """Return the newest few messages, minimal."""

        async def read() -> list[dict[str, Any]]:
            ids = (await self.ids())[:LOOKED_AT]
            return [await self.json(f"messages/{id}", format="minimal") for id in ids]

        found: list[dict[str, Any]] = await self._once("some", read)
        return found

    async def records(self) -> Sequence[dict[str, Any]]:
        """Return recent history records. Raises NotTriedError where there are none."""

        async def read() -> list[dict[str, Any]]:
            start = await self.past_history_id()
            found = await self.json("history", startHistoryId=start, maxResults="100")
            return list(found.get("history", ()))

        found: list[dict[str, Any]] = await self._once("records", read)
        if not found:
            raise NotTriedError("Nothing changed in this mailbox lately.")
        return found

    async def past_history_id(self) -> str:
        """Return the oldest history id that is known to be live."""
        found: str = await self._once("past", self._find_past_history_id)
        return found

    async def _find_past_history_id(self) -> str:
        current = int((await self.profile())["historyId"])
        told = [int(one["historyId"]) for one in await self.some()]
        for start in sorted({*told, current - 1000, current - 100}):
            if 1 < start < current:
                answer = await self.caller.get("history", startHistoryId=str(start), maxResults="1")
                if answer.is_success:
                    return str(start)
        raise NotTriedError("No history id of the past is live.")

    async def arm(self) -> Armed:
        """Arm the watch. Raises NotTriedError where there is no topic, or Gmail refuses."""
        found: Armed = await self._once("armed", self._arm)
        return found

    async def _arm(self) -> Armed:
        if not self.options.topic:
            raise NotTriedError("No topic to watch with: TOPIC=projects/P/topics/T.")
        last_push, clock = self.options.last_push, self.caller.clock
        before, at = await last_push() if last_push else None, clock.now()
        answer = await self.caller.post("watch", {"topicName": self.options.topic})
        if not answer.is_success:
            raise NotTriedError(f"Gmail refused to watch: {status_and_reason(answer)}.")
        self.own.watched = last_push is None
        ends_at = datetime.fromtimestamp(int(read_json(answer)["expiration"]) / 1000, UTC)
        return Armed(at, ends_at, before)

    async def _once(self, name: str, read: Callable[[], Awaitable[Any]]) -> Any:
        if name not in self._known:
            self._known[name] = await read()
        return self._known[name]
