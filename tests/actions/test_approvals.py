"""A call that waits for a person: shown whole, decided once, run once, told to whoever asked."""

import asyncio
import sqlite3
from datetime import timedelta
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
from tests.actions.desk import Desk
from tests.edge.samples import CONNECTION, OTHER, a_key

ASKING: dict[str, Any] = {"approval_required": True}
EMAIL = "ada@acme.example"


async def code_of(who: Agent, id: str, word: str) -> tuple[int, str]:
    """Decide where it must fail; answer status and code."""
    answer = await who.call("POST", f"/approvals/{id}/{word}", {} if word == "reject" else None)
    return answer.status_code, answer.json()["error"]["code"]


async def test_a_send_waits_is_shown_whole_and_leaves_once_when_approved(desk: Desk) -> None:
    caller, anne = await agent(desk, **ASKING), await person(desk)
    letter = {**HELLO, "cc": EVE, "html": "<p>Something <b>else</b>.</p>"}
    id = await asked_for(caller, "send-email", letter)
    assert not sent(desk)
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
    assert len(sent(desk)) == 1
    assert await told(desk) == ["requested", "approved", "finished"]


async def test_asking_again_is_the_same_request_and_another_body_is_refused(desk: Desk) -> None:
    caller = await agent(desk, **ASKING)
    first = await asked_for(caller, "send-email", HELLO)
    assert await asked_for(caller, "send-email", HELLO) == first
    assert await asked_for(caller, "send-email", HELLO, key=None) != first
    other = await caller.run("send-email", {**HELLO, "to": EVE}, "k")
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_conflict")


async def test_approving_twice_and_at_once_sends_once(desk: Desk) -> None:
    caller, anne, ben = await agent(desk, **ASKING), await person(desk), await person(desk)
    id = await asked_for(caller, "send-email", HELLO)
    await asyncio.gather(*(decide(who, id, "approve") for who in (anne, ben, anne)))
    done = await decide(ben, id, "approve")
    assert (done["state"], done["succeeded"]) == ("approved", True)
    assert len(sent(desk)) == 1
    assert (await told(desk)).count("finished") == 1


async def test_what_was_rejected_stays_so_and_the_agent_is_told_why(desk: Desk) -> None:
    caller, anne = await agent(desk, **ASKING), await person(desk)
    id = await asked_for(caller, "send-email", HELLO)
    no = await decide(anne, id, "reject", {"reason": "Not before Monday"})
    assert (no["state"], no["reason"]) == ("rejected", "Not before Monday")
    assert (await decide(anne, id, "reject", {}))["reason"] == "Not before Monday"
    assert await code_of(anne, id, "approve") == (409, "approval_decided")
    answer = await caller.run("send-email", HELLO, "k")
    assert rule_of(answer) == "approval_required"
    assert "Not before Monday" in answer.json()["error"]["message"]
    assert not sent(desk)
    assert await told(desk) == ["requested", "rejected"]


async def test_what_was_approved_cannot_be_rejected(desk: Desk) -> None:
    caller, anne = await agent(desk, **ASKING), await person(desk)
    id = await asked_for(caller, "send-email", HELLO)
    await decide(anne, id, "approve")
    assert await code_of(anne, id, "reject") == (409, "approval_decided")


@pytest.mark.parametrize("woken", [True, False])
async def test_what_nobody_decides_in_time_never_runs(desk: Desk, *, woken: bool) -> None:
    caller, anne = await agent(desk, **ASKING), await person(desk)
    id = await asked_for(caller, "send-email", HELLO)
    desk.clock.advance(WAITS)
    if woken:
        assert await desk.container.use(WakeApprovals)() == 1
        await desk.container.use(DecideApproval).attend(id)
        assert (await shown(anne, id))["state"] == "expired"
    assert await code_of(anne, id, "approve") == (409, "approval_decided")
    assert await told(desk) == ["requested", "expired"]
    assert await desk.container.use(WakeApprovals)() == 0
    assert rule_of(await caller.run("send-email", HELLO, "k")) == "approval_required"
    assert not sent(desk)


async def test_a_scheduled_send_waits_no_longer_than_its_time(desk: Desk) -> None:
    caller, anne = await agent(desk, **ASKING), await person(desk)
    at = desk.clock.now() + timedelta(hours=1)
    id = await asked_for(caller, "send-email", {**HELLO, "send_at": at.isoformat()})
    desk.clock.advance(timedelta(hours=1))
    assert await code_of(anne, id, "approve") == (409, "approval_decided")


async def test_an_agent_cannot_decide_even_with_every_permission(desk: Desk) -> None:
    caller = await agent(desk, **ASKING)
    id = await asked_for(caller, "send-email", HELLO)
    for method, path in (("POST", f"/{id}/approve"), ("GET", f"/{id}"), ("GET", "")):
        assert rule_of(await caller.call(method, f"/approvals{path}")) == "route"
    plain = Agent(desk, await a_key(desk.container, "actions", "send"))
    refused = await plain.call("POST", f"/approvals/{id}/approve")
    assert refused.json()["error"]["code"] == "forbidden"


async def test_nothing_runs_for_a_key_that_was_revoked(desk: Desk) -> None:
    caller, anne = await agent(desk, **ASKING), await person(desk)
    id = await asked_for(caller, "send-email", HELLO)
    found = await desk.container.use(Approvals).get(id)
    assert found
    await desk.container.use(RevokeApiKey)(found.value.key.removeprefix("key-"))
    assert await code_of(anne, id, "approve") == (403, "forbidden")
    assert (await decide(anne, id, "reject", {}))["state"] == "rejected"


async def test_nothing_runs_for_a_key_made_by_one_that_was_revoked(desk: Desk) -> None:
    parent = Agent(desk, await a_key(desk.container, "*", policy=ASKING))
    body = {"name": "child", "permissions": ["*"]}
    made = (await parent.call("POST", "/api-keys", body)).json()
    id = await asked_for(Agent(desk, made["key"]), "send-email", HELLO)
    found = await desk.container.use(ApiKeys).get(made["parent"])
    assert found
    await desk.container.use(ApiKeys).swap(found, found.value.revoked(desk.clock.now()))
    assert await code_of(await person(desk), id, "approve") == (403, "forbidden")


async def test_a_reply_goes_to_those_who_were_shown(desk: Desk) -> None:
    """A thread's newest message may come from somebody else by the time a person says yes."""
    caller, anne = await agent(desk, **ASKING), await person(desk)
    desk.deliver(Reply_To=BOB, Message_ID="<one@far.example>")
    thread = desk.google.store.messages(EMAIL)[0]["threadId"]
    id = await asked_for(caller, "send-email", {"thread_id": thread, "body": "Yes."})
    assert (await shown(anne, id))["preview"]["to"] == [BOB]
    desk.deliver(Reply_To=EVE, In_Reply_To="<one@far.example>", References="<one@far.example>")
    assert {one["threadId"] for one in desk.google.store.messages(EMAIL)} == {thread}
    done = await decide(anne, id, "approve")
    read = await desk.ran("get-message", {"id": done["output"]["id"]})
    headers = {one["name"]: one["value"] for one in read["payload"]["headers"]}
    assert headers["To"] == BOB


async def test_a_finished_message_and_a_change_of_labels_are_shown_too(desk: Desk) -> None:
    caller, anne = await agent(desk, **ASKING), await person(desk)
    id = await asked_for(caller, "send-message", {"raw": raw(f"To: {BOB}\r\nSubject: Raw")}, "a")
    preview = (await shown(anne, id))["preview"]
    assert (preview["to"], preview["subject"], preview["text"].strip()) == ([BOB], "Raw", "x")
    mail = desk.deliver()
    id = await asked_for(caller, "trash-message", {"id": mail}, "b")
    assert (await shown(anne, id))["arguments"] == {"id": mail}
    await decide(anne, id, "approve")
    assert "TRASH" in desk.labels(mail)


async def test_what_needs_no_word_runs_at_once(desk: Desk) -> None:
    caller = await agent(desk, approval_required=["send"])
    assert (await caller.run("list-labels")).status_code == 200
    assert (await caller.run("create-draft", HELLO)).status_code == 200
    assert (await caller.run("send-email", {**HELLO, "dry_run": True})).status_code == 200
    waiting = await caller.call("POST", "/send", HELLO, "k")
    assert (waiting.status_code, waiting.json()["status"]) == (202, "waiting_for_approval")
    later = await caller.run("send-email", HELLO, "x", **{"X-Async": "true"})
    assert later.json()["status"] == "waiting_for_approval"


async def test_what_the_policy_forbids_is_never_asked(desk: Desk) -> None:
    caller = await agent(desk, **ASKING, **ACME, daily_sends=1)
    assert await caller.rule("send-email", {**HELLO, "to": EVE}) == "allowed_domains"
    await asked_for(caller, "send-email", HELLO)
    assert await caller.rule("send-email", HELLO, "another") == "daily_sends"
    assert len((await (await person(desk)).call("GET", "/approvals")).json()["approvals"]) == 1


async def test_a_call_that_fails_after_a_yes_is_told_with_its_reason(desk: Desk) -> None:
    caller, anne = await agent(desk, **ASKING), await person(desk)
    id = await asked_for(caller, "trash-message", {"id": "18f0000000000000"})
    done = await decide(anne, id, "approve")
    assert (done["succeeded"], done["error"]) == (False, "upstream_error")
    assert done["output"]["error"]["upstream"]["status"] == 404
    answer = await caller.run("trash-message", {"id": "18f0000000000000"}, "k")
    assert (answer.status_code, answer.json()["error"]["code"]) == (424, "upstream_error")


async def test_trouble_that_passes_is_gone_through_in_the_background(desk: Desk) -> None:
    caller, anne = await agent(desk, **ASKING), await person(desk)
    mail = desk.deliver()
    id = await asked_for(caller, "trash-message", {"id": mail})
    await desk.fault("status_503", method="messages.trash", times=1)
    running = await decide(anne, id, "approve")
    assert (running["state"], running["finished_at"]) == ("approved", None)
    waiting = await caller.run("trash-message", {"id": mail}, "k")
    assert (waiting.status_code, waiting.json()["status"]) == (202, "running")
    desk.clock.advance(CLAIM)
    await desk.container.use(DecideApproval).attend(id)
    assert (await shown(anne, id))["succeeded"] is True
    assert "TRASH" in desk.labels(mail)


async def test_trouble_that_does_not_pass_ends_in_a_day(desk: Desk) -> None:
    caller, anne = await agent(desk, **ASKING), await person(desk)
    mail = desk.deliver()
    id = await asked_for(caller, "trash-message", {"id": mail})
    await desk.fault("status_503", method="messages.trash", times=9)
    await decide(anne, id, "approve")
    desk.clock.advance(GIVEN_UP + timedelta(seconds=1))
    await desk.container.use(DecideApproval).attend(id)
    ended = await shown(anne, id)
    assert (ended["succeeded"], ended["error"]) == (False, "gave_up")


async def test_approvals_are_listed_by_state_in_pages_without_their_content(desk: Desk) -> None:
    caller, anne = await agent(desk, **ASKING), await person(desk)
    ids = []
    for n in range(5):
        desk.clock.advance(timedelta(seconds=1))
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


async def test_whoever_sees_one_connection_decides_about_no_other(desk: Desk) -> None:
    caller = await agent(desk, **ASKING)
    id = await asked_for(caller, "send-email", HELLO)
    elsewhere = Agent(
        desk, await a_key(desk.container, "approvals", connections=frozenset({OTHER}))
    )
    assert (await elsewhere.call("GET", f"/approvals/{id}")).status_code == 404
    assert (await elsewhere.call("POST", f"/approvals/{id}/approve")).status_code == 404
    assert not sent(desk)


async def test_what_waits_is_sealed_and_gone_with_the_connection(desk: Desk) -> None:
    caller, anne = await agent(desk, **ASKING), await person(desk)
    id = await asked_for(caller, "send-email", {**HELLO, "subject": "Quartz"})
    path = desk.container.settings.sqlite_path
    assert path is not None
    with sqlite3.connect(path) as file:
        stored = "\n".join(map(repr, file.execute("SELECT * FROM approvals").fetchall()))
    assert "Quartz" not in stored
    assert BOB not in stored
    grant = await desk.container.use(Grants).get(CONNECTION)
    assert grant
    await desk.container.use(Grants).delete(grant)
    gone = await shown(anne, id)
    assert (gone["preview"], gone["arguments"], gone["state"]) == (None, None, "pending")


async def test_the_log_tells_who_asked_and_who_said_what(desk: Desk) -> None:
    caller, anne = await agent(desk, **ASKING), await person(desk)
    yes = await asked_for(caller, "send-email", {**HELLO, "subject": "Quartz"}, "yes")
    no = await asked_for(caller, "send-email", HELLO, "no")
    await decide(anne, yes, "approve")
    await decide(anne, no, "reject", {"reason": "No."})
    entries = await trail(desk)
    assert [(one["verdict"], one["approval_id"]) for one in entries] == [
        ("waiting", yes),
        ("waiting", no),
        ("approved", yes),
        ("rejected", no),
    ]
    assert len({one["decided_by"] for one in entries[2:]}) == 1
    assert len({one["key"] for one in entries}) == 1
    assert "Quartz" not in repr(entries)


async def test_only_our_own_tasks_attend_to_approvals(desk: Desk) -> None:
    caller = await agent(desk, **ASKING)
    id = await asked_for(caller, "send-email", HELLO)
    assert (await desk.api.post(APPROVAL_TASK, json={"id": id})).status_code == 401
