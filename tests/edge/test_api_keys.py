"""API keys: shown once, stored as hashes, no wider than who made them, slowed when misused."""

import sqlite3
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from shared.adapters.system_clock import AdjustableClock
from shared.domain.keys.api_key import USED_EVERY, id_in, new_token
from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.deployment import Settings
from shared.edge.web.callers.api_key_cache import FAILURES_A_MINUTE, REMEMBERED
from shared.errors import StoreUnavailableError
from shared.ports.access import ApiKeys
from shared.ports.clock import Clock
from shared.usecases.keys.api_keys import RevokeApiKey
from tests.edge.conftest import ClientOf
from tests.harness.clock import StillClock
from tests.harness.samples import API_KEY, CONNECTION, OTHER, a_key, error_of

READER = {"name": "reader", "permissions": ["records:read", "keys"]}


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def clock(container: AutowiredContainer) -> AdjustableClock:
    return container.bind(Clock, StillClock())


@pytest.fixture
def keys(clock: AdjustableClock, api: httpx.AsyncClient) -> httpx.AsyncClient:
    return api


async def created(keys: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await keys.post("/api-keys", json={**READER, **body})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def listing(keys: httpx.AsyncClient, token: str) -> httpx.Response:
    return await keys.get("/api-keys", headers=bearing(token))


async def test_a_key_is_shown_once_and_stored_as_a_hash(
    keys: httpx.AsyncClient, settings: Settings
) -> None:
    made = await created(keys, policy={"read_only": True})
    secret = made["key"].split("_", 2)[2]
    seen = [
        (await keys.get("/api-keys")).text,
        (await keys.get(f"/api-keys/{made['id']}")).text,
    ]
    assert made["policy"] == {"read_only": True}
    assert all(made["id"] in text and secret not in text for text in seen)
    assert settings.sqlite_path is not None
    with sqlite3.connect(settings.sqlite_path) as file:
        assert secret not in "\n".join(file.iterdump())


async def test_a_key_opens_what_it_was_made_for(keys: httpx.AsyncClient) -> None:
    made = await created(keys)
    assert (await listing(keys, made["key"])).status_code == 200
    refused = await keys.get("/connections", headers=bearing(made["key"]))
    assert (refused.status_code, error_of(refused)["code"]) == (403, "forbidden")


async def test_after_a_rotation_both_secrets_work_until_the_overlap_ends(
    keys: httpx.AsyncClient, clock: AdjustableClock
) -> None:
    before = await created(keys)
    after = (await keys.post(f"/api-keys/{before['id']}/rotate", json={"overlap_hours": 2})).json()
    assert after["id"] == before["id"]
    assert after["key"] != before["key"]
    statuses = [(await listing(keys, one["key"])).status_code for one in (before, after)]
    assert statuses == [200, 200]
    clock.advance(timedelta(hours=2))
    statuses = [(await listing(keys, one["key"])).status_code for one in (before, after)]
    assert statuses == [401, 200]


async def test_a_rotation_without_overlap_ends_the_old_secret_at_once(
    keys: httpx.AsyncClient,
) -> None:
    before = await created(keys)
    assert (await listing(keys, before["key"])).status_code == 200
    await keys.post(f"/api-keys/{before['id']}/rotate", json={"overlap_hours": 0})
    assert (await listing(keys, before["key"])).status_code == 401


async def test_a_revoked_key_opens_nothing_and_stays_listed(keys: httpx.AsyncClient) -> None:
    made = await created(keys)
    assert (await listing(keys, made["key"])).status_code == 200
    revoked = await keys.delete(f"/api-keys/{made['id']}")
    again = await keys.delete(f"/api-keys/{made['id']}")
    assert (await listing(keys, made["key"])).status_code == 401
    assert revoked.json() == again.json()
    assert revoked.json()["revoked_at"] is not None
    rotated = await keys.post(f"/api-keys/{made['id']}/rotate", json={})
    assert rotated.status_code == 404


async def test_a_revocation_elsewhere_is_noticed_within_half_a_minute(
    keys: httpx.AsyncClient, container: AutowiredContainer, clock: AdjustableClock
) -> None:
    made = await created(keys)
    assert (await listing(keys, made["key"])).status_code == 200
    await container.use(RevokeApiKey)(made["id"])
    clock.advance(REMEMBERED)
    assert (await listing(keys, made["key"])).status_code == 401


async def test_a_key_ends_when_it_says(keys: httpx.AsyncClient, clock: AdjustableClock) -> None:
    ends = clock.now() + timedelta(hours=1)
    made = await created(keys, expires_at=ends.isoformat())
    assert (await listing(keys, made["key"])).status_code == 200
    clock.advance(timedelta(hours=1))
    assert (await listing(keys, made["key"])).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"permissions": ["send"]},
        {"permissions": ["*"]},
        {"connections": None},
        {"connections": [OTHER]},
        {"connections": [CONNECTION, OTHER]},
        {"policy": {}},
    ],
    ids=str,
)
async def test_nobody_hands_on_more_than_they_have(
    keys: httpx.AsyncClient, container: AutowiredContainer, body: dict[str, Any]
) -> None:
    narrow = await a_key(
        container,
        "keys",
        "records:read",
        connections=frozenset({CONNECTION}),
        policy={"read_only": True},
    )
    allowed = {**READER, "connections": [CONNECTION], "policy": {"read_only": True}}
    assert (await keys.post("/api-keys", json=allowed, headers=bearing(narrow))).status_code == 201
    refused = await keys.post("/api-keys", json={**allowed, **body}, headers=bearing(narrow))
    assert (refused.status_code, error_of(refused)["code"]) == (403, "forbidden")


async def test_nobody_sees_or_changes_a_key_that_reaches_further(
    keys: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    wide = await created(keys, permissions=["*"])
    narrow = await a_key(container, "keys", "records:read")
    assert wide["id"] not in (await listing(keys, narrow)).text
    address = f"/api-keys/{wide['id']}"
    answers = [
        await keys.get(address, headers=bearing(narrow)),
        await keys.delete(address, headers=bearing(narrow)),
        await keys.post(f"{address}/rotate", json={}, headers=bearing(narrow)),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"permissions": []},
        {"permissions": ["everything"]},
        {"permissions": ["*", "send"]},
        {"connections": []},
        {"connections": ["no/such id"]},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "2030-01-01T00:00:00"},
        {"requests_per_minute": 0},
    ],
    ids=str,
)
async def test_a_key_that_makes_no_sense_is_refused(
    keys: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    answer = await keys.post("/api-keys", json={**READER, **body})
    assert (answer.status_code, error_of(answer)["code"]) == (400, "invalid_body")


async def test_a_key_that_calls_too_often_waits_as_long_as_it_is_told(
    keys: httpx.AsyncClient, clock: AdjustableClock
) -> None:
    busy, calm = await created(keys, requests_per_minute=6), await created(keys)
    statuses = [(await listing(keys, busy["key"])).status_code for _ in range(7)]
    assert statuses == [200] * 6 + [429]
    refused = await listing(keys, busy["key"])
    assert (error_of(refused)["code"], refused.headers["retry-after"]) == ("rate_limited", "10")
    assert (await listing(keys, calm["key"])).status_code == 200
    clock.advance(timedelta(seconds=10))
    statuses = [(await listing(keys, busy["key"])).status_code for _ in range(2)]
    assert statuses == [200, 429]


async def test_whoever_guesses_is_slowed_and_good_keys_go_on_working(
    keys: httpx.AsyncClient, clock: AdjustableClock
) -> None:
    made = await created(keys)
    assert (await listing(keys, made["key"])).status_code == 200
    guesses = [new_token(made["id"]) for _ in range(FAILURES_A_MINUTE + 5)]
    statuses = [(await listing(keys, guess)).status_code for guess in guesses]
    assert statuses == [401] * FAILURES_A_MINUTE + [429] * 5
    assert (await listing(keys, made["key"])).status_code == 200
    assert (await listing(keys, API_KEY)).status_code == 200
    clock.advance(timedelta(minutes=1))
    assert (await listing(keys, guesses[0])).status_code == 401


async def test_guesses_of_one_address_slow_nobody_elsewhere(
    client_of: ClientOf,
    container: AutowiredContainer,
    clock: AdjustableClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only the address our own proxy saw counts: what stands before it anybody may write."""
    object.__setattr__(container.settings, "proxy_hops", 1)
    from shared.edge.api.api_keys import ROUTES  # noqa: PLC0415  beside its only use

    client = client_of(ROUTES)
    for number in range(FAILURES_A_MINUTE + 1):
        forged = f"10.0.0.{number}, 203.0.113.9"
        answer = await client.get(
            "/api-keys", headers=bearing("postroom_x") | {"X-Forwarded-For": forged}
        )
    assert answer.status_code == 429
    elsewhere = await client.get(
        "/api-keys",
        headers=bearing("postroom_x") | {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"},
    )
    assert elsewhere.status_code == 401


@pytest.mark.parametrize(
    "text", ["", "postroom", "postroom_", "postroom_abc_x", "other_0123456789abcdef_x", "ké"]
)
def test_only_what_looks_like_a_key_is_looked_up(text: str) -> None:
    assert id_in(text) is None


def test_a_new_key_names_its_id() -> None:
    assert id_in(new_token("0123456789abcdef")) == "0123456789abcdef"


async def test_the_last_use_of_a_key_is_told_and_written_once_an_hour(
    keys: httpx.AsyncClient, clock: AdjustableClock, container: AutowiredContainer
) -> None:
    made = await created(keys)
    stored = container.use(ApiKeys)

    async def last_used() -> datetime | None:
        found = await stored.get(made["id"])
        assert found is not None
        return found.value.last_used_at

    assert await last_used() is None
    first = clock.now()
    await listing(keys, made["key"])
    assert await last_used() == first
    clock.advance(USED_EVERY - timedelta(seconds=1))
    await listing(keys, made["key"])
    assert await last_used() == first
    clock.advance(timedelta(seconds=1))
    answer = await listing(keys, made["key"])
    assert await last_used() == clock.now()
    assert answer.status_code == 200
    shown = (await keys.get(f"/api-keys/{made['id']}")).json()
    assert datetime.fromisoformat(shown["last_used_at"]) == clock.now()


async def test_a_key_works_while_its_use_cannot_be_written(
    keys: httpx.AsyncClient, container: AutowiredContainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await created(keys)

    async def refuse(*_: object) -> None:
        raise StoreUnavailableError("the store takes no writes")

    monkeypatch.setattr(type(container.use(ApiKeys)), "swap", refuse)
    assert (await listing(keys, made["key"])).status_code == 200
