"""What a person was shown is what runs: no action with an effect acts upon something else."""

from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.google.mail import drafts as gmails
from infra.local.google.mail.aliases import add_alias, list_send_as, save_send_as
from shared.actions.loading import actions
from shared.actions.policy.recipients import SEND_DRAFT, can_inspect
from shared.actions.registry import Effect
from shared.domain.connect.scopes import MAIL, SETTINGS_BASIC
from tests.actions.agents import BOB, EVE, HELLO, agent, asked_for, decide, person, shown
from tests.harness.acting import ActionHarness, action_harness
from tests.harness.google import EMAIL


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[ActionHarness]:
    """Return a mailbox that granted all there is."""
    async with action_harness(tmp_path, (MAIL, SETTINGS_BASIC)) as harness:
        yield harness


ASKING: dict[str, Any] = {"approval_required": True}
SAYS_IT_ALL = {
    "modify-message": "a message never changes, and the labels are in the input",
    "batch-modify-messages": "the same, of messages that are all in the input",
    "trash-message": "a message never changes",
    "untrash-message": "a message never changes",
    "create-label": "the whole label is in the input",
    "watch-mailbox": "it has no input",
    "stop-watch": "it has no input",
    "modify-messages": "messages that are all in the input, and the labels",
    "delete-message": "a message never changes",
    "batch-delete-messages": "the same, of messages that are all in the input",
    "cancel-send": "a send never changes, and the input names it",
    "create-filter": "the whole filter is in the input",
    "delete-filter": "a filter never changes",
    "create-send-as-alias": "the whole alias is in the input",
    "update-send-as-alias": "what becomes of the alias is in the input",
    "update-send-as-smtp-msa": "the whole server is in the input",
    "verify-send-as-alias": "the address is in the input",
    "delete-send-as-alias": "the address is in the input",
    "delete-forwarding-address": "the address is in the input",
    "update-auto-forwarding-settings": "the whole setting is in the input",
    "update-vacation-settings": "the whole setting is in the input",
    "update-imap-settings": "the whole setting is in the input",
    "update-pop-settings": "the whole setting is in the input",
    "update-language-settings": "the whole setting is in the input",
}
"""Actions whose input leaves nothing to what something else is later, and why."""


def test_every_action_with_an_effect_is_kept_whole_pinned_or_says_it_all() -> None:
    """One that is added fails here until it has a `pin`, or a reason why it needs none."""
    with_effect = {name for name, one in actions().items() if one.effect is not Effect.NONE}
    whole = {name for name in with_effect if can_inspect(actions()[name])}
    pinned = {name for name in with_effect if actions()[name].pin is not None}
    assert with_effect - whole - pinned == SAYS_IT_ALL.keys()
    by_id = {name for name in whole if "id" in actions()[name].input.model_fields}
    assert by_id - pinned == {SEND_DRAFT}


async def a_draft(harness: ActionHarness) -> tuple[dict[str, Any], Any]:
    draft = (await harness.ran("create-draft", HELLO))["id"]
    raw = b"To: eve@far.example\r\nSubject: Mine\r\n\r\nWork of an hour."
    return {"id": draft}, lambda: gmails.update_draft(harness.google.store, EMAIL, draft, raw, None)


async def a_thread(harness: ActionHarness) -> tuple[dict[str, Any], Any]:
    harness.deliver(Message_ID="<one@far.example>")
    thread = harness.google.store.messages(EMAIL)[0]["threadId"]
    one = "<one@far.example>"
    return {"id": thread}, lambda: harness.deliver(In_Reply_To=one, References=one)


async def a_label(harness: ActionHarness) -> tuple[dict[str, Any], Any]:
    label = (await harness.ran("create-label", {"name": "Old"}))["id"]
    return {"id": label}, lambda: harness.ran("update-label", {"id": label, "name": "Payroll"})


TARGETS: dict[str, Any] = {
    "update-draft": (a_draft, HELLO),
    "delete-draft": (a_draft, {}),
    "modify-thread": (a_thread, {"removeLabelIds": ["UNREAD"]}),
    "trash-thread": (a_thread, {}),
    "untrash-thread": (a_thread, {}),
    "delete-thread": (a_thread, {}),
    "update-label": (a_label, {"name": "New"}),
    "delete-label": (a_label, {}),
}


def test_every_pinned_action_is_tried_below() -> None:
    assert {name for name, one in actions().items() if one.pin is not None} == TARGETS.keys()


@pytest.mark.parametrize("name", TARGETS)
async def test_a_call_does_not_run_on_another_thing_than_was_shown(
    harness: ActionHarness, name: str
) -> None:
    make, fields = TARGETS[name]
    caller, anne = await agent(harness, **ASKING), await person(harness)
    target, change = await make(harness)
    id = await asked_for(caller, name, {**target, **fields})
    changing = change()
    if hasattr(changing, "__await__"):
        await changing
    before = harness.calls()
    done = await decide(anne, id, "approve")
    assert (done["succeeded"], done["error"]) == (False, "changed_meanwhile")
    changed = {
        method for method, count in harness.calls().items() if count != before.get(method, 0)
    }
    assert changed <= {"drafts.get", "threads.get", "labels.get"}


@pytest.mark.parametrize("name", TARGETS)
async def test_a_call_runs_on_what_was_shown_and_its_retry_is_answered(
    harness: ActionHarness, name: str
) -> None:
    make, fields = TARGETS[name]
    caller, anne = await agent(harness, **ASKING), await person(harness)
    target, _ = await make(harness)
    id = await asked_for(caller, name, {**target, **fields})
    done = await decide(anne, id, "approve")
    assert done["succeeded"] is True, done
    again = await caller.run(name, {**target, **fields}, "k")
    assert again.json() == done["output"]


async def test_an_answer_has_the_subject_that_was_shown(harness: ActionHarness) -> None:
    """A thread's newest message may be called something else by the time a person says yes."""
    caller, anne = await agent(harness, **ASKING), await person(harness)
    harness.deliver(subject="Lunch", Message_ID="<one@far.example>")
    thread = harness.google.store.messages(EMAIL)[0]["threadId"]
    asked = {"thread_id": thread, "to": BOB, "body": "Yes."}
    id = await asked_for(caller, "send-email", asked)
    assert (await shown(anne, id))["preview"]["subject"] == "Re: Lunch"
    other = b"Subject: Re: Lunch =?utf-8?q?=E2=80=93?= I quit\r\nFrom: e@far.example\r\n"
    more = b"In-Reply-To: <one@far.example>\r\nReferences: <one@far.example>\r\n\r\nx"
    harness.google.store.deliver(EMAIL, b"To: ada@acme.example\r\n" + other + more)
    done = await decide(anne, id, "approve")
    read = await harness.ran("get-message", {"id": done["output"]["id"]})
    headers = {one["name"]: one["value"] for one in read["payload"]["headers"]}
    assert (headers["To"], headers["Subject"]) == (BOB, "Re: Lunch")
    assert EVE not in str(headers)


async def test_an_answer_goes_out_from_the_alias_that_was_shown(harness: ActionHarness) -> None:
    caller, anne = await agent(harness, **ASKING), await person(harness)
    add_alias(harness.google.store, EMAIL, "sales@acme.example", 'Zoë, "Sales"')
    harness.google.store.deliver(EMAIL, b"From: e@far.example\r\nTo: sales@acme.example\r\n\r\nx")
    parent = harness.google.store.messages(EMAIL)[0]["id"]
    asked = {"reply_to_message_id": parent, "to": BOB, "subject": "S", "body": "Yes."}
    id = await asked_for(caller, "send-email", asked)
    said = r'"Zoë, \"Sales\"" <sales@acme.example>'
    assert (await shown(anne, id))["preview"]["from"] == said
    add_alias(harness.google.store, EMAIL, "sales@acme.example", "Somebody else")
    done = await decide(anne, id, "approve")
    read = await harness.ran("get-message", {"id": done["output"]["id"]})
    (sender,) = (one["value"] for one in read["payload"]["headers"] if one["name"] == "From")
    assert "sales@acme.example" in sender
    assert "Somebody" not in sender


async def test_the_signature_that_was_shown_is_the_one_that_leaves(harness: ActionHarness) -> None:
    """Whatever Gmail's settings say by the time a person has said yes."""
    caller, anne = await agent(harness, **ASKING), await person(harness)
    store = harness.google.store
    add_alias(store, EMAIL, "sales@acme.example", "Sales")
    (sales,) = (one for one in list_send_as(store, EMAIL) if not one.get("isPrimary"))
    save_send_as(store, EMAIL, {**sales, "signature": "Sales &amp; Co"})
    store.deliver(EMAIL, b"From: e@far.example\r\nTo: sales@acme.example\r\n\r\nx")
    parent = store.messages(EMAIL)[0]["id"]
    asked = {"reply_to_message_id": parent, "to": BOB, "body": "Yes.", "signature": True}
    id = await asked_for(caller, "send-email", asked)
    assert (await shown(anne, id))["preview"]["text"] == "Yes.\n\n-- \nSales & Co"
    save_send_as(store, EMAIL, {**sales, "signature": "Something else"})
    done = await decide(anne, id, "approve")
    read = await harness.ran("get-message", {"id": done["output"]["id"]})
    body = urlsafe_b64decode(read["payload"]["body"]["data"] + "==").decode()
    assert body.replace("\r\n", "\n").rstrip("\n") == "Yes.\n\n-- \nSales & Co"
