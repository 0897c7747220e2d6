"""A key under a policy, with every permission there is: no route gets round the policy."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from shared.actions.loading import actions
from shared.domain.keys.policy import Does
from shared.edge.table import whole_table
from shared.edge.web.call import LEFT_UNDER_POLICY
from shared.edge.web.routes import Permission, Route
from shared.ports.access import ApiKeys
from tests.actions.agents import agent, rule_of
from tests.harness.acting import ActionHarness, action_harness
from tests.harness.samples import CONNECTION, a_key

READING = {"read_only": True}
GUARDED = {
    "POST /action/trigger",
    "POST /send",
    "POST /send/bulk",
    "DELETE /sends/{key:path}",
    "POST /mcp",
}
"""Those that ask `GuardedActions`, each with a test of its own in `tests/actions/test_policies.py`
or `tests/edge/mcp/test_policies.py`."""
HARMLESS = {"POST /attachments/{message_id}/{part_id}/link"}
"""A link to read by."""
OF_THE_SAME_POLICY = {"POST /api-keys", "POST /api-keys/{id}/rotate", "DELETE /api-keys/{id}"}


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ActionHarness]:
    async with action_harness(tmp_path) as opened:
        yield opened


def keyed() -> Iterator[Route]:
    return (route for route in whole_table() if isinstance(route.access, Permission))


def test_whatever_writes_is_guarded_or_out_of_reach() -> None:
    """A new route is out of reach of such keys until somebody has thought about it."""
    reached = {
        route.name
        for route in keyed()
        if route.method != "GET" and route.access in LEFT_UNDER_POLICY
    }
    assert reached <= GUARDED | HARMLESS | OF_THE_SAME_POLICY


@pytest.mark.parametrize(
    "permission",
    ["proxy", "connections:credentials", "connections:write", "connect", "approvals", "*"],
)
def test_what_could_get_round_a_policy_is_not_left(permission: str) -> None:
    assert permission not in LEFT_UNDER_POLICY


async def test_such_a_key_is_refused_wherever_else_it_knocks(harness: ActionHarness) -> None:
    caller = await agent(harness, **READING)
    for route in keyed():
        if route.access in LEFT_UNDER_POLICY:
            continue
        path = (
            route.path.replace("{path:path}", "users/me/messages").replace("{", "").replace("}", "")
        )
        assert rule_of(await caller.call(route.method, path)) == "route", route.name


async def test_credentials_are_not_shown_to_such_a_key(harness: ActionHarness) -> None:
    for policy, shown in (({}, True), (READING, False)):
        caller = await agent(harness, **policy)
        answer = await caller.call("GET", f"/connections/{CONNECTION}")
        assert answer.status_code in {200, 424}, answer.text
        credentials = answer.json().get("credentials") or {}
        assert ("access_token" in credentials or answer.status_code == 424) == shown


async def test_such_a_key_neither_sees_nor_rotates_one_that_may_more(
    harness: ActionHarness,
) -> None:
    """Its fresh secret would be a key without the policy."""
    caller = await agent(harness, **READING)
    await a_key(harness.container, "send")
    keys = (await harness.container.use(ApiKeys).list(10))[:10]
    (wide,) = [one for one in keys if not one.policy]
    assert wide.id not in (await caller.call("GET", "/api-keys")).text
    for method, path in (("POST", f"/{wide.id}/rotate"), ("DELETE", f"/{wide.id}")):
        refused = await caller.call(method, f"/api-keys{path}", {} if method == "POST" else None)
        assert refused.status_code == 404


async def test_a_cap_cannot_be_widened_by_making_keys(harness: ActionHarness) -> None:
    policy = {"daily_sends": 1}
    caller = await agent(harness, **policy)
    body = {"name": "twin", "permissions": ["send"], "policy": policy}
    refused = await caller.call("POST", "/api-keys", body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")


async def test_a_policy_nobody_understands_opens_nothing(harness: ActionHarness) -> None:
    caller = await agent(harness, allowed_hours=[9, 17])
    assert rule_of(await caller.run("list-labels")) == "route"
    assert rule_of(await caller.call("GET", "/connections")) == "route"


@pytest.mark.parametrize(
    ("policy", "path"),
    [
        ({"readonly": True}, ["policy", "readonly"]),
        ({"allowed_domains": ["nowhere"]}, ["policy", "allowed_domains", 0]),
        ({"daily_sends": "ten"}, ["policy", "daily_sends"]),
    ],
    ids=str,
)
async def test_a_key_with_a_wrong_policy_is_not_made_and_the_field_is_named(
    harness: ActionHarness, policy: object, path: list[object]
) -> None:
    body = {"name": "agent", "permissions": ["mcp"], "policy": policy}
    answer: httpx.Response = await harness.api.post("/api-keys", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_body")
    assert answer.json()["error"]["errors"][0]["path"] == path


def test_every_action_of_ours_says_what_it_does() -> None:
    told = {name: action.doing for name, action in actions().items()}
    assert Does.UNKNOWN not in told.values()
    assert told["send-draft"] is Does.SEND
    assert told["delete-label"] is Does.DELETE
