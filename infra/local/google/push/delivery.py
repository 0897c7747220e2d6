"""Pub/Sub push as the endpoint sees it: one subscription, acknowledgements, retries."""

import asyncio
import heapq
import itertools
import ssl
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache

import httpx
import orjson

from infra.local.google.clock import Clock
from infra.local.google.faults import RENAMING_FAULTS, Faults
from infra.local.google.oauth.accounts import Accounts
from infra.local.google.oauth.keys import SigningKey
from infra.local.google.push.envelope import Notice, PushToken, envelope, notification_data
from infra.local.google.push.label_filter import LabelFilter
from infra.local.google.push.watches import Watches
from infra.local.google.settings import GoogleSettings

ACKNOWLEDGED = frozenset({102, 200, 201, 202, 204})  # FACTS 7.6
FIRST_BACKOFF = timedelta(milliseconds=100)  # FACTS 7.8
LONGEST_BACKOFF = timedelta(seconds=60)
RETENTION = timedelta(days=7)  # FACTS 7.11
LATE = timedelta(seconds=1)
OUTSTANDING = 100


class Pushes:
    """The topic and its push subscription.

    Publishing returns at once; delivery runs in tasks of the running event loop, started when
    there is something to deliver and gone when there is not. Undelivered notices live in
    memory: a restart loses them, as Gmail may lose any (FACTS 2.3). Backoff is kept for each
    message, not for the whole subscription, so that one poisoned mailbox does not slow a
    developer's others. `endpoint`, `client` and `most_per_second` may be changed at any time.
    """

    def __init__(
        self,
        settings: GoogleSettings,
        clock: Clock,
        watches: Watches,
        key: SigningKey,
        faults: Faults,
        label_filter: LabelFilter,
        accounts: Accounts,
        *,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        self.client = client
        self.endpoint = settings.push_endpoint
        self.most_per_second = settings.max_pushes_per_second
        self.counts: Counter[str] = Counter()
        self._settings = settings
        self._clock = clock
        self._watches = watches
        self._faults = faults
        self._filter = label_filter
        self._accounts = accounts
        self._token = PushToken(settings, key)
        self._own_client: httpx.AsyncClient | None = None
        self._waiting: list[tuple[datetime, int, Notice]] = []
        self._order = itertools.count()
        self._message_ids = itertools.count(int(clock.now().timestamp() * 1_000_000))
        self._held_back: dict[str, Notice] = {}
        self._last_event: dict[str, datetime] = {}
        self._deliveries: set[asyncio.Task[None]] = set()
        self._courier: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = asyncio.Event()

    def publish_change(self, email: str, history_id: int) -> None:
        """Publish a change of a mailbox if a watch is alive and its labels let it pass."""
        watch = self._watches.alive(email)
        if watch is not None and self._filter.passes(watch, history_id):
            self.publish(email, history_id)

    def publish(self, email: str, history_id: int) -> None:
        """Tell the subscription that the mailbox is at this history ID."""
        now = self._clock.now()
        if self.endpoint is None or self._too_soon(email, now):
            return
        self.counts["published"] += 1
        if self._faults.take("push_drop", "push", email):
            self.counts["lost"] += 1
            return
        data = notification_data(self._announced_address(email), history_id)
        _, notice = self._wrap(email, data, {}, now)
        due = now + self._delay("push_late", email)
        overtaken = self._held_back.pop(email, None)
        if overtaken is not None:
            notice.behind.append(overtaken)
        elif delay := self._delay("push_reorder", email):
            self._held_back[email] = notice
            due = now + delay
        self._schedule(notice, due)
        if self._faults.take("push_double", "push", email):
            self._schedule(notice, due)
        self.wake()

    def publish_message(self, data: str, attributes: Mapping[str, str]) -> str:
        """Publish any message, `data` in base64, as the topic's owner may; return its id."""
        now = self._clock.now()
        id, notice = self._wrap("", data, attributes, now)
        if self.endpoint is not None:
            self._schedule(notice, now)
            self.wake()
        return id

    def _wrap(
        self, email: str, data: str, attributes: Mapping[str, str], now: datetime
    ) -> tuple[str, Notice]:
        id = str(next(self._message_ids))
        subscription = self._settings.subscription
        body = envelope(data, attributes, message_id=id, subscription=subscription, now=now)
        return id, Notice(email, body, now)

    def wake(self) -> None:
        """Look at once for what is due: something was published, or time has jumped."""
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:  # from a thread beside the server's loop, or before there is one
            if self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._start_courier)
        else:
            self._start_courier()

    async def settle(self) -> dict[str, int]:
        """Wait until nothing is on its way or due; return how many wait for a later time."""
        self.wake()
        while self._deliveries or self._next_due() <= self._clock.now():
            if self._deliveries:
                await asyncio.wait(set(self._deliveries), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)
        return {"in_flight": 0, "waiting": len(self._waiting)}

    def forget_all(self) -> None:
        """Drop whatever has not left yet, and the counts."""
        self._waiting.clear()
        self._held_back.clear()
        self._last_event.clear()
        self.most_per_second = self._settings.max_pushes_per_second
        self._filter.forget_all()
        self.counts.clear()

    async def aclose(self) -> None:
        """Stop delivering."""
        tasks = [*self._deliveries, *([self._courier] if self._courier else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._own_client is not None:
            await self._own_client.aclose()
            self._own_client = None

    def _announced_address(self, email: str) -> str:
        """Return the address that the notice names: mostly the mailbox's own."""
        for fault in RENAMING_FAULTS:
            if self._faults.take(fault, "push", email):
                return self._accounts.other_name(fault, email)
        return email

    def _too_soon(self, email: str, now: datetime) -> bool:
        """Whether Gmail's cap drops this event without a word (FACTS 2.3)."""
        rate = self.most_per_second
        last = self._last_event.get(email)
        if rate is not None and last is not None and (now - last).total_seconds() < 1 / rate:
            self.counts["capped"] += 1
            return True
        self._last_event[email] = now
        return False

    def _delay(self, fault: str, email: str) -> timedelta:
        struck = self._faults.take(fault, "push", email)
        if struck is None:
            return timedelta()
        return LATE if struck.delay_ms is None else timedelta(milliseconds=struck.delay_ms)

    def _schedule(self, notice: Notice, due: datetime) -> None:
        heapq.heappush(self._waiting, (due, next(self._order), notice))

    def _next_due(self) -> datetime:
        return self._waiting[0][0] if self._waiting else datetime.max.replace(tzinfo=UTC)

    def _start_courier(self) -> None:
        if self._courier is None or self._courier.done():
            self._woken = asyncio.Event()
            self._courier = asyncio.get_running_loop().create_task(self._deliver_when_due())
        self._woken.set()

    async def _deliver_when_due(self) -> None:
        while self._waiting:
            self._start_what_is_due()
            self._woken.clear()
            full = len(self._deliveries) >= OUTSTANDING
            pause = (self._next_due() - self._clock.now()).total_seconds()
            if self._waiting and (full or pause > 0):
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), None if full else pause)

    def _start_what_is_due(self) -> None:
        now = self._clock.now()
        while self._next_due() <= now and len(self._deliveries) < OUTSTANDING:
            notice = heapq.heappop(self._waiting)[2]
            if self._held_back.get(notice.email) is notice:
                del self._held_back[notice.email]  # nothing came to overtake it
            task = asyncio.get_running_loop().create_task(self._deliver(notice))
            self._deliveries.add(task)
            task.add_done_callback(self._note_delivery)

    def _note_delivery(self, task: asyncio.Task[None]) -> None:
        self._deliveries.discard(task)
        self._woken.set()

    async def _deliver(self, notice: Notice) -> None:
        notice.attempts += 1
        acknowledged = await self._post(notice.body)
        self.counts["acknowledged" if acknowledged else "refused"] += 1
        now = self._clock.now()
        if not acknowledged and now - notice.published_at < RETENTION:
            backoff = min(FIRST_BACKOFF * 2 ** min(notice.attempts - 1, 16), LONGEST_BACKOFF)
            self._schedule(notice, now + backoff)
        self._release(notice, now)
        self.wake()

    def _release(self, notice: Notice, now: datetime) -> None:
        """Let the notices go that this one had to overtake, unless they have left already."""
        late = {id(held) for held in notice.behind}
        notice.behind.clear()
        if late:
            self._waiting = [
                (now if id(waiting) in late else due, order, waiting)
                for due, order, waiting in self._waiting
            ]
            heapq.heapify(self._waiting)

    async def _post(self, body: bytes) -> bool:
        if (emulator := self._settings.pubsub_emulator) is not None:
            told = orjson.loads(body)["message"]
            message = {name: told[name] for name in ("data", "attributes") if name in told}
            address = f"http://{emulator}/v1/{self._settings.topic}:publish"
            return await self._deliver_to(address, orjson.dumps({"messages": [message]}), {})
        headers = {
            "Authorization": f"Bearer {self._token.at(self._clock.now())}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate, br",
            "From": "noreply@google.com",
            "User-Agent": "CloudPubSub-Google",
        }
        return await self._deliver_to(self.endpoint or "", body, headers)

    async def _deliver_to(self, address: str, body: bytes, headers: Mapping[str, str]) -> bool:
        """Post; return whether it was acknowledged within the deadline."""
        deadline = self._settings.push_ack_deadline_s
        typed = {"Content-Type": "application/json", **headers}
        try:
            answer = await self._http().post(address, content=body, headers=typed, timeout=deadline)
        except Exception:  # noqa: BLE001 - however the endpoint fails, it has not acknowledged
            return False
        return answer.status_code in ACKNOWLEDGED

    def _http(self) -> httpx.AsyncClient:
        if self.client is not None:
            return self.client
        if self._own_client is None:
            self._own_client = httpx.AsyncClient(verify=_certificates())
        return self._own_client


@cache
def _certificates() -> ssl.SSLContext:
    """Load whom to trust once: it takes 18 ms, and tests start many of these."""
    return httpx.create_ssl_context()
