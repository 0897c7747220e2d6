"""The bytes of a draft that a person said yes to, or a policy judged, are those that are sent."""

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from email import message_from_bytes
from random import Random
from typing import Any

import httpx
import pytest

from infra.local.google.mail import drafts as gmails
from shared.actions.policy.decide_approval import DecideApproval
from shared.domain.keys.approval import CLAIM
from tests.actions.agents import (
    ACME,
    BOB,
    EVE,
    HELLO,
    agent,
    asked_for,
    decide,
    person,
    sent,
    shown,
)
from tests.actions.desk import EMAIL, Desk

SENDING: dict[str, Any] = {"approval_required": ["send"]}
SWAPPED = b"From: ada@acme.example\r\nTo: eve@far.example\r\nSubject: Hello\r\n\r\nPay at once!"
RAW = {"format": "raw"}


async def kept(desk: Desk, **fields: Any) -> str:
    return str((await desk.ran("create-draft", {**HELLO, "body": "Harmless.", **fields}))["id"])


def change(desk: Desk, draft: str, raw: bytes = SWAPPED) -> None:
    """Change the draft in Gmail itself."""
    gmails.update_draft(desk.google.store, EMAIL, draft, raw, None)


def left(desk: Desk) -> list[tuple[str, str]]:
    """Return recipient and text of what left the mailbox, oldest first."""
    store = desk.google.store
    found = []
    for one in sent(desk):
        message = store.message(EMAIL, int(one["id"], 16))
        assert message is not None
        read = message_from_bytes(store.raw(message.row))
        found.append((str(read["To"]), str(read.get_payload()).strip()))
    return found


async def drafts(desk: Desk) -> list[Any]:
    found: list[Any] = (await desk.ran("list-drafts")).get("drafts", [])
    return found


async def test_what_was_shown_is_sent_and_the_draft_goes(desk: Desk) -> None:
    caller, anne = await agent(desk, **SENDING), await person(desk)
    draft = await kept(desk)
    id = await asked_for(caller, "send-draft", {"id": draft})
    assert (await shown(anne, id))["preview"]["text"].strip() == "Harmless."
    done = await decide(anne, id, "approve")
    assert (done["succeeded"], done["output"]["draft"]) == (True, "removed")
    assert left(desk) == [(BOB, "Harmless.")]
    assert await drafts(desk) == []
    again = await caller.run("send-draft", {"id": draft}, "k")
    assert again.json() == done["output"]


async def test_a_draft_changed_after_the_yes_was_asked_stays_and_the_shown_one_is_sent(
    desk: Desk,
) -> None:
    caller, anne = await agent(desk, **SENDING), await person(desk)
    draft = await kept(desk)
    id = await asked_for(caller, "send-draft", {"id": draft})
    change(desk, draft)
    done = await decide(anne, id, "approve")
    assert (done["succeeded"], done["output"]["draft"]) == (True, "kept_changed")
    assert left(desk) == [(BOB, "Harmless.")]
    message = (await desk.ran("get-draft", {"id": draft, **RAW}))["message"]
    assert urlsafe_b64decode(message["raw"]).endswith(b"Pay at once!")


async def test_a_draft_that_is_gone_by_then_is_sent_as_it_was_shown(desk: Desk) -> None:
    caller, anne = await agent(desk, **SENDING), await person(desk)
    draft = await kept(desk)
    id = await asked_for(caller, "send-draft", {"id": draft})
    gmails.delete_draft(desk.google.store, EMAIL, draft)
    done = await decide(anne, id, "approve")
    assert (done["succeeded"], done["output"]["draft"]) == (True, "gone")
    assert left(desk) == [(BOB, "Harmless.")]


@pytest.mark.parametrize("orphan", [False, True])
async def test_a_draft_that_its_owner_sent_meanwhile_is_not_sent_again(
    desk: Desk, *, orphan: bool
) -> None:
    caller, anne = await agent(desk, **SENDING), await person(desk)
    draft = await kept(desk)
    id = await asked_for(caller, "send-draft", {"id": draft})
    gmails.send_draft(desk.google.store, EMAIL, draft, orphan=orphan)
    done = await decide(anne, id, "approve")
    assert (done["succeeded"], done["error"]) == (False, "draft_sent")
    assert len(sent(desk)) == 1


async def test_a_draft_swapped_while_the_yes_runs_is_never_what_leaves(desk: Desk) -> None:
    caller, anne = await agent(desk, **SENDING), await person(desk)
    random = Random(4)

    async def swapped(draft: str) -> None:
        for _ in range(random.randrange(40)):
            await asyncio.sleep(0)
        try:
            change(desk, draft)
        except (LookupError, gmails.NotADraftError):
            return  # it was sent and removed before

    for number in range(12):
        draft = await kept(desk)
        id = await asked_for(caller, "send-draft", {"id": draft}, f"k{number}")
        done, _ = await asyncio.gather(decide(anne, id, "approve"), swapped(draft))
        assert done["succeeded"] is True, done
    assert left(desk) == [(BOB, "Harmless.")] * 12


async def test_two_yeses_to_one_version_of_a_draft_send_it_once(desk: Desk) -> None:
    first, second, anne = (
        await agent(desk, **SENDING),
        await agent(desk, **SENDING),
        await person(desk),
    )
    draft = await kept(desk)
    ids = [await asked_for(one, "send-draft", {"id": draft}) for one in (first, second)]
    ends = [await decide(anne, id, "approve") for id in ids]
    assert ends[0]["output"]["id"] == ends[1]["output"]["id"]
    assert len(sent(desk)) == 1


async def test_a_draft_too_large_to_be_kept_whole_is_refused_and_told_why(desk: Desk) -> None:
    caller = await agent(desk, **SENDING)
    noise = Random(7).randbytes(700_000)
    file = {"filename": "a.bin", "content_base64": urlsafe_b64encode(noise).decode()}
    draft = await kept(desk, attachments=[file])
    refused = await caller.run("send-draft", {"id": draft}, "k")
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_large")
    assert "have a person send the draft" in refused.json()["error"]["message"]
    assert not sent(desk)


async def test_an_answer_kept_as_a_draft_stays_in_its_thread(desk: Desk) -> None:
    caller, anne = await agent(desk, **SENDING), await person(desk)
    mail = desk.deliver(Message_ID="<one@far.example>")
    (parent,) = desk.google.store.messages(EMAIL)
    made = await desk.ran("create-draft", {"reply_to_message_id": mail, "body": "Yes."})
    id = await asked_for(caller, "send-draft", {"id": made["id"]})
    done = await decide(anne, id, "approve")
    assert done["output"]["threadId"] == parent["threadId"]


async def test_trouble_that_passes_sends_the_shown_bytes_later(desk: Desk) -> None:
    caller, anne = await agent(desk, **SENDING), await person(desk)
    draft = await kept(desk)
    id = await asked_for(caller, "send-draft", {"id": draft})
    await desk.fault("status_503", method="drafts.create", times=1)
    assert (await decide(anne, id, "approve"))["finished_at"] is None
    change(desk, draft)
    desk.clock.advance(CLAIM)
    await desk.container.use(DecideApproval).attend(id)
    assert (await shown(anne, id))["output"]["draft"] == "kept_changed"
    assert left(desk) == [(BOB, "Harmless.")]


async def test_what_a_policy_judged_is_what_leaves(desk: Desk) -> None:
    """The draft changes right after it was read for its recipients."""
    caller = await agent(desk, **ACME)
    draft = await kept(desk)

    async def swap(answer: httpx.Response) -> None:
        if answer.request.url.params.get("format") == "raw":
            change(desk, draft)

    desk.container.use(httpx.AsyncClient).event_hooks["response"].append(swap)
    answer = await caller.run("send-draft", {"id": draft})
    assert (answer.status_code, answer.json()["draft"]) == (200, "kept_changed")
    assert left(desk) == [(BOB, "Harmless.")]
    assert EVE not in str(left(desk))


async def test_each_version_of_a_draft_counts_against_the_day(desk: Desk) -> None:
    caller = await agent(desk, **ACME, daily_sends=1)
    draft = await kept(desk)

    async def touch(answer: httpx.Response) -> None:
        if answer.request.url.params.get("format") == "raw":
            change(desk, draft, SWAPPED.replace(b"eve@far.example", BOB.encode()))

    desk.container.use(httpx.AsyncClient).event_hooks["response"].append(touch)
    assert (await caller.run("send-draft", {"id": draft})).status_code == 200
    assert await caller.rule("send-draft", {"id": draft}) == "daily_sends"
    assert len(sent(desk)) == 1


async def test_a_judged_draft_does_not_wait_in_a_task_that_would_read_it_anew(desk: Desk) -> None:
    caller = await agent(desk, **ACME)
    draft = await kept(desk)
    answer = await caller.run("send-draft", {"id": draft}, "k", **{"X-Async": "true"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "policy_refused")
