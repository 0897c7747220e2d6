"""A call that waits for a person: shown whole, decided once, run once, told to whoever asked."""

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.actions.policy.decide_approval import DecideApproval
from shared.domain.keys.approval import CLAIM, GIVEN_UP, WAITS
from shared.ports.access import ApiKeys, Approvals
from shared.ports.connections import Grants
from shared.usecases.keys.api_keys import RevokeApiKey
from shared.usecases.reconcile import APPROVAL_TASK, WakeApprovals
from tests.actions.agents import (
    ACME,
    BOB,
    EVE,
    HELLO,
    Agent,
    agent,
    asked_for,
    decide,
    person,
    raw,
    rule_of,
    sent,
    shown,
    told,
    trail,
)
from tests.harness.acting import ActionHarness, action_harness
from tests.harness.samples import CONNECTION, OTHER, a_key

ASKING: dict[str, Any] = {"approval_required": True}
EMAIL = "ada@acme.example"


async def code_of(who: Agent, id: str, word: str) -> tuple[int, str]:
    """Decide where it must fail; answer status and code."""
    answer = await who.call("POST", f"/approvals/{id}/{word}", {} if word == "reject" else None)
    return answer.status_code, answer.json()["error"]["code"]


async def test_a_send_waits_is_shown_whole_and_leaves_once_when_approved(
    harness: ActionHarness,
) -> None:
    caller, anne = await agent(harness, **ASKING), await person(harness)
    letter = {**HELLO, "cc": EVE, "html": "<p>Something <b>else</b>.</p>"}
    id = await asked_for(caller, "send-email", letter)
    assert not sent(harness)
    before = await shown(anne, id)
    assert (before["state"], before["effect"]) == ("pending", "send")
    preview = before["preview"]
    assert (preview["to"], preview["cc"], preview["subject"]) == ([BOB], [EVE], "Hello")
    assert (preview["text"], preview["html_as_text"]) == ("It works.", "Something else.")
    after = await decide(anne, id, "approve")
    assert (after["state"], after["succeeded"], after["output"]["status"]) == (
        "approved",
        True,
        "submitted",
    )
    assert after["decided_by"].startswith("key-")
    again = await caller.run("send-email", letter, "k")
    assert (again.status_code, again.json()) == (200, after["output"])
    assert again.headers["Idempotent-Response"] == "true"
    assert len(sent(harness)) == 1
    assert await told(harness) == ["requested", "approved", "finished"]


async def test_asking_again_is_the_same_request_and_another_body_is_refused(
    harness: ActionHarness,
) -> None:
    caller = await agent(harness, **ASKING)
    first = await asked_for(caller, "send-email", HELLO)
    assert await asked_for(caller, "send-email", HELLO) == first
    assert await asked_for(caller, "send-email", HELLO, key=None) != first
    other = await caller.run("send-email", {**HELLO, "to": EVE}, "k")
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_conflict")


async def test_approving_twice_and_at_once_sends_once(harness: ActionHarness) -> None:
    caller, anne, ben = await agent(harness, **ASKING), await person(harness), await person(harness)
    id = await asked_for(caller, "send-email", HELLO)
    await asyncio.gather(*(decide(who, id, "approve") for who in (anne, ben, anne)))
    done = await decide(ben, id, "approve")
    assert (done["state"], done["succeeded"]) == ("approved", True)
    assert len(sent(harness)) == 1
    assert (await told(harness)).count("finished") == 1


async def test_what_was_rejected_stays_so_and_the_agent_is_told_why(harness: ActionHarness) -> None:
    caller, anne = await agent(harness, **ASKING), await person(harness)
    id = await asked_for(caller, "send-email", HELLO)
    no = await decide(anne, id, "reject", {"reason": "Not before Monday"})
    assert (no["state"], no["reason"]) == ("rejected", "Not before Monday")
    assert (await decide(anne, id, "reject", {}))["reason"] == "Not before Monday"
    assert await code_of(anne, id, "approve") == (409, "approval_decided")
    answer = await caller.run("send-email", HELLO, "k")
    assert rule_of(answer) == "approval_required"
    assert "Not before Monday" in answer.json()["error"]["message"]
    assert not sent(harness)
    assert await told(harness) == ["requested", "rejected"]


async def test_what_was_approved_cannot_be_rejected(harness: ActionHarness) -> None:
    caller, anne = await agent(harness, **ASKING), await person(harness)
    id = await asked_for(caller, "send-email", HELLO)
    await decide(anne, id, "approve")
    assert await code_of(anne, id, "reject") == (409, "approval_decided")


@pytest.mark.parametrize("woken", [True, False])
async def test_what_nobody_decides_in_time_never_runs(
    harness: ActionHarness, *, woken: bool
) -> None:
    caller, anne = await agent(harness, **ASKING), await person(harness)
    id = await asked_for(caller, "send-email", HELLO)
    harness.clock.advance(WAITS)
    if woken:
        assert await harness.container.use(WakeApprovals)() == 1
        await harness.container.use(DecideApproval).attend(id)
        assert (await shown(anne, id))["state"] == "expired"
    assert await code_of(anne, id, "approve") == (409, "approval_decided")
    assert await told(harness) == ["requested", "expired"]
    assert await harness.container.use(WakeApprovals)() == 0
    assert rule_of(await caller.run("send-email", HELLO, "k")) == "approval_required"
    assert not sent(harness)


async def test_a_scheduled_send_waits_no_longer_than_its_time(harness: ActionHarness) -> None:
    caller, anne = await agent(harness, **ASKING), await person(harness)
    at = harness.clock.now() + timedelta(hours=1)
    id = await asked_for(caller, "send-email", {**HELLO, "send_at": at.isoformat()})
    harness.clock.advance(timedelta(hours=1))
    assert await code_of(anne, id, "approve") == (409, "approval_decided")


async def test_an_agent_cannot_decide_even_with_every_permission(harness: ActionHarness) -> None:
    caller = await agent(harness, **ASKING)
    id = await asked_for(caller, "send-email", HELLO)
    for method, path in (("POST", f"/{id}/approve"), ("GET", f"/{id}"), ("GET", "")):
        assert rule_of(await caller.call(method, f"/approvals{path}")) == "route"
    plain = Agent(harness, await a_key(harness.container, "actions", "send"))
    refused = await plain.call("POST", f"/approvals/{id}/approve")
    assert refused.json()["error"]["code"] == "forbidden"


async def test_nothing_runs_for_a_key_that_was_revoked(harness: ActionHarness) -> None:
    caller, anne = await agent(harness, **ASKING), await person(harness)
    id = await asked_for(caller, "send-email", HELLO)
    found = await harness.container.use(Approvals).get(id)
    assert found
    await harness.container.use(RevokeApiKey)(found.value.key.removeprefix("key-"))
    assert await code_of(anne, id, "approve") == (403, "forbidden")
    assert (await decide(anne, id, "reject", {}))["state"] == "rejected"


async def test_nothing_runs_for_a_key_made_by_one_that_was_revoked(harness: ActionHarness) -> None:
    parent = Agent(harness, await a_key(harness.container, "*", policy=ASKING))
    body = {"name": "child", "permissions": ["*"]}
    made = (await parent.call("POST", "/api-keys", body)).json()
    id = await asked_for(Agent(harness, made["key"]), "send-email", HELLO)
    found = await harness.container.use(ApiKeys).get(made["parent"])
    assert found
    await harness.container.use(ApiKeys).swap(
        found, found.value.with_revocation(harness.clock.now())
    )
    assert await code_of(await person(harness), id, "approve") == (403, "forbidden")


async def test_a_reply_goes_to_those_who_were_shown(harness: ActionHarness) -> None:
    """A thread's newest message may come from somebody else by the time a person says yes."""
    caller, anne = await agent(harness, **ASKING), await person(harness)
    harness.deliver(Reply_To=BOB, Message_ID="<one@far.example>")
    thread = harness.google.store.messages(EMAIL)[0]["threadId"]
    id = await asked_for(caller, "send-email", {"thread_id": thread, "body": "Yes."})
    assert (await shown(anne, id))["preview"]["to"] == [BOB]
    harness.deliver(Reply_To=EVE, In_Reply_To="<one@far.example>", References="<one@far.example>")
    assert {one["threadId"] for one in harness.google.store.messages(EMAIL)} == {thread}
    done = await decide(anne, id, "approve")
    read = await harness.ran("get-message", {"id": done["output"]["id"]})
    headers = {one["name"]: one["value"] for one in read["payload"]["headers"]}
    assert headers["To"] == BOB


async def test_a_finished_message_and_a_change_of_labels_are_shown_too(
    harness: ActionHarness,
) -> None:
    caller, anne = await agent(harness, **ASKING), await person(harness)
    id = await asked_for(caller, "send-message", {"raw": raw(f"To: {BOB}\r\nSubject: Raw")}, "a")
    preview = (await shown(anne, id))["preview"]
    assert (preview["to"], preview["subject"], preview["text"].strip()) == ([BOB], "Raw", "x")
    mail = harness.deliver()
    id = await asked_for(caller, "trash-message", {"id": mail}, "b")
    assert (await shown(anne, id))["arguments"] == {"id": mail}
    await decide(anne, id, "approve")
    assert "TRASH" in harness.labels(mail)


async def test_what_needs_no_word_runs_at_once(harness: ActionHarness) -> None:
    caller = await agent(harness, approval_required=["send"])
    assert (await caller.run("list-labels")).status_code == 200
    assert (await caller.run("create-draft", HELLO)).status_code == 200
    assert (await caller.run("send-email", {**HELLO, "dry_run": True})).status_code == 200
    waiting = await caller.call("POST", "/send", HELLO, "k")
    assert (waiting.status_code, waiting.json()["status"]) == (202, "waiting_for_approval")
    later = await caller.run("send-email", HELLO, "x", **{"X-Async": "true"})
    assert later.json()["status"] == "waiting_for_approval"


async def test_what_the_policy_forbids_is_never_asked(harness: ActionHarness) -> None:
    caller = await agent(harness, **ASKING, **ACME, daily_sends=1)
    assert await caller.rule("send-email", {**HELLO, "to": EVE}) == "allowed_domains"
    await asked_for(caller, "send-email", HELLO)
    assert await caller.rule("send-email", HELLO, "another") == "daily_sends"
    assert len((await (await person(harness)).call("GET", "/approvals")).json()["approvals"]) == 1


async def test_a_call_that_fails_after_a_yes_is_told_with_its_reason(
    harness: ActionHarness,
) -> None:
    caller, anne = await agent(harness, **ASKING), await person(harness)
    id = await asked_for(caller, "trash-message", {"id": "18f0000000000000"})
    done = await decide(anne, id, "approve")
    assert (done["succeeded"], done["error"]) == (False, "upstream_error")
    assert done["output"]["error"]["upstream"]["status"] == 404
    answer = await caller.run("trash-message", {"id": "18f0000000000000"}, "k")
    assert (answer.status_code, answer.json()["error"]["code"]) == (424, "upstream_error")


async def test_trouble_that_passes_is_gone_through_in_the_background(
    harness: ActionHarness,
) -> None:
    caller, anne = await agent(harness, **ASKING), await person(harness)
    mail = harness.deliver()
    id = await asked_for(caller, "trash-message", {"id": mail})
    harness.fault("status_503", method="messages.trash", times=1)
    running = await decide(anne, id, "approve")
    assert (running["state"], running["finished_at"]) == ("approved", None)
    waiting = await caller.run("trash-message", {"id": mail}, "k")
    assert (waiting.status_code, waiting.json()["status"]) == (202, "running")
    harness.clock.advance(CLAIM)
    await harness.container.use(DecideApproval).attend(id)
    assert (await shown(anne, id))["succeeded"] is True
    assert "TRASH" in harness.labels(mail)


async def test_trouble_that_does_not_pass_ends_in_a_day(harness: ActionHarness) -> None:
    caller, anne = await agent(harness, **ASKING), await person(harness)
    mail = harness.deliver()
    id = await asked_for(caller, "trash-message", {"id": mail})
    harness.fault("status_503", method="messages.trash", times=9)
    await decide(anne, id, "approve")
    harness.clock.advance(GIVEN_UP + timedelta(seconds=1))
    await harness.container.use(DecideApproval).attend(id)
    ended = await shown(anne, id)
    assert (ended["succeeded"], ended["error"]) == (False, "gave_up")


async def test_approvals_are_listed_by_state_in_pages_without_their_content(
    harness: ActionHarness,
) -> None:
    caller, anne = await agent(harness, **ASKING), await person(harness)
    ids = []
    for n in range(5):
        harness.clock.advance(timedelta(seconds=1))
        ids.append(await asked_for(caller, "send-email", HELLO, f"k{n}"))
    await decide(anne, ids[0], "reject", {})
    seen: list[str] = []
    path = "/approvals?state=pending&limit=2"
    cursor = ""
    while True:
        page = await anne.call("GET", f"{path}{cursor}")
        assert HELLO["subject"] not in page.text
        assert BOB not in page.text
        seen += [one["id"] for one in page.json()["approvals"]]
        if (following := page.json()["next_cursor"]) is None:
            break
        cursor = f"&cursor={following}"
    assert seen == ids[:0:-1]


async def test_whoever_sees_one_connection_decides_about_no_other(harness: ActionHarness) -> None:
    caller = await agent(harness, **ASKING)
    id = await asked_for(caller, "send-email", HELLO)
    elsewhere = Agent(
        harness, await a_key(harness.container, "approvals", connections=frozenset({OTHER}))
    )
    assert (await elsewhere.call("GET", f"/approvals/{id}")).status_code == 404
    assert (await elsewhere.call("POST", f"/approvals/{id}/approve")).status_code == 404
    assert not sent(harness)


async def test_what_waits_is_sealed_and_gone_with_the_connection(tmp_path: Path) -> None:
    async with action_harness(tmp_path, on_disk=True) as harness:
        caller, anne = await agent(harness, **ASKING), await person(harness)
        id = await asked_for(caller, "send-email", {**HELLO, "subject": "Quartz"})
        with sqlite3.connect(tmp_path / "postroom.sqlite") as file:
            stored = "\n".join(map(repr, file.execute("SELECT * FROM approvals").fetchall()))
        assert "Quartz" not in stored
        assert BOB not in stored
        grant = await harness.container.use(Grants).get(CONNECTION)
        assert grant
        await harness.container.use(Grants).delete(grant)
        gone = await shown(anne, id)
        assert (gone["preview"], gone["arguments"], gone["state"]) == (None, None, "pending")


async def test_the_log_tells_who_asked_and_who_said_what(harness: ActionHarness) -> None:
    caller, anne = await agent(harness, **ASKING), await person(harness)
    yes = await asked_for(caller, "send-email", {**HELLO, "subject": "Quartz"}, "yes")
    no = await asked_for(caller, "send-email", HELLO, "no")
    await decide(anne, yes, "approve")
    await decide(anne, no, "reject", {"reason": "No."})
    entries = await trail(harness)
    assert [(one["verdict"], one["approval_id"]) for one in entries] == [
        ("waiting", yes),
        ("waiting", no),
        ("approved", yes),
        ("rejected", no),
    ]
    assert len({one["decided_by"] for one in entries[2:]}) == 1
    assert len({one["key"] for one in entries}) == 1
    assert "Quartz" not in repr(entries)


async def test_only_our_own_tasks_attend_to_approvals(harness: ActionHarness) -> None:
    caller = await agent(harness, **ASKING)
    id = await asked_for(caller, "send-email", HELLO)
    assert (await harness.api.post(APPROVAL_TASK, json={"id": id})).status_code == 401
