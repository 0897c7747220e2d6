"""From a session to a connection that syncs: links, tickets, confirmation, reconnect."""

from datetime import timedelta

import pytest

from shared.domain.connect.connection import ConnectionStatus
from shared.domain.ids import ConnectionId, GoogleSub, first_mailbox_id
from shared.domain.operation import OperationState, OperationType
from shared.domain.sync.state import SyncStatus
from shared.ports.connections import Connections, GoogleUsers, Grants, Mailboxes
from shared.ports.events import Operations, Outbox
from shared.ports.sync_store import SyncStates
from shared.usecases.connect.tokens.access_tokens import AccessTokens
from shared.usecases.connect.tokens.require_reauth import RequireReauth
from tests.harness.connecting import ADA, BEN, PUBLIC, ConnectHarness, follow, outcome, press

MODIFY = "https://www.googleapis.com/auth/gmail.modify"


async def test_a_link_leads_through_consent_to_a_connection_without_javascript(
    harness: ConnectHarness,
) -> None:
    opened = await harness.session_for(ADA)
    await harness.will_approve(ADA)
    page = await follow(harness.browser(), opened["connect_link"])
    assert (page.status_code, outcome(page)) == (200, "connected")
    seen = await harness.look(opened["token"])
    assert seen["status"] == "connected"
    found = await harness.container.use(Connections).get(seen["connection_id"])
    assert found is not None
    assert found.value.email == ADA
    assert found.value.status is ConnectionStatus.ACTIVE
    assert found.value.error is None
    assert MODIFY in found.value.scopes
    assert found.value.tags["end_user_id"] == "ada"


async def test_the_sync_begins_with_the_event_and_a_task(harness: ConnectHarness) -> None:
    id = await harness.connect(ADA)
    state = await harness.container.use(SyncStates).get(id)
    assert state is not None
    assert state.value.status is SyncStatus.RUNNING
    assert state.value.next_due_at is not None
    assert state.value.delta_due_at is not None
    (event,) = await harness.container.use(Outbox).list(state=None, connection_id=id, limit=10)
    assert event.payload["type"] == "auth"
    assert event.payload["operation"] == "creation"
    assert event.payload["success"] is True
    assert event.payload["connectionId"] == id
    assert event.payload["tags"]["end_user_email"] == ADA
    assert ("/tasks/sync", {"connection_id": id}) in await harness.tasks()


async def test_the_connection_joins_its_google_user_and_its_mailbox(
    harness: ConnectHarness,
) -> None:
    id = await harness.connect(ADA)
    connection = await harness.container.use(Connections).get(id)
    assert connection is not None
    user = await harness.container.use(GoogleUsers).get(connection.value.sub)
    mailbox = await harness.container.use(Mailboxes).get(first_mailbox_id(ADA))
    assert user is not None
    assert mailbox is not None
    assert user.value.connections == mailbox.value.connections == {id}
    assert mailbox.value.renew_at is not None


async def test_the_log_says_that_somebody_connected(harness: ConnectHarness) -> None:
    id = await harness.connect(ADA)
    (entry,) = await harness.container.use(Operations).list(
        connection_id=id, type=OperationType.AUTH, state=None, limit=10
    )
    assert (entry.name, entry.state) == ("connect", OperationState.OK)


async def test_a_ticket_leads_to_google_once(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA)
    ticket = await harness.ticket(opened["token"])
    await harness.will_approve(ADA)
    first = await harness.browser().get(f"/oauth/start?ticket={ticket}")
    second = await harness.browser().get(f"/oauth/start?ticket={ticket}")
    assert outcome(first) == "connected"
    assert (second.status_code, outcome(second)) == (410, "used_ticket")


async def test_a_ticket_dies_after_a_minute(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA)
    ticket = await harness.ticket(opened["token"])
    harness.advance(timedelta(seconds=61))
    page = await harness.browser().get(f"/oauth/start?ticket={ticket}")
    assert outcome(page) == "used_ticket"


async def test_a_session_dies_after_half_an_hour(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA)
    harness.advance(timedelta(minutes=30, seconds=1))
    page = await harness.browser().get(opened["connect_link"])
    assert (page.status_code, outcome(page)) == (410, "expired_session")
    answer = await harness.api.get(
        "/connect/session", headers={"Authorization": f"Bearer {opened['token']}"}
    )
    assert answer.status_code == 401


async def test_a_withdrawn_session_opens_nothing(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA)
    bearer = {"Authorization": f"Bearer {opened['token']}"}
    assert (await harness.api.delete("/connect/session", headers=bearer)).status_code == 204
    assert (await harness.api.get("/connect/session", headers=bearer)).status_code == 401
    page = await harness.browser().get(opened["connect_link"])
    assert outcome(page) == "expired_session"


async def test_the_older_body_is_mapped_to_tags(harness: ConnectHarness) -> None:
    opened = await harness.session(
        end_user={"id": "u1", "email": ADA, "display_name": "Ada", "tags": {"plan": "pro"}},
        organization={"id": "o1", "display_name": "Analytical Engines"},
    )
    await harness.will_approve(ADA)
    await follow(harness.browser(), opened["connect_link"])
    id = ConnectionId((await harness.look(opened["token"]))["connection_id"])
    found = await harness.container.use(Connections).get(id)
    assert found is not None
    assert found.value.tags == {
        "plan": "pro",
        "end_user_id": "u1",
        "end_user_email": ADA,
        "end_user_display_name": "Ada",
        "organization_id": "o1",
        "organization_display_name": "Analytical Engines",
    }
    assert found.value.end_user is not None
    assert found.value.end_user["organization"]["id"] == "o1"


async def test_another_address_than_the_known_one_is_bound_only_when_confirmed(
    harness: ConnectHarness,
) -> None:
    opened = await harness.session_for(ADA)
    await harness.will_approve(BEN)
    browser = harness.browser()
    question = await follow(browser, opened["connect_link"])
    assert BEN in question.text
    assert ADA in question.text
    assert (await harness.look(opened["token"]))["status"] == "pending"
    assert await harness.container.use(Mailboxes).get(first_mailbox_id(BEN)) is None
    page = await press(browser, question, 0)
    assert outcome(page) == "connected"
    assert (await harness.look(opened["token"]))["status"] == "connected"


async def test_an_end_user_nobody_named_must_confirm(harness: ConnectHarness) -> None:
    opened = await harness.session(allowed_integrations=["google-mail"])
    await harness.will_approve(ADA)
    browser = harness.browser()
    question = await follow(browser, opened["connect_link"])
    assert "data-outcome" not in question.text
    assert outcome(await press(browser, question, 0)) == "connected"


async def test_whoever_declines_leaves_nothing_behind(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA)
    await harness.will_approve(BEN)
    browser = harness.browser()
    question = await follow(browser, opened["connect_link"])
    page = await press(browser, question, 1)
    assert outcome(page) == "declined"
    assert await harness.container.use(Mailboxes).get(first_mailbox_id(BEN)) is None
    seen = await harness.look(opened["token"])
    assert (seen["status"], seen["error"]) == ("failed", "declined")


async def test_a_confirmation_counts_once_and_in_its_own_browser(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA)
    await harness.will_approve(BEN)
    browser = harness.browser()
    question = await follow(browser, opened["connect_link"])
    elsewhere = await press(harness.browser(), question, 0)
    assert (elsewhere.status_code, outcome(elsewhere)) == (403, "other_browser")
    assert outcome(await press(browser, question, 0)) == "connected"
    assert outcome(await press(browser, question, 0)) == "unknown_state"


async def test_a_used_session_opens_no_second_connection(harness: ConnectHarness) -> None:
    opened = await harness.session_for(ADA)
    await harness.will_approve(ADA)
    await follow(harness.browser(), opened["connect_link"])
    page = await harness.browser().get(opened["connect_link"])
    assert (page.status_code, outcome(page)) == (200, "already_connected")
    start = await harness.browser().get(f"{PUBLIC}/oauth/start?session_token={opened['token']}")
    assert outcome(start) == "already_connected"


async def test_send_only_scopes_connect_without_a_sync(harness: ConnectHarness) -> None:
    id = await harness.connect(
        ADA, integrations_config_defaults={"google-mail": {"user_scopes": "send"}}
    )
    state = await harness.container.use(SyncStates).get(id)
    assert state is not None
    assert state.value.status is SyncStatus.PAUSED
    assert await harness.container.use(Mailboxes).get(first_mailbox_id(ADA)) is None


async def test_an_unknown_scope_is_named(harness: ConnectHarness) -> None:
    answer = await harness.api.post(
        "/connect/sessions",
        json={"integrations_config_defaults": {"google-mail": {"user_scopes": "gmail.everything"}}},
    )
    assert answer.status_code == 400
    assert "gmail.everything" in answer.text


@pytest.mark.parametrize("body", [b"", b"{}"])
async def test_a_session_of_an_empty_body_is_refused(harness: ConnectHarness, body: bytes) -> None:
    answer = await harness.api.post("/connect/sessions", content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_body")
    assert "end_user_id" in answer.json()["error"]["message"]


async def test_too_many_tags_are_refused(harness: ConnectHarness) -> None:
    answer = await harness.api.post(
        "/connect/sessions", json={"tags": {f"tag{n}": "x" for n in range(11)}}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_body")


async def test_a_reconnect_keeps_the_id_and_raises_the_generation(harness: ConnectHarness) -> None:
    id = await harness.connect(ADA)
    opened = await harness.reconnect_session(id)
    await harness.will_approve(ADA)
    page = await follow(harness.browser(), opened["connect_link"])
    assert outcome(page) == "connected"
    assert (await harness.look(opened["token"]))["connection_id"] == id
    grant = await harness.container.use(Grants).get(id)
    assert grant is not None
    assert grant.value.generation == 2
    events = await harness.container.use(Outbox).list(state=None, connection_id=id, limit=10)
    assert [one.payload["operation"] for one in events] == ["override", "creation"]


async def test_a_reconnect_revives_a_connection_that_lost_its_grant(
    harness: ConnectHarness,
) -> None:
    id = await harness.connect(ADA)
    harness.fault("grant_revoked", email=ADA)
    harness.advance(timedelta(hours=1))
    found = await harness.container.use(Connections).get(id)
    assert found is not None
    await harness.container.use(RequireReauth)(found, "revoked", generation=1)
    opened = await harness.reconnect_session(id)
    await harness.control.delete("/faults")
    await harness.will_approve(ADA)
    await follow(harness.browser(), opened["connect_link"])
    revived = await harness.container.use(Connections).get(id)
    assert revived is not None
    assert (revived.value.status, revived.value.error) == (ConnectionStatus.ACTIVE, None)
    assert await harness.container.use(AccessTokens)(id)


async def test_nothing_unknown_can_be_reconnected(harness: ConnectHarness) -> None:
    answer = await harness.api.post(
        "/connect/sessions/reconnect",
        json={"connection_id": "nobody", "integration_id": "google-mail"},
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_connection")


async def test_two_connections_share_one_google_user_and_one_mailbox(
    harness: ConnectHarness,
) -> None:
    first, second = await harness.connect(ADA), await harness.connect(ADA)
    mailbox = await harness.container.use(Mailboxes).get(first_mailbox_id(ADA))
    connection = await harness.container.use(Connections).get(first)
    assert mailbox is not None
    assert connection is not None
    user = await harness.container.use(GoogleUsers).get(GoogleSub(connection.value.sub))
    assert user is not None
    assert mailbox.value.connections == user.value.connections == {first, second}
