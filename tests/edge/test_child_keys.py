"""What a key makes is no more than itself, and ends with it."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.adapters.system_clock import AdjustableClock
from shared.domain.keys.child_key import MOST_GENERATIONS
from shared.edge.composition.container import AutowiredContainer
from shared.edge.web.callers.api_key_cache import REMEMBERED, ApiKeyCache
from shared.ports.access import ApiKeys
from shared.ports.clock import Clock
from shared.usecases.keys.api_keys import RevokeApiKey
from tests.harness.samples import CONNECTION, a_key, error_of

CHILD = {"name": "child", "permissions": ["keys"]}


@pytest.fixture
def clock(container: AutowiredContainer) -> AdjustableClock:
    return container.bind(Clock, AdjustableClock())


@pytest.fixture
def keys(clock: AdjustableClock, api: httpx.AsyncClient) -> httpx.AsyncClient:
    return api


async def asked(keys: httpx.AsyncClient, token: str, **body: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return await keys.post("/api-keys", json={**CHILD, **body}, headers=headers)


async def made(keys: httpx.AsyncClient, token: str, **body: Any) -> dict[str, Any]:
    answer = await asked(keys, token, **body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def opens(keys: httpx.AsyncClient, *tokens: str) -> list[int]:
    answers = [
        await keys.get("/api-keys", headers={"Authorization": f"Bearer {token}"})
        for token in tokens
    ]
    return [one.status_code for one in answers]


async def line(keys: httpx.AsyncClient, first: str, length: int) -> list[dict[str, Any]]:
    """Make keys, each by the one before."""
    found: list[dict[str, Any]] = []
    for _ in range(length):
        found.append(await made(keys, found[-1]["key"] if found else first))
    return found


async def test_a_key_that_expires_makes_none_that_does_not(
    keys: httpx.AsyncClient, container: AutowiredContainer, clock: AdjustableClock
) -> None:
    ends = clock.now() + timedelta(hours=1)
    parent = await a_key(container, "keys", expires_at=ends)
    child = await made(keys, parent)
    assert child["expires_at"] is not None
    for later in (None, (ends + timedelta(seconds=1)).isoformat()):
        refused = await asked(keys, parent, expires_at=later)
        assert (refused.status_code, error_of(refused)["code"]) == (403, "forbidden")
    clock.advance(timedelta(hours=1))
    assert await opens(keys, parent, child["key"]) == [401, 401]


async def test_a_child_has_its_parents_limits_where_it_names_none(
    keys: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    policy = {"no_bcc": True}
    bounds: dict[str, Any] = {"connections": frozenset({CONNECTION}), "requests_per_minute": 50}
    bounds["tools"] = "read"
    parent = await a_key(container, "keys", policy=policy, **bounds)
    child = await made(keys, parent)
    assert child["connections"] == [CONNECTION]
    assert (child["policy"], child["requests_per_minute"]) == (policy, 50)
    assert child["tools"] == "read"
    assert (await made(keys, parent, tools="all"))["tools"] == "all"
    stricter = await made(keys, parent, policy={"no_bcc": True, "read_only": True})
    assert stricter["policy"]["read_only"] is True
    assert (await asked(keys, parent, requests_per_minute=51)).status_code == 403


async def test_calls_of_children_count_against_the_deployments_limit_of_their_parent(
    keys: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    parent = await a_key(container, "keys")
    children = [await made(keys, parent, requests_per_minute=1_000_000) for _ in range(2)]
    object.__setattr__(container.use(ApiKeyCache), "per_minute", 6)  # the deployment's setting
    answers = [s for _ in range(6) for s in await opens(keys, *(one["key"] for one in children))]
    assert answers.count(200) < len(answers)
    assert {200, 429} == {*answers}


async def test_whoever_revokes_a_key_revokes_all_that_came_of_it(
    keys: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    first = await made(keys, await a_key(container, "keys"))
    below = await line(keys, first["key"], 3)
    tokens = [first["key"], *(one["key"] for one in below)]
    assert await opens(keys, *tokens) == [200] * 4
    assert (await keys.delete(f"/api-keys/{first['id']}")).status_code == 200
    assert await opens(keys, *tokens) == [401] * 4
    for one in below:
        assert (await keys.get(f"/api-keys/{one['id']}")).json()["revoked_at"] is not None


async def test_a_child_that_a_revocation_missed_is_worthless_all_the_same(
    keys: httpx.AsyncClient, container: AutowiredContainer, clock: AdjustableClock
) -> None:
    """It was being made meanwhile, or the process died before it came to it."""
    first, second = await line(keys, await a_key(container, "keys"), 2)
    found = await container.use(ApiKeys).get(first["id"])
    assert found
    await container.use(ApiKeys).swap(found, found.value.with_revocation(clock.now()))
    clock.advance(REMEMBERED)
    assert await opens(keys, second["key"]) == [401]
    await container.use(RevokeApiKey)(first["id"])
    assert (await keys.get(f"/api-keys/{second['id']}")).json()["revoked_at"] is not None


async def test_keys_of_an_operator_have_no_parent(keys: httpx.AsyncClient) -> None:
    answer = await keys.post("/api-keys", json=CHILD)
    assert answer.json()["parent"] is None


async def test_a_key_gives_new_secrets_to_itself_and_its_children_only(
    keys: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    """The secret of any other would go on working after the key is revoked."""
    parent = await a_key(container, "keys")
    child, sibling = await made(keys, parent), await made(keys, await a_key(container, "keys"))
    headers = {"Authorization": f"Bearer {child['key']}"}
    statuses = [
        (await keys.post(f"/api-keys/{one['id']}/rotate", json={}, headers=headers)).status_code
        for one in (child, sibling)
    ]
    assert statuses == [200, 403]
    by_parent = await keys.post(
        f"/api-keys/{child['id']}/rotate", json={}, headers={"Authorization": f"Bearer {parent}"}
    )
    assert by_parent.json()["parent"] == child["parent"]


async def test_a_key_that_expires_gives_no_secret_of_one_that_does_not(
    keys: httpx.AsyncClient, container: AutowiredContainer, clock: AdjustableClock
) -> None:
    lasting = await made(keys, await a_key(container, "keys"))
    ending = await a_key(container, "keys", expires_at=clock.now() + timedelta(hours=1))
    address = f"/api-keys/{lasting['id']}"
    headers = {"Authorization": f"Bearer {ending}"}
    assert (await keys.post(f"{address}/rotate", json={}, headers=headers)).status_code == 404
    assert (await keys.delete(address, headers=headers)).status_code == 404


async def test_children_call_no_more_often_than_their_parent_may(
    keys: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    parent = await a_key(container, "keys", requests_per_minute=6)
    twins = [(await made(keys, parent))["key"] for _ in range(2)]
    assert await opens(keys, *(twins * 3)) == [200] * 4 + [429] * 2


async def test_a_line_of_keys_is_no_longer_than_its_end_can_be_checked(
    keys: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    below = await line(keys, await a_key(container, "keys"), MOST_GENERATIONS - 1)
    assert (await asked(keys, below[-1]["key"])).status_code == 403
    assert await opens(keys, below[-1]["key"]) == [200]


async def test_no_key_revokes_one_that_it_came_of(
    keys: httpx.AsyncClient, container: AutowiredContainer
) -> None:
    """A child may have all that its parent has: it is below it all the same."""
    found = await line(keys, await a_key(container, "keys"), 3)
    child = {"Authorization": f"Bearer {found[2]['key']}"}
    for above in found[:2]:
        refused = await keys.delete(f"/api-keys/{above['id']}", headers=child)
        assert (refused.status_code, error_of(refused)["code"]) == (403, "forbidden")
    assert await opens(keys, *(one["key"] for one in found)) == [200] * 3
    assert (await keys.delete(f"/api-keys/{found[2]['id']}", headers=child)).status_code == 200
    parent = {"Authorization": f"Bearer {found[0]['key']}"}
    assert (await keys.delete(f"/api-keys/{found[1]['id']}", headers=parent)).status_code == 200
