"""Approvals on the console: what an agent asked for is read, and a person says yes or no."""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from infra.local.system import LocalSystem
from shared.domain.keys.approval import Approval, ApprovalState
from shared.edge.settings.console import Role
from shared.ports.access import Approvals
from shared.ports.connections import Connections
from tests.edge.console.people import VIEWER
from tests.edge.console.visitors import BOB, Visitor, mailbox_and_console, texts, visiting

PATH = "/console/approvals"
LETTER = {"to": BOB, "subject": "Offer", "body": "Shall we say 900?"}


@dataclass
class Review:
    """An operator, and an agent whose key wants a person's word for every effect."""

    system: LocalSystem
    visitor: Visitor
    agent: dict[str, str]

    async def ask(self, key: str = "k1") -> Approval:
        """Have the agent ask for a mail; return what waits."""
        headers = {**self.agent, "Idempotency-Key": key}
        answer = await self.visitor.http.post("/send", json=LETTER, headers=headers)
        assert answer.status_code == 202, answer.text
        return await self.newest()

    async def newest(self) -> Approval:
        found = await self.system.container.use(Approvals).list(
            connection_id=None, state=None, limit=1
        )
        return found[0]

    def received(self) -> list[Any]:
        return list(self.system.emulated.store.messages(BOB))


@pytest.fixture
async def review(tmp_path: Path) -> AsyncIterator[Review]:
    opened = mailbox_and_console(tmp_path, POSTROOM_CONSOLE_VIEWERS=VIEWER)
    async with opened as (system, visitor, id):
        body = {
            "name": "agent",
            "permissions": ["send", "actions"],
            "policy": {"approval_required": True},
        }
        made = (await system.client.post("/api-keys", json=body)).json()
        agent = {"Authorization": f"Bearer {made['key']}", "Connection-Id": id}
        yield Review(system, visitor, agent)


async def test_what_waits_is_shown_as_it_would_be_sent(review: Review) -> None:
    asked = await review.ask()
    page = await review.visitor.see(PATH)
    assert texts(page, "tbody td:first-child a") == ["send-email"]
    shown = await review.visitor.see(f"{PATH}/{asked.id}")
    assert BOB in texts(shown, ".mail dd")
    assert "Offer" in texts(shown, ".mail dd")
    assert texts(shown, ".mail pre") == ["Shall we say 900?"]
    assert review.received() == []


async def test_a_finished_message_is_shown_with_its_sender_and_its_further_headers(
    review: Review,
) -> None:
    lines = (f"To: {BOB}", "Subject: Offer", "Reply-To: eve@far.example", "X-Campaign: spring")
    raw = "\r\n".join((*lines, "", "Hi."))
    given = {"raw": urlsafe_b64encode(raw.encode()).decode()}
    body = {"action_name": "send-message", "input": given}
    headers = {**review.agent, "Idempotency-Key": "k-raw"}
    answer = await review.visitor.http.post("/action/trigger", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    asked = await review.newest()
    owner = await review.system.container.use(Connections).get(asked.connection_id)
    assert owner is not None
    shown = texts(await review.visitor.see(f"{PATH}/{asked.id}"), ".mail dd")
    assert {owner.value.email, BOB, "eve@far.example", "spring", "Offer"} <= {*shown}
    opened = (await review.system.client.get(f"/approvals/{asked.id}")).json()["preview"]
    assert opened["from"] == owner.value.email
    assert opened["headers"] == [{"name": "X-Campaign", "value": "spring"}]


async def test_a_yes_runs_the_call_once_and_shows_what_came_of_it(review: Review) -> None:
    asked = await review.ask()
    answer = await review.visitor.send(f"{PATH}/{asked.id}/approve")
    assert texts(HTMLParser(answer.text), "#outcome") == ["Done"]
    await review.visitor.send(f"{PATH}/{asked.id}/approve")
    assert len(review.received()) == 1
    decided = await review.newest()
    assert (decided.decided_by or "").startswith("operator key")
    assert texts(await review.visitor.see(PATH), ".empty-title") == ["Nothing is waiting"]


async def test_a_no_sends_nothing_and_gives_the_reason(review: Review) -> None:
    asked = await review.ask()
    answer = await review.visitor.send(f"{PATH}/{asked.id}/reject", reason="Too cheap")
    assert "Too cheap" in answer.text
    assert review.received() == []
    assert (await review.newest()).reason == "Too cheap"
    late = await review.visitor.send(f"{PATH}/{asked.id}/approve")
    assert late.status_code == 409


async def test_what_is_no_message_is_shown_with_its_arguments(review: Review) -> None:
    body = {"action_name": "create-label", "input": {"name": "Offers"}}
    await review.visitor.http.post("/action/trigger", json=body, headers=review.agent)
    shown = await review.visitor.see(f"{PATH}/{(await review.newest()).id}")
    assert '"name": "Offers"' in " ".join(texts(shown, "main pre"))


async def test_an_approval_nobody_knows_is_not_found(review: Review) -> None:
    assert (await review.visitor.http.get(f"{PATH}/apr_nobody")).status_code == 404


async def test_a_viewer_reads_and_does_not_decide(review: Review) -> None:
    asked = await review.ask()
    async with visiting(review.system.container, Role.VIEWER) as viewer:
        shown = await viewer.see(f"{PATH}/{asked.id}")
        assert texts(shown, ".mail pre") == ["Shall we say 900?"]
        assert not shown.css("main form")
        for verb in ("approve", "reject"):
            assert (await viewer.send(f"{PATH}/{asked.id}/{verb}")).status_code == 403
    assert (await review.newest()).state is ApprovalState.PENDING


async def test_a_forged_yes_is_refused(review: Review) -> None:
    asked = await review.ask()
    answer = await review.visitor.send(f"{PATH}/{asked.id}/approve", token="forged")
    assert answer.status_code == 403
    assert review.received() == []
