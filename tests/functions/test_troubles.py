"""Each class of trouble in each place: what is answered, told and held, and that all goes on after.

The classes come from the table; the places are every way into Gmail that Postroom has. No path
answers 500, and a minute after the cause is gone and the remedy applied nothing is left of it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from infra.local.connecting import NotConnectedError, connect
from infra.local.google.wording import SILENT, Words
from infra.local.system import LocalSystem
from shared.domain.google.refusals import Concern
from shared.domain.troubles import CODES, TREATMENTS, Audience, Fate
from shared.ports.events import Outbox
from tests.edge.mcp.agents import modern, modern_headers
from tests.harness.google import ADA, letter
from tests.harness.whole import whole_system

BOB, EVE = "bob@acme.example", "eve@acme.example"
MINUTE_S: Final = 61
TOKEN_AGE_S: Final = 3_700
HELLO: Final = {"to": BOB, "subject": "Hello", "body": "Hi."}
LIMITED: Final = {"status_429", "status_403_rate", "too_many_concurrent"}


@dataclass(frozen=True)
class Cause:
    """A fault of Google's; `codes` are those that may be answered while it lasts."""

    concern: Concern
    fault: str
    codes: frozenset[str]
    words: Words = SILENT

    def __str__(self) -> str:
        return f"{self.concern}: {self.fault}"


def _causes(concern: Concern, faults: dict[str, str]) -> list[Cause]:
    return [Cause(concern, fault, frozenset(codes.split())) for fault, codes in faults.items()]


CAUSES: Final = (
    *_causes(Concern.MAILBOX, {"mail_not_enabled": "mail_not_enabled",
                               "domain_policy": "domain_policy"}),
    *_causes(Concern.GRANT, {"grant_revoked": "reauth_required invalid_credentials",
                             "invalid_rapt": "reauth_required invalid_credentials",
                             "policy_enforced": "reauth_required invalid_credentials",
                             "account_deleted": "reauth_required invalid_credentials"}),
    *_causes(Concern.RATE, {"status_429": "rate_limited", "status_403_rate": "rate_limited"}),
    *_causes(Concern.CONCURRENCY, {"too_many_concurrent": "rate_limited"}),
    *_causes(Concern.PASSING, {"status_503": "upstream_error", "precondition": "upstream_error",
                               "token_5xx": "upstream_error", "token_unknown": "upstream_error"}),
    *_causes(Concern.DEPLOYMENT, {"api_disabled": "gmail_api_disabled",
                                  "client_deleted": "oauth_client_refused"}),
    Cause(Concern.SCOPE, "refuse", frozenset({"missing_scope"}),
          Words(status=403, reason="insufficientPermissions")),
    Cause(Concern.CALL, "refuse", frozenset({"upstream_error"}),
          Words(status=403, reason="heldBack", message="Not this one.")),
)  # fmt: skip
AT_ONCE: Final = {Concern.CALL, Concern.SCOPE}
"""Nothing of these passes by itself: the product hears of the first."""


def test_the_walk_takes_every_class_of_the_table() -> None:
    """A class added to the table has to be walked too."""
    assert {cause.concern for cause in CAUSES} == {*TREATMENTS}


@dataclass
class Walk:
    """A connected mailbox, and every way in."""

    system: LocalSystem
    id: str = ""
    answers: dict[str, httpx.Response] = field(default_factory=dict)

    @property
    def tenant(self) -> dict[str, str]:
        return {"Connection-Id": self.id, "Provider-Config-Key": "google-mail"}

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return await self.system.client.post(path, json=body, headers={**self.tenant, **headers})

    async def get(self, path: str, **query: str) -> httpx.Response:
        return await self.system.client.get(path, params=query, headers=self.tenant)

    async def later(self, seconds: float = MINUTE_S) -> None:
        await self.system.advance(seconds)
        await self.system.settle()

    def fault(self, name: str, words: Words = SILENT) -> None:
        self.system.emulated.faults.add(name, words=words)

    async def status(self) -> dict[str, Any]:
        query = {"provider_config_key": "google-mail", "syncs": "*", "connection_id": self.id}
        (sync,) = (await self.get("/sync/status", **query)).json()["syncs"]
        return dict(sync)

    async def events(self, type: str) -> list[dict[str, Any]]:
        outbox = self.system.container.use(Outbox)
        found = await outbox.list(state=None, connection_id=None, limit=500)
        return [dict(one.payload) for one in found if one.type == type]

    def received(self) -> int:
        return len(self.system.emulated.store.messages(BOB))


async def a_sync(walk: Walk) -> httpx.Response:
    body = {"provider_config_key": "google-mail", "connection_id": walk.id, "syncs": []}
    return await walk.post("/sync/trigger", body)


async def a_watch(walk: Walk) -> httpx.Response:
    return await walk.post("/action/trigger", {"action_name": "watch-mailbox", "input": {}})


async def a_send(walk: Walk) -> httpx.Response:
    return await walk.post("/send", HELLO, **{"Idempotency-Key": "walk"})


async def a_bulk(walk: Walk) -> httpx.Response:
    messages = [{**HELLO, "idempotency_key": f"b{number}"} for number in range(2)]
    return await walk.post("/send/bulk", {"messages": messages})


async def an_action(walk: Walk) -> httpx.Response:
    return await walk.post("/action/trigger", {"action_name": "get-profile", "input": {}})


async def a_proxied_call(walk: Walk) -> httpx.Response:
    return await walk.get("/proxy/gmail/v1/users/me/labels")


async def a_connect(walk: Walk) -> httpx.Response:
    try:
        await connect(walk.system.client, walk.system.google, EVE)
    except NotConnectedError as error:
        return httpx.Response(200, json={"page": str(error)})
    return httpx.Response(200, json={})


async def an_import(walk: Walk) -> httpx.Response:
    query = {"provider_config_key": "google-mail", "refresh_token": "true"}
    known = (await walk.get(f"/connections/{walk.id}", **query)).json()
    token = known.get("credentials", {}).get("refresh_token", "1//none")
    body = {"credentials": {"type": "OAUTH2", "refresh_token": token}, "connection_id": "imported"}
    return await walk.post("/connections", {"provider_config_key": "google-mail", **body})


async def an_agent(walk: Walk) -> httpx.Response:
    message = modern("tools/call", name="get-profile", arguments={})
    more = {"Accept": "application/json, text/event-stream"}
    return await walk.post("/mcp", message, **more, **modern_headers("tools/call", "get-profile"))


Place = Callable[[Walk], Awaitable[httpx.Response]]
PLACES: Final[tuple[Place, ...]] = (
    a_sync, a_watch, a_send, a_bulk, an_action, a_proxied_call, a_connect, an_import, an_agent,
)  # fmt: skip
ENDED: Final = 424
"""Of a send that is over, whatever ended it: its key stays with that."""
REFUSED: Final = {"an_action", "a_watch"}
"""Places whose whole answer is the class's; the proxy passes Gmail's own words on."""


@pytest.fixture
async def walk(tmp_path: Path) -> AsyncIterator[Walk]:
    async with whole_system(tmp_path, {ADA: 3, BOB: 0, EVE: 0}) as system:
        made = Walk(system, await connect(system.client, system.google, ADA))
        await system.settle()
        await made.later(200)
        assert (await made.status())["status"] == "SUCCESS"
        yield made


@pytest.mark.parametrize("cause", CAUSES, ids=str)
async def test_trouble_of_each_class_is_told_in_each_place_and_ends_with_its_cause(
    walk: Walk, cause: Cause
) -> None:
    """While it lasts each place answers as the table says; afterwards everything catches up."""
    if cause.fault not in LIMITED:
        await walk.system.advance(TOKEN_AGE_S)  # so that the token endpoint is asked
        await walk.system.settle()
    walk.fault(cause.fault, cause.words)
    if cause.fault not in LIMITED:
        await walk.system.advance(TOKEN_AGE_S)
    for place in PLACES:
        walk.answers[place.__name__] = await place(walk)
        await walk.system.settle()
    judge_answers(walk, cause)
    await walk.later()
    await judge_told(walk, cause)
    await mended(walk, cause)
    await judge_after(walk, cause)


async def test_a_topic_without_rights_is_told_and_watches_are_armed_within_a_minute_of_them(
    walk: Walk,
) -> None:
    """Mail comes by asking meanwhile; few mailboxes are tried for all."""
    walk.fault("topic_forbidden")
    await walk.later(6 * 86_400)
    (trouble,) = (await walk.get("/health")).json()["troubles"]
    assert (trouble["code"], trouble["docs"]) == ("topic_forbidden", "operating#topic_forbidden")
    query = {"provider_config_key": "google-mail"}
    shown = (await walk.get(f"/connections/{walk.id}", **query)).json()
    assert shown["watch"]["error"] == "topic_forbidden"
    assert (await walk.status())["status"] == "SUCCESS"
    walk.system.emulated.faults.clear()
    await walk.later()
    assert (await walk.get("/health")).json()["troubles"] == []
    shown = (await walk.get(f"/connections/{walk.id}", **query)).json()
    assert shown["watch"]["error"] is None


async def test_trouble_that_a_dead_process_met_is_known_to_the_next(walk: Walk) -> None:
    """It is on the board, and ends when any process finds that it has."""
    walk.fault("api_disabled")
    await an_action(walk)
    await walk.system.kill()
    await walk.system.restart()
    (trouble,) = (await walk.get("/health")).json()["troubles"]
    assert trouble["code"] == "gmail_api_disabled"
    walk.system.emulated.faults.clear()
    await walk.later()
    await walk.later()
    assert (await walk.get("/health")).json()["troubles"] == []


def judge_answers(walk: Walk, cause: Cause) -> None:
    """No 500; the class's status where the answer is Gmail's; the send has the class's fate."""
    treated = TREATMENTS[cause.concern]
    for name, answer in walk.answers.items():
        assert answer.status_code != 500, (name, answer.text)
        if name in REFUSED:
            error = answer.json()["error"]
            told = (answer.status_code, error["code"] in cause.codes)
            assert told == (treated.status, True), (name, answer.text)
            assert error["docs"].partition("#")[2] in CODES
    send = walk.answers["a_send"]
    if treated.send is Fate.ENDS:
        assert send.status_code == ENDED, send.text
    elif treated.send is Fate.HELD:
        assert (send.status_code, send.json()["status"]) == (202, "held")
        assert send.json()["held"]["class"] == cause.concern.value
    else:
        assert (send.status_code, send.json()["status"]) == (202, "accepted")


async def judge_told(walk: Walk, cause: Cause) -> None:
    """Those that the table names have heard of it."""
    told = TREATMENTS[cause.concern].told
    health = (await walk.get("/health")).json()
    assert bool(health["troubles"]) == (Audience.OPERATOR in told), health
    failed = [one for one in await walk.events("auth") if not one["success"]]
    failures = [one for one in failed if one["connectionId"] == walk.id]
    assert bool(failures) == (Audience.END_USER in told), failures
    if Audience.END_USER in told:
        assert (await walk.status())["status"] != "RUNNING"
    if cause.concern in AT_ONCE:
        error = (await walk.status())["error"]
        failed = [one for one in await walk.events("sync") if not one["success"]]
        (event,) = [one for one in failed if one["connectionId"] == walk.id]
        assert {error["type"], event["error"]["type"]} <= cause.codes
        assert error["docs"] == event["error"]["docs"]


async def mended(walk: Walk, cause: Cause) -> None:
    """End the cause, and do what the guide says."""
    walk.system.emulated.faults.clear()
    if cause.concern in {Concern.GRANT, Concern.SCOPE}:
        await connect(walk.system.client, walk.system.google, ADA)
    elif cause.concern is not Concern.DEPLOYMENT:  # which is noticed by itself
        body = {"provider_config_key": "google-mail", "connection_id": walk.id, "syncs": []}
        assert (await walk.post("/sync/start", body)).status_code == 200
    await walk.later()
    await walk.later(1)


async def judge_after(walk: Walk, cause: Cause) -> None:
    """Find the copy whole, what was held out once, and nothing told any more."""
    mail = letter("After").as_bytes()
    made = await walk.system.google.post(f"/_control/mailboxes/{ADA}/messages", content=mail)
    await walk.system.settle()
    await walk.later(1)
    records = (await walk.get("/records", model="EmailMessage")).json()["records"]
    ids = {one["id"] for one in records}
    assert made.json()["id"] in ids
    assert (await walk.status())["status"] == "SUCCESS"
    health = (await walk.get("/health")).json()
    assert (health["status"], health["troubles"]) == ("ok", [])
    bulk = walk.answers["a_bulk"].json()["id"]
    shown = (await walk.get(f"/send/bulk/{bulk}")).json()
    fate = TREATMENTS[cause.concern].send
    expected = "failed" if fate is Fate.ENDS else "submitted"
    assert (await walk.get("/sends/walk")).json()["status"] == expected
    if fate is Fate.ENDS:
        assert walk.received() == 0
    else:
        assert (shown["counts"], shown.get("waits")) == ({"submitted": 2}, None)
        assert walk.received() == 3
