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
from tests.harness.acting import ActionHarness
from tests.harness.google import EMAIL

SENDING: dict[str, Any] = {"approval_required": ["send"]}
SWAPPED = b"From: ada@acme.example\r\nTo: eve@far.example\r\nSubject: Hello\r\n\r\nPay at once!"
RAW = {"format": "raw"}


async def kept(harness: ActionHarness, **fields: Any) -> str:
    return str((await harness.ran("create-draft", {**HELLO, "body": "Harmless.", **fields}))["id"])


def change(harness: ActionHarness, draft: str, raw: bytes = SWAPPED) -> None:
    """Change the draft in Gmail itself."""
    gmails.update_draft(harness.google.store, EMAIL, draft, raw, None)


def left(harness: ActionHarness) -> list[tuple[str, str]]:
    """Return recipient and text of what left the mailbox, oldest first."""
    store = harness.google.store
    found = []
    for one in sent(harness):
        message = store.message(EMAIL, int(one["id"], 16))
        assert message is not None
        read = message_from_bytes(store.raw(message.row))
        found.append((str(read["To"]), str(read.get_payload()).strip()))
    return found


async def drafts(harness: ActionHarness) -> list[Any]:
    found: list[Any] = (await harness.ran("list-drafts")).get("drafts", [])
    return found


async def test_what_was_shown_is_sent_and_the_draft_goes(harness: ActionHarness) -> None:
    caller, anne = await agent(harness, **SENDING), await person(harness)
    draft = await kept(harness)
    id = await asked_for(caller, "send-draft", {"id": draft})
    assert (await shown(anne, id))["preview"]["text"].strip() == "Harmless."
    done = await decide(anne, id, "approve")
    assert (done["succeeded"], done["output"]["draft"]) == (True, "removed")
    assert left(harness) == [(BOB, "Harmless.")]
    assert await drafts(harness) == []
    again = await caller.run("send-draft", {"id": draft}, "k")
    assert again.json() == done["output"]


async def test_a_draft_changed_after_the_yes_was_asked_stays_and_the_shown_one_is_sent(
    harness: ActionHarness,
) -> None:
    caller, anne = await agent(harness, **SENDING), await person(harness)
    draft = await kept(harness)
    id = await asked_for(caller, "send-draft", {"id": draft})
    change(harness, draft)
    done = await decide(anne, id, "approve")
    assert (done["succeeded"], done["output"]["draft"]) == (True, "kept_changed")
    assert left(harness) == [(BOB, "Harmless.")]
    message = (await harness.ran("get-draft", {"id": draft, **RAW}))["message"]
    assert urlsafe_b64decode(message["raw"]).endswith(b"Pay at once!")


async def test_a_draft_that_is_gone_by_then_is_sent_as_it_was_shown(harness: ActionHarness) -> None:
    caller, anne = await agent(harness, **SENDING), await person(harness)
    draft = await kept(harness)
    id = await asked_for(caller, "send-draft", {"id": draft})
    gmails.delete_draft(harness.google.store, EMAIL, draft)
    done = await decide(anne, id, "approve")
    assert (done["succeeded"], done["output"]["draft"]) == (True, "gone")
    assert left(harness) == [(BOB, "Harmless.")]


@pytest.mark.parametrize("orphan", [False, True])
async def test_a_draft_that_its_owner_sent_meanwhile_is_not_sent_again(
    harness: ActionHarness, *, orphan: bool
) -> None:
    caller, anne = await agent(harness, **SENDING), await person(harness)
    draft = await kept(harness)
    id = await asked_for(caller, "send-draft", {"id": draft})
    gmails.send_draft(harness.google.store, EMAIL, draft, orphan=orphan)
    done = await decide(anne, id, "approve")
    assert (done["succeeded"], done["error"]) == (False, "draft_sent")
    assert len(sent(harness)) == 1


async def test_a_draft_swapped_while_the_yes_runs_is_never_what_leaves(
    harness: ActionHarness,
) -> None:
    caller, anne = await agent(harness, **SENDING), await person(harness)
    random = Random(4)

    async def swapped(draft: str) -> None:
        for _ in range(random.randrange(40)):
            await asyncio.sleep(0)
        try:
            change(harness, draft)
        except (LookupError, gmails.NotADraftError):
            return  # it was sent and removed before

    for number in range(12):
        draft = await kept(harness)
        id = await asked_for(caller, "send-draft", {"id": draft}, f"k{number}")
        done, _ = await asyncio.gather(decide(anne, id, "approve"), swapped(draft))
        assert done["succeeded"] is True, done
    assert left(harness) == [(BOB, "Harmless.")] * 12


async def test_two_yeses_to_one_version_of_a_draft_send_it_once(harness: ActionHarness) -> None:
    first, second, anne = (
        await agent(harness, **SENDING),
        await agent(harness, **SENDING),
        await person(harness),
    )
    draft = await kept(harness)
    ids = [await asked_for(one, "send-draft", {"id": draft}) for one in (first, second)]
    ends = [await decide(anne, id, "approve") for id in ids]
    assert ends[0]["output"]["id"] == ends[1]["output"]["id"]
    assert len(sent(harness)) == 1


async def test_a_draft_too_large_to_be_kept_whole_is_refused_and_told_why(
    harness: ActionHarness,
) -> None:
    caller = await agent(harness, **SENDING)
    noise = Random(7).randbytes(700_000)
    file = {"filename": "a.bin", "content_base64": urlsafe_b64encode(noise).decode()}
    draft = await kept(harness, attachments=[file])
    refused = await caller.run("send-draft", {"id": draft}, "k")
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_large")
    assert "have a person send the draft" in refused.json()["error"]["message"]
    assert not sent(harness)


async def test_an_answer_kept_as_a_draft_stays_in_its_thread(harness: ActionHarness) -> None:
    caller, anne = await agent(harness, **SENDING), await person(harness)
    mail = harness.deliver(Message_ID="<one@far.example>")
    (parent,) = harness.google.store.messages(EMAIL)
    made = await harness.ran("create-draft", {"reply_to_message_id": mail, "body": "Yes."})
    id = await asked_for(caller, "send-draft", {"id": made["id"]})
    done = await decide(anne, id, "approve")
    assert done["output"]["threadId"] == parent["threadId"]


async def test_trouble_that_passes_sends_the_shown_bytes_later(harness: ActionHarness) -> None:
    caller, anne = await agent(harness, **SENDING), await person(harness)
    draft = await kept(harness)
    id = await asked_for(caller, "send-draft", {"id": draft})
    harness.fault("status_503", method="drafts.create", times=1)
    assert (await decide(anne, id, "approve"))["finished_at"] is None
    change(harness, draft)
    harness.clock.advance(CLAIM)
    await harness.container.use(DecideApproval).attend(id)
    assert (await shown(anne, id))["output"]["draft"] == "kept_changed"
    assert left(harness) == [(BOB, "Harmless.")]


async def test_what_a_policy_judged_is_what_leaves(harness: ActionHarness) -> None:
    """The draft changes right after it was read for its recipients."""
    caller = await agent(harness, **ACME)
    draft = await kept(harness)

    async def swap(answer: httpx.Response) -> None:
        if answer.request.url.params.get("format") == "raw":
            change(harness, draft)

    harness.container.use(httpx.AsyncClient).event_hooks["response"].append(swap)
    answer = await caller.run("send-draft", {"id": draft})
    assert (answer.status_code, answer.json()["draft"]) == (200, "kept_changed")
    assert left(harness) == [(BOB, "Harmless.")]
    assert EVE not in str(left(harness))


async def test_each_version_of_a_draft_counts_against_the_day(harness: ActionHarness) -> None:
    caller = await agent(harness, **ACME, daily_sends=1)
    draft = await kept(harness)

    async def touch(answer: httpx.Response) -> None:
        if answer.request.url.params.get("format") == "raw":
            change(harness, draft, SWAPPED.replace(b"eve@far.example", BOB.encode()))

    harness.container.use(httpx.AsyncClient).event_hooks["response"].append(touch)
    assert (await caller.run("send-draft", {"id": draft})).status_code == 200
    assert await caller.rule("send-draft", {"id": draft}) == "daily_sends"
    assert len(sent(harness)) == 1


async def test_a_judged_draft_does_not_wait_in_a_task_that_would_read_it_anew(
    harness: ActionHarness,
) -> None:
    caller = await agent(harness, **ACME)
    draft = await kept(harness)
    answer = await caller.run("send-draft", {"id": draft}, "k", **{"X-Async": "true"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "policy_refused")
