"""A policy is read strictly, and its verdict never lets more through than it says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.keys.policy import (
    UNRESTRICTED,
    Allowed,
    Does,
    NeedsApproval,
    Policy,
    ProposedCall,
    Refused,
    judge,
    parse_policy,
    policy_of,
)
from shared.domain.keys.rule import Rule
from shared.errors import InvalidRequestError, PolicyRefusedError

HOME, AWAY = "ada@acme.example", "eve@far.example"
EFFECTS = [one for one in Does if one is not Does.READ]
POLICIES = st.builds(
    Policy,
    read_only=st.booleans(),
    draft_only=st.booleans(),
    allowed_domains=st.none() | st.just(("acme.example",)),
    daily_sends=st.none() | st.just(0) | st.just(3),
    no_bcc=st.booleans(),
    approval_required=st.booleans() | st.lists(st.sampled_from(["draft", "send"])).map(tuple),
)
DEEDS = st.builds(
    ProposedCall, st.sampled_from(Does), st.lists(st.sampled_from([HOME, AWAY])), st.booleans()
)


def verdict(does: Does, *recipients: str, blind: bool = False, **policy: Any) -> str:
    """Return the verdict in a word: the rule of a refusal."""
    found = judge(parse_policy(policy), ProposedCall(does, recipients, blind))
    if isinstance(found, Refused):
        return found.rule.value
    return "approval" if isinstance(found, NeedsApproval) else "allowed"


@pytest.mark.parametrize("does", Does)
def test_no_policy_allows_everything(does: Does) -> None:
    assert verdict(does, AWAY, blind=True) == "allowed"


@pytest.mark.parametrize("does", EFFECTS)
def test_read_only_refuses_every_effect(does: Does) -> None:
    assert verdict(does, read_only=True) == "read_only"
    assert verdict(Does.READ, read_only=True) == "allowed"


def test_draft_only_keeps_drafts_and_nothing_else() -> None:
    told = {does: verdict(does, draft_only=True) for does in Does}
    allowed = {does for does, word in told.items() if word == "allowed"}
    assert allowed == {Does.READ, Does.DRAFT}
    assert {*told.values()} == {"allowed", "draft_only"}


@pytest.mark.parametrize(
    ("domains", "address", "allowed"),
    [
        (["acme.example"], "bob@acme.example", True),
        (["acme.example"], "bob@ACME.Example", True),
        (["Acme.Example"], "bob@acme.example", True),
        (["acme.example"], "bob@sales.acme.example", False),
        (["acme.example"], "bob@notacme.example", False),
        (["acme.example"], "acme.example@far.example", False),
        (["*.acme.example"], "bob@sales.acme.example", True),
        (["*.acme.example"], "bob@a.b.acme.example", True),
        (["*.acme.example"], "bob@acme.example", False),
        (["*.acme.example"], "bob@evilacme.example", False),
        (["b\u00fccher.example"], "a@xn--bcher-kva.example", True),
        (["a.example", "b.example"], "x@b.example", True),
    ],
)
def test_a_domain_is_matched_whole(domains: list[str], address: str, allowed: bool) -> None:
    word = verdict(Does.SEND, address, allowed_domains=domains)
    assert word == ("allowed" if allowed else "allowed_domains")


@pytest.mark.parametrize("does", [Does.SEND, Does.DRAFT])
def test_one_recipient_outside_refuses_the_whole_message(does: Does) -> None:
    assert verdict(does, HOME, AWAY, allowed_domains=["acme.example"]) == "allowed_domains"


def test_no_bcc_refuses_the_unseen_wherever_they_are() -> None:
    assert verdict(Does.SEND, HOME, blind=True, no_bcc=True) == "no_bcc"
    assert verdict(Does.DRAFT, HOME, blind=True, no_bcc=True) == "no_bcc"
    assert verdict(Does.SEND, AWAY, no_bcc=True) == "allowed"


def test_a_cap_of_none_a_day_refuses_at_once() -> None:
    assert verdict(Does.SEND, daily_sends=0) == "daily_sends"
    assert verdict(Does.DRAFT, daily_sends=0) == "allowed"


@pytest.mark.parametrize(
    ("required", "waiting"),
    [
        (True, {*EFFECTS}),
        (False, set()),
        ([], set()),
        (["send"], {Does.SEND, Does.UNKNOWN}),
        (["change", "delete"], {Does.CHANGE, Does.DELETE, Does.UNKNOWN}),
    ],
    ids=["all", "none", "an empty list", "sends", "changes and deletions"],
)
def test_approval_is_asked_for_the_effects_it_names(required: Any, waiting: set[Does]) -> None:
    """An action that does not say what it does may do any of them."""
    told = {does for does in Does if verdict(does, approval_required=required) == "approval"}
    assert told == waiting


def test_nobody_is_asked_about_what_is_refused_anyhow() -> None:
    policy: dict[str, Any] = {"approval_required": True, "allowed_domains": ["acme.example"]}
    assert verdict(Does.SEND, AWAY, **policy) == "allowed_domains"
    assert verdict(Does.SEND, HOME, **policy) == "approval"


@pytest.mark.parametrize(
    "policy", [{"allowed_domains": ["a.example"]}, {"no_bcc": True}, {"daily_sends": 5}], ids=str
)
def test_an_action_that_does_not_say_what_it_does_is_refused(policy: dict[str, Any]) -> None:
    assert verdict(Does.UNKNOWN, **policy) == "untold"


@given(POLICIES, DEEDS)
def test_adding_a_rule_never_allows_more(policy: Policy, deed: ProposedCall) -> None:
    before = judge(policy, deed)
    for stricter in ({"read_only": True}, {"no_bcc": True}, {"approval_required": True}):
        after = judge(policy.model_copy(update=stricter), deed)
        if isinstance(after, Allowed):
            assert isinstance(before, Allowed)


@given(POLICIES, DEEDS)
def test_what_is_allowed_breaks_none_of_the_rules(policy: Policy, deed: ProposedCall) -> None:
    if not isinstance(judge(policy, deed), Allowed) or deed.does is Does.READ:
        return
    assert not policy.read_only
    assert not policy.draft_only or deed.does is Does.DRAFT
    assert policy.allowed_domains is None or AWAY not in deed.recipients
    assert not (policy.no_bcc and deed.blind)
    assert not policy.asks_for(deed.does)


@pytest.mark.parametrize(
    ("policy", "path"),
    [
        ({"readonly": True}, ("policy", "readonly")),
        ({"read_only": "yes"}, ("policy", "read_only")),
        ({"read_only": 1}, ("policy", "read_only")),
        ({"allowed_domains": []}, ("policy", "allowed_domains")),
        ({"allowed_domains": "acme.example"}, ("policy", "allowed_domains")),
        ({"allowed_domains": ["ok.example", "no domain"]}, ("policy", "allowed_domains", 1)),
        ({"allowed_domains": ["*"]}, ("policy", "allowed_domains", 0)),
        ({"allowed_domains": ["a@b.example"]}, ("policy", "allowed_domains", 0)),
        ({"daily_sends": -1}, ("policy", "daily_sends")),
        ({"daily_sends": "5"}, ("policy", "daily_sends")),
        ({"daily_sends": True}, ("policy", "daily_sends")),
        ({"no_bcc": None}, ("policy", "no_bcc")),
    ],
    ids=str,
)
def test_a_wrong_policy_is_refused_by_the_name_of_its_field(
    policy: dict[str, Any], path: tuple[Any, ...]
) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        parse_policy(policy)
    assert refused.value.problems[0].path == path


@pytest.mark.parametrize("wrong", ["read", "everything", 1])
def test_approval_is_required_of_known_effects_only(wrong: Any) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        parse_policy({"approval_required": [wrong]})
    assert all(one.path[:2] == ("policy", "approval_required") for one in refused.value.problems)


def test_a_stored_policy_nobody_understands_allows_nothing() -> None:
    """A rule from a later version must not be a rule that is not kept."""
    with pytest.raises(PolicyRefusedError) as refused:
        policy_of({"read_only": True, "allowed_hours": [9, 17]})
    assert refused.value.rule == Rule.ROUTE


def test_a_policy_that_says_no_to_nothing_restricts_nothing() -> None:
    assert not policy_of({"read_only": False, "approval_required": []}).restricts_recipients
    assert policy_of({}) == UNRESTRICTED


@pytest.mark.parametrize(
    "address",
    ["eve%far.example@acme.example", "far.example!eve@acme.example",
     '"eve@far.example"@acme.example', "@far.example:eve@acme.example", "eve@acme.example.", "eve@",
     ""],
)  # fmt: skip
def test_an_address_that_leads_on_to_another_host_is_outside(address: str) -> None:
    assert verdict(Does.SEND, address, allowed_domains=["acme.example"]) == "allowed_domains"
    assert verdict(Does.SEND, address, no_bcc=True) == "allowed"


def test_a_domain_in_letters_is_the_domain_it_stands_for() -> None:
    inside: dict[str, Any] = {"allowed_domains": ["m\u00fcller.example"]}
    assert verdict(Does.SEND, "j\u00f6rg@m\u00fcller.example", **inside) == "allowed"
    assert verdict(Does.SEND, "joe@xn--mller-kva.example", **inside) == "allowed"
    assert verdict(Does.SEND, "j\u00f6rg@muller.example", **inside) == "allowed_domains"


@pytest.mark.parametrize(
    "header",
    ["Envelope-To", "Errors-To", "Disposition-Notification-To", "Return-Receipt-To", "Return-Path",
     "X-Confirm-Reading-To", "Read-Receipt-To", "X-Envelope-Bcc", "resent-from", "X-Rcpt-To"],
)  # fmt: skip
def test_no_header_names_further_people_where_domains_are_restricted(header: str) -> None:
    deed = ProposedCall(Does.SEND, [HOME], headers=["X-Campaign", header])
    found = judge(parse_policy({"allowed_domains": ["acme.example"]}), deed)
    assert isinstance(found, Refused)
    assert found.rule is Rule.ALLOWED_DOMAINS
    assert judge(UNRESTRICTED, deed) == Allowed()


@pytest.mark.parametrize("header", ["Reply-To", "In-Reply-To", "List-Unsubscribe", "Subject"])
def test_other_headers_stay(header: str) -> None:
    deed = ProposedCall(Does.SEND, [HOME], headers=[header])
    assert judge(parse_policy({"allowed_domains": ["acme.example"]}), deed) == Allowed()
