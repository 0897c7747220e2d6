"""A key made by a key has no more than it, in every field there is and in every one to come."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.ids import ConnectionId
from shared.domain.keys.api_key import ApiKey
from shared.domain.keys.child_key import BOUND, OWN, POLICY_BOUND, child_of, reaches_no_further
from shared.domain.keys.policy import Does, Policy
from shared.errors import ForbiddenError

NOW = datetime(2026, 11, 22, tzinfo=UTC)
C1, C2 = ConnectionId("c1"), ConnectionId("c2")
TIGHT: dict[str, Any] = {
    "permissions": frozenset({"keys", "send"}),
    "connections": frozenset({C1}),
    "expires_at": NOW + timedelta(days=1),
    "policy": {"allowed_domains": ["acme.example", "*.acme.example"], "no_bcc": True},
    "requests_per_minute": 10,
}
WIDER: dict[str, list[Any]] = {
    "permissions": [frozenset({"*"}), frozenset({"keys", "mcp"})],
    "connections": [None, frozenset({C1, C2})],
    "expires_at": [None, NOW + timedelta(days=2)],
    "policy": [{}, {"no_bcc": True}, {**TIGHT["policy"], "no_bcc": False}],
    "requests_per_minute": [None, 11],
}
NARROWER: dict[str, Any] = {
    "permissions": frozenset({"send"}),
    "connections": frozenset({C1}),
    "expires_at": NOW + timedelta(hours=1),
    "policy": {**TIGHT["policy"], "allowed_domains": ["acme.example"], "read_only": True},
    "requests_per_minute": 1,
}
POLICIES: dict[str, list[Any]] = {
    "read_only": [False, True],
    "draft_only": [False, True],
    "no_bcc": [False, True],
    "daily_sends": [None, 0, 1, 50],
    "allowed_domains": [
        None,
        ["acme.example"],
        ["*.acme.example"],
        ["acme.example", "far.example"],
        ["*.sub.acme.example"],
        ["evilacme.example"],
    ],
    "approval_required": [False, True, [], ["send"], ["draft", "send"]],
}
"""Of each part of a policy, values to be held against each other."""


def key(id: str, **given: Any) -> ApiKey:
    return replace(ApiKey(id, "a key", "0" * 64, frozenset({"*"}), NOW), **given)


def test_every_field_of_a_key_and_every_part_of_a_policy_has_a_rule() -> None:
    assert {one.name for one in fields(ApiKey)} == BOUND.keys() | OWN
    assert not BOUND.keys() & OWN
    assert POLICY_BOUND.keys() == Policy.model_fields.keys() == POLICIES.keys()
    assert BOUND.keys() == TIGHT.keys() == WIDER.keys() == NARROWER.keys()


def test_what_is_left_out_is_the_parents() -> None:
    child = child_of(key("p", **TIGHT), key("c"), frozenset())
    assert {name: getattr(child, name) for name in BOUND} == TIGHT
    assert child.parent == "p"


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, all in WIDER.items() for v in all])
def test_no_field_is_more_than_the_parents(name: str, value: Any) -> None:
    wanted = key("c", **{name: value})
    with pytest.raises(ForbiddenError, match=name):
        child_of(key("p", **TIGHT), wanted, frozenset({name}))
    assert not reaches_no_further(replace(key("c", **TIGHT), **{name: value}), key("p", **TIGHT))


@pytest.mark.parametrize("name", NARROWER)
def test_each_field_may_be_less(name: str) -> None:
    wanted = key("c", **{name: NARROWER[name]})
    child = child_of(key("p", **TIGHT), wanted, frozenset({name}))
    assert getattr(child, name) == NARROWER[name]


@pytest.mark.parametrize("name", POLICIES)
def test_a_part_of_a_policy_that_is_let_through_allows_no_more(name: str) -> None:
    """Held to what the policy does, not to how the rule is written."""
    for theirs in POLICIES[name]:
        for ours in POLICIES[name]:
            parent = key("p", policy={name: theirs} if theirs is not None else {})
            child = key("c", policy={name: ours} if ours is not None else {})
            if reaches_no_further(child, parent):
                assert _allowed(child) <= _allowed(parent), (ours, theirs)
        same = key("p", policy={name: theirs} if theirs is not None else {})
        assert reaches_no_further(same, same)


def _allowed(one: ApiKey) -> set[str]:
    """Return names of what a policy lets happen."""
    policy = Policy.model_validate(one.policy)
    hosts = ("acme.example", "a.acme.example", "a.sub.acme.example", "evilacme.example")
    found = {host for host in (*hosts, "far.example") if policy.allows_domain_of(f"x@{host}")}
    found |= {f"{does} unasked" for does in Does if not policy.asks_for(does)}
    cap = policy.daily_sends
    found |= {f"{n} sends" for n in range(60) if cap is None or n <= cap}
    switches = ("read_only", "draft_only", "no_bcc")
    return found | {f"not {name}" for name in switches if not getattr(policy, name)}


def test_a_policy_that_cannot_be_read_is_no_narrower() -> None:
    odd = key("c", policy={"allowed_hours": [9, 17]})
    assert not reaches_no_further(odd, key("p", **TIGHT))
    assert reaches_no_further(odd, key("p"))


LINES = st.lists(st.sampled_from([(n, v) for n, all in WIDER.items() for v in (*all, NARROWER[n])]))


@given(LINES)
def test_no_line_of_keys_ever_reaches_further_than_its_first(asked: list[tuple[str, Any]]) -> None:
    first = last = key("p", **TIGHT)
    for name, value in asked:
        try:
            last = child_of(last, key("c", **{name: value}), frozenset({name}))
        except ForbiddenError:
            continue
    assert reaches_no_further(last, first)


def test_a_rotation_changes_no_bound() -> None:
    before = key("p", **TIGHT)
    after = before.with_new_secret("1" * 64, NOW, NOW + timedelta(days=30))
    assert {name: getattr(after, name) for name in BOUND} == TIGHT
    assert not after.accepts("0" * 64, NOW + timedelta(days=2))
