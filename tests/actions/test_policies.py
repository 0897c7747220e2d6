"""What a key's policy does to actions over REST: whatever way in, nothing gets round it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from shared.actions import loading
from shared.actions.registry import Action, ActionContext, ActionInput, Effect
from shared.domain.connect.scopes import LABELS, SETTINGS_BASIC, SETTINGS_SHARING
from tests.actions.agents import ACME, BOB, EVE, HELLO, agent, raw, rule_of, sent, trail
from tests.harness.acting import ActionHarness, action_harness
from tests.harness.google import EMAIL

OUTSIDE = {**HELLO, "cc": EVE}


class Nothing(ActionInput):
    """No input."""


class Did(BaseModel):
    """Done."""


async def do(context: ActionContext, asked: Nothing) -> Did:
    return Did()


@pytest.fixture
def untold(monkeypatch: pytest.MonkeyPatch) -> str:
    """Add an action of the deployment's own, whose author did not say what it does."""
    action = Action("own-action", "Something.", Nothing, Did, do, (LABELS,), Effect.STORED)
    known = dict(loading.actions())
    monkeypatch.setattr(loading, "actions", lambda: {**known, action.name: action})
    return action.name


@pytest.mark.parametrize(
    ("policy", "calls"),
    [
        ({"read_only": True}, {"create-label": "read_only", "send-email": "read_only"}),
        ({"draft_only": True}, {"create-draft": None, "send-email": "draft_only"}),
        (ACME, {"send-email": None, "create-label": None}),
        ({"no_bcc": True}, {"send-email": None}),
        ({"daily_sends": 0}, {"send-email": "daily_sends", "create-draft": None}),
    ],
    ids=str,
)
async def test_each_rule_lets_through_what_it_does_not_name(
    harness: ActionHarness, policy: dict[str, Any], calls: dict[str, str | None]
) -> None:
    asked = {"create-label": {"name": "New"}, "send-email": HELLO, "create-draft": HELLO}
    caller = await agent(harness, **policy)
    assert (await caller.run("list-labels")).status_code == 200
    for action, rule in calls.items():
        answer = await caller.run(action, asked[action])
        if rule is None:
            assert answer.status_code == 200, answer.text
        else:
            assert rule_of(answer) == rule
    assert len(sent(harness)) == (1 if calls.get("send-email", "") is None else 0)


@pytest.mark.parametrize("field", ["to", "cc", "bcc"])
@pytest.mark.parametrize("action", ["send-email", "create-draft"])
async def test_a_recipient_outside_is_refused_in_every_field(
    harness: ActionHarness, action: str, field: str
) -> None:
    caller = await agent(harness, **ACME)
    assert await caller.rule(action, {**HELLO, field: f"{BOB}, Eve <{EVE}>"}) == "allowed_domains"
    if field != "to":
        header = {**HELLO, "headers": {field.title(): f"{BOB}, Eve <{EVE}>"}}
        assert await caller.rule(action, header) == "allowed_domains"
    assert not sent(harness)


@pytest.mark.parametrize("action", ["send-message", "create-draft"])
async def test_a_finished_message_is_read_for_its_recipients(
    harness: ActionHarness, action: str
) -> None:
    caller = await agent(harness, **ACME, no_bcc=True)
    assert await caller.rule(action, {"raw": raw(f"To: {BOB}\r\nCc: {EVE}")}) == "allowed_domains"
    assert await caller.rule(action, {"raw": raw(f"To: {BOB}\r\nBcc: {BOB}")}) == "no_bcc"
    unclear = await caller.run(action, {"raw": raw(f"To: {BOB}\r\nResent-To: {EVE}")})
    assert unclear.json()["error"]["code"] == "ambiguous_recipients"
    assert (await caller.run(action, {"raw": raw(f"To: {BOB}")})).status_code == 200


async def test_receipts_and_error_reports_go_nowhere_else(harness: ActionHarness) -> None:
    caller = await agent(harness, **ACME)
    letter = {**HELLO, "headers": {"Disposition-Notification-To": EVE}}
    parent = harness.deliver(f"From: {BOB}\r\n\r\nx".encode())
    answering = {**letter, "reply_to_message_id": parent, "to": None}
    for action in ("send-email", "create-draft"):
        assert await caller.rule(action, letter) == "allowed_domains"
        assert await caller.rule(action, answering) == "allowed_domains"
        finished = {"raw": raw(f"To: {BOB}\r\nErrors-To: {EVE}")}
        named = "send-message" if action == "send-email" else action
        assert await caller.rule(named, finished) == "allowed_domains"
        assert await caller.rule(action, {**HELLO, "to": f"eve%far.example@{BOB[4:]}"})
    bulk = {"messages": [{**letter, "idempotency_key": "b1"}]}
    assert rule_of(await caller.call("POST", "/send/bulk", bulk)) == "allowed_domains"
    assert sent(harness) == []


async def test_a_reply_goes_only_to_a_parent_inside(harness: ActionHarness) -> None:
    caller = await agent(harness, **ACME)
    outside, inside = harness.deliver(), harness.deliver(Reply_To=BOB)
    answer = {"body": "Yes."}
    assert await caller.rule("send-email", {**answer, "reply_to_message_id": outside}) == (
        "allowed_domains"
    )
    replied = await caller.run("send-email", {**answer, "reply_to_message_id": inside})
    assert replied.status_code == 200, replied.text
    to_all = {**answer, "reply_to_message_id": harness.deliver(Reply_To=BOB, Cc=EVE)}
    assert await caller.rule("send-email", {**to_all, "reply_all": True}) == "allowed_domains"
    assert (await caller.run("send-email", to_all)).status_code == 200
    assert len(sent(harness)) == 2


async def test_a_forward_is_judged_by_whom_it_goes_to(harness: ActionHarness) -> None:
    caller = await agent(harness, **ACME)
    passed = {"forward_message_id": harness.deliver()}
    assert await caller.rule("send-email", {**passed, "to": EVE}) == "allowed_domains"
    assert (await caller.run("send-email", {**passed, "to": BOB})).status_code == 200


async def test_a_thread_has_to_be_answered_by_name(harness: ActionHarness) -> None:
    """Its last message may be another one when the answer leaves."""
    caller = await agent(harness, **ACME)
    harness.deliver(Reply_To=BOB)
    joining = {"thread_id": harness.google.store.messages("ada@acme.example")[0]["threadId"]}
    assert await caller.rule("send-email", {**joining, "body": "Yes."}) == "allowed_domains"
    named = await caller.run("send-email", {**joining, "to": BOB, "body": "Yes."})
    assert named.status_code == 200, named.text


async def test_a_draft_is_sent_only_to_those_inside_whoever_wrote_it(
    harness: ActionHarness,
) -> None:
    caller = await agent(harness, **ACME, no_bcc=True)
    drafts = [
        (await harness.ran("create-draft", {**HELLO, **more}))["id"]
        for more in ({"cc": EVE}, {"bcc": BOB}, {})
    ]
    assert await caller.rule("send-draft", {"id": drafts[0]}) == "allowed_domains"
    assert await caller.rule("send-draft", {"id": drafts[1]}) == "no_bcc"
    assert await caller.rule("update-draft", {"id": drafts[2], **OUTSIDE}) == "allowed_domains"
    assert (await caller.run("send-draft", {"id": drafts[2]})).status_code == 200
    assert len(sent(harness)) == 1


async def test_sends_of_a_day_are_capped_however_they_are_made(harness: ActionHarness) -> None:
    caller = await agent(harness, daily_sends=3)
    draft = (await harness.ran("create-draft", HELLO))["id"]
    assert (await caller.call("POST", "/send", HELLO, "one")).status_code == 200
    assert (await caller.run("send-draft", {"id": draft})).status_code == 200
    assert (await caller.run("send-message", {"raw": raw(f"To: {BOB}")})).status_code == 200
    assert await caller.rule("send-email", HELLO, "two") == "daily_sends"
    again = await caller.call("POST", "/send", HELLO, "one")
    assert (again.status_code, again.headers["Idempotent-Response"]) == (200, "true")
    dry = await caller.run("send-email", {**HELLO, "dry_run": True})
    assert dry.json()["status"] == "dry_run"
    assert len(sent(harness)) == 3


async def test_of_many_sends_at_once_no_more_leave_than_may(harness: ActionHarness) -> None:
    caller = await agent(harness, daily_sends=3)
    answers = await asyncio.gather(*(caller.run("send-email", HELLO, f"n{n}") for n in range(8)))
    assert sorted(one.status_code for one in answers) == [200] * 3 + [403] * 5
    assert len(sent(harness)) == 3


async def test_a_bulk_is_held_to_the_policy_message_by_message(harness: ActionHarness) -> None:
    async def bulk(messages: list[dict[str, Any]], **policy: Any) -> Any:
        named = [{**one, "idempotency_key": f"b{n}"} for n, one in enumerate(messages)]
        caller = await agent(harness, **policy)
        return await caller.call("POST", "/send/bulk", {"messages": named})

    assert rule_of(await bulk([HELLO, OUTSIDE], **ACME)) == "allowed_domains"
    answering = {"body": "x", "reply_to_message_id": harness.deliver(Reply_To=BOB)}
    assert rule_of(await bulk([answering], **ACME)) == "allowed_domains"
    assert rule_of(await bulk([HELLO, HELLO], daily_sends=1)) == "daily_sends"
    assert rule_of(await bulk([HELLO], approval_required=["send"])) == "approval_required"
    assert rule_of(await bulk([HELLO], read_only=True)) == "read_only"
    assert (await bulk([HELLO, HELLO], daily_sends=2, **ACME)).status_code == 202


async def test_background_and_cancelling_are_held_to_it_too(harness: ActionHarness) -> None:
    caller = await agent(harness, read_only=True)
    later = await caller.run("send-email", HELLO, **{"X-Async": "true"})
    assert rule_of(later) == "read_only"
    assert rule_of(await caller.call("POST", "/send", HELLO)) == "read_only"
    assert rule_of(await caller.call("DELETE", "/sends/k")) == "read_only"
    allowed = await agent(harness, **ACME)
    accepted = await allowed.run("send-email", HELLO, **{"X-Async": "true"})
    assert set(accepted.json()) == {"id", "statusUrl"}
    assert (await trail(harness))[-1]["accepted"] == accepted.json()["id"]


async def test_an_action_that_does_not_say_what_it_does_is_refused(
    harness: ActionHarness, untold: str
) -> None:
    for policy, rule in ((ACME, "untold"), ({"daily_sends": 9}, "untold")):
        assert await (await agent(harness, **policy)).rule(untold) == rule
    assert (await (await agent(harness)).run(untold)).status_code == 200


async def test_wrong_input_is_told_before_anything_is_counted(harness: ActionHarness) -> None:
    caller = await agent(harness, daily_sends=1)
    wrong = await caller.run("send-email", {**HELLO, "colour": "red"})
    assert wrong.status_code == 400
    assert (await caller.run("send-email", HELLO)).status_code == 200


async def test_every_verdict_is_in_the_log_without_what_the_call_says(
    harness: ActionHarness,
) -> None:
    caller = await agent(harness, **ACME)
    await caller.run("send-email", HELLO, "k")
    await caller.run("send-email", {**OUTSIDE, "subject": "Secret plan"})
    await caller.call("POST", "/send/bulk", {"messages": [{**OUTSIDE, "idempotency_key": "b"}]})
    entries = await trail(harness)
    told = [(one["name"], one["verdict"], one.get("rule")) for one in entries]
    assert told == [
        ("send-email", "allowed", None),
        ("send-email", "refused", "allowed_domains"),
        ("send-bulk", "refused", "allowed_domains"),
    ]
    assert len({one["key"] for one in entries}) == 1
    written = repr(entries)
    assert not any(word in written for word in (EVE, BOB, "Hello", "Secret", "It works"))


FILTER = {"criteria": {"from": "bob"}, "action": {"addLabelIds": ["STARRED"]}}
SETTINGS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "create-filter": (FILTER, {**FILTER, "action": {"forward": EVE}}),
    "update-vacation-settings": (
        {"enableAutoReply": False},
        {"enableAutoReply": True, "responseSubject": "Away"},
    ),
    "update-auto-forwarding-settings": (
        {"enabled": False},
        {"enabled": True, "emailAddress": EVE},
    ),
}
"""Settings that keep mail in, and those that let it out to people no policy can see."""


@pytest.mark.parametrize("policy", [ACME, {"no_bcc": True}, {"daily_sends": 5}], ids=str)
async def test_no_setting_lets_mail_out_past_a_policy(
    tmp_path: Path, policy: dict[str, Any]
) -> None:
    async with action_harness(tmp_path, [SETTINGS_BASIC, SETTINGS_SHARING]) as harness:
        caller = await agent(harness, **policy)
        for name, (kept, let_out) in SETTINGS.items():
            assert (await caller.run(name, kept)).status_code == 200
            assert rule_of(await caller.run(name, let_out)) == "untold"
        server = {"host": "smtp.far.example", "port": 25, "securityMode": "none"}
        alias = {"sendAsEmail": EMAIL, "smtpMsa": server}
        assert rule_of(await caller.run("update-send-as-smtp-msa", alias)) == "untold"
        assert harness.calls().keys() == {
            "settings.filters.create",
            "settings.updateVacation",
            "settings.updateAutoForwarding",
        }
