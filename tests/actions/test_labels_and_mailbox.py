"""Labels, profile, aliases, the watch and history, through the API."""

from datetime import datetime
from pathlib import Path

import pytest

from shared.actions.catalogue import as_tools
from shared.actions.loading import actions
from shared.actions.registry import Effect
from shared.domain.connect.scopes import COMPOSE, LABELS, METADATA, READONLY, SEND
from shared.domain.ids import first_mailbox_id
from shared.domain.keys.policy import Does
from shared.edge.web.routes import Permission
from shared.ports.connections import Mailboxes
from shared.usecases.sync.watch.stop import STOPPED_FOR
from tests.harness.acting import ActionHarness, action_harness
from tests.harness.google import EMAIL
from tests.harness.samples import CONNECTION, a_key


async def test_a_label_is_made_changed_counted_and_deleted(harness: ActionHarness) -> None:
    made = await harness.ran(
        "create-label", {"name": "Invoices", "labelListVisibility": "labelHide"}
    )
    changed = await harness.ran("update-label", {"id": made["id"], "name": "Bills"})
    assert (changed["name"], changed["labelListVisibility"]) == ("Bills", "labelHide")
    id = harness.deliver()
    await harness.ran("modify-message", {"id": id, "addLabelIds": [made["id"]]})
    counted = await harness.ran("get-label", {"id": made["id"]})
    assert (counted["messagesTotal"], counted["messagesUnread"]) == (1, 1)
    names = {one["name"] for one in (await harness.ran("list-labels"))["labels"]}
    assert {"Bills", "INBOX"} <= names
    await harness.ran("delete-label", {"id": made["id"]})
    assert harness.labels(id) == {"INBOX", "UNREAD"}


async def test_a_label_name_that_is_taken_is_gmails_conflict(harness: ActionHarness) -> None:
    await harness.ran("create-label", {"name": "Invoices"})
    status, error = await harness.refused("create-label", {"name": "Invoices"})
    assert (status, error["upstream"]["status"]) == (424, 409)


async def test_the_mailbox_tells_its_address_and_its_aliases(harness: ActionHarness) -> None:
    profile = await harness.ran("get-profile")
    assert profile["emailAddress"] == EMAIL
    (own,) = (await harness.ran("list-send-as-aliases"))["sendAs"]
    assert (own["sendAsEmail"], own["isPrimary"]) == (EMAIL, True)


async def test_history_is_listed_and_a_start_that_is_gone_says_what_to_do(
    harness: ActionHarness,
) -> None:
    start = (await harness.ran("get-profile"))["historyId"]
    id = harness.deliver()
    asked = {"startHistoryId": start, "historyTypes": ["messageAdded"]}
    (change,) = (await harness.ran("list-watch-history", asked))["history"]
    assert change["messagesAdded"][0]["message"]["id"] == id
    harness.google.store.expire_history(EMAIL)
    harness.deliver()
    status, error = await harness.refused("list-watch-history", {"startHistoryId": "1"})
    assert (status, error["upstream"]["status"]) == (424, 404)
    assert "get-profile" in error["message"]


async def test_the_watch_is_forced_and_stopped(harness: ActionHarness) -> None:
    armed = await harness.ran("watch-mailbox")
    mailbox = await harness.container.use(Mailboxes).get(first_mailbox_id(EMAIL))
    assert mailbox is not None
    assert mailbox.value.watch_expires_at is not None
    assert round(mailbox.value.watch_expires_at.timestamp() * 1000) == int(armed["expiration"])
    assert await harness.ran("stop-watch") == {"success": True}
    assert harness.calls()["stop"] == 1
    shown = (await harness.api.get(f"/connections/{CONNECTION}")).json()["watch"]
    assert (shown["expires_at"], shown["error"]) == (None, None)
    stopped, again = (datetime.fromisoformat(shown[name]) for name in ("stopped_at", "renew_at"))
    assert again - stopped == STOPPED_FOR
    await harness.ran("watch-mailbox")
    shown = (await harness.api.get(f"/connections/{CONNECTION}")).json()["watch"]
    assert shown["stopped_at"] is None
    assert shown["expires_at"] is not None


@pytest.mark.parametrize("name", [name for name, one in actions().items() if one.permission])
async def test_what_changes_how_a_mailbox_is_kept_current_needs_the_permission_for_that(
    harness: ActionHarness, name: str
) -> None:
    body = {"action_name": name, "input": {}}
    refused = await a_key(harness.container, "actions")
    allowed = await a_key(harness.container, "actions", "syncs:write")
    for more in ({}, {"X-Async": "true"}):
        for key, status in ((refused, 403), (allowed, 200)):
            headers = {"Authorization": f"Bearer {key}", **more}
            answer = await harness.api.post("/action/trigger", json=body, headers=headers)
            assert answer.status_code == status, answer.text
    assert actions()[name].permission in {*Permission}


def test_an_effect_needs_more_than_the_right_to_read() -> None:
    """Each action's effect, against the scope that it asks for and the permission it takes."""
    for name, action in actions().items():
        reads_only = {READONLY, METADATA} >= {*action.scopes}
        changes = action.doing is not Does.READ
        assert changes == (action.effect is not Effect.NONE), name
        assert not (changes and reads_only and action.for_agents), name


def test_what_takes_a_permission_of_its_own_is_in_no_list_for_models() -> None:
    own = {name for name, one in actions().items() if one.permission}
    assert own == {"watch-mailbox", "stop-watch"}
    assert not own & {one["name"] for one in as_tools()}


@pytest.mark.parametrize("path", ["stop", "Stop"])
async def test_the_watch_cannot_be_stopped_past_its_account(
    harness: ActionHarness, path: str
) -> None:
    answer = await harness.api.post(f"/proxy/gmail/v1/users/me/{path}", json={})
    assert answer.status_code == 204
    assert "stop" not in harness.calls()


@pytest.mark.parametrize(
    ("granted", "action", "needed"),
    [
        (SEND, "get-message", READONLY),
        (SEND, "create-draft", COMPOSE),
        (READONLY, "modify-message", "https://www.googleapis.com/auth/gmail.modify"),
        (READONLY, "create-label", LABELS),
        (LABELS, "get-profile", READONLY),
    ],
)
async def test_a_scope_that_was_not_granted_is_named(
    tmp_path: Path, granted: str, action: str, needed: str
) -> None:
    asked = {
        "get-message": {"id": "18f0"},
        "modify-message": {"id": "18f0", "addLabelIds": ["STARRED"]},
        "create-label": {"name": "x"},
    }
    async with action_harness(tmp_path, [granted]) as harness:
        status, error = await harness.refused(action, asked.get(action))
        assert (status, error["code"], error["payload"]) == (
            403, "missing_scope", {"scope": needed},
        )  # fmt: skip
        assert harness.calls() == {}


@pytest.mark.parametrize(
    ("action", "asked"),
    [
        ("get-message", {"id": "18f0"}),
        ("get-thread", {"id": "18f0"}),
        ("list-messages", {"q": "x"}),
        ("list-threads", {"q": "x"}),
    ],
)
async def test_a_grant_of_headers_only_is_told_what_bodies_and_search_need(
    tmp_path: Path, action: str, asked: dict[str, str]
) -> None:
    async with action_harness(tmp_path, [METADATA]) as harness:
        status, error = await harness.refused(action, asked)
        assert (status, error["payload"]["scope"]) == (403, READONLY)
        id = harness.deliver()
        read = await harness.ran("get-message", {"id": id, "format": "metadata"})
        assert read["id"] == id
