"""The playground on a whole system: what is tried dry, what is asked first, what happens once."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from infra.local.system import LocalSystem
from shared.actions.loading import actions
from shared.ports.events import Operations
from tests.edge.console.visitors import ADA, BOB, Visitor, mailbox_and_console, texts

PATH = "/console/playground"
LETTER = {"in__to": BOB, "in__subject": "Übersicht", "in__body": "Hello\r\nBob"}


@dataclass
class Bench:
    """An operator at the playground, with Ada's mailbox connected."""

    system: LocalSystem
    visitor: Visitor
    id: str

    async def press(self, action: str, do: str, **fields: Any) -> HTMLParser:
        """Return the page after a button was pressed."""
        named: dict[str, Any] = {
            "action": action,
            "connection": self.id,
            "key": "k-1",
            "do": do,
            **fields,
        }
        return HTMLParser((await self.visitor.send(PATH, **named)).text)

    async def confirmed(self, action: str, **fields: Any) -> HTMLParser:
        """Return the page after what was asked has been confirmed."""
        asked = await self.press(action, "try", **fields)
        return await self.press(action, "run", confirmed=value(asked, "confirmed"), **fields)

    def received(self, email: str = BOB) -> int:
        return len(self.system.emulated.store.messages(email))


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with mailbox_and_console(tmp_path, messages=3) as (system, visitor, id):
        yield Bench(system, visitor, id)


def value(page: HTMLParser, name: str) -> str:
    found = page.css_first(f"#trial [name='{name}']")
    assert found is not None, texts(page, "main")
    return str(found.attributes["value"])


def told(page: HTMLParser) -> str:
    return " ".join(texts(page, "#told"))


async def test_every_action_has_a_form(bench: Bench) -> None:
    for name in actions():
        page = await bench.visitor.see(f"{PATH}?action={name}&connection={ADA}")
        assert value(page, "connection") == bench.id
        assert not page.css("#confirm")


async def test_what_only_reads_runs_at_once(bench: Bench) -> None:
    page = await bench.press("list-messages", "run", in__maxResults="2")
    assert told(page) == "Done"
    assert "resultSizeEstimate" in texts(page, "#answer")[0]


async def test_a_send_is_shown_dry_then_confirmed_then_sent_once(bench: Bench) -> None:
    before = bench.received()
    dry = await bench.press("send-email", "try", **LETTER)
    assert told(dry) == "Dry run: nothing was sent"
    assert texts(dry, ".mail dd")[-1] == "Übersicht"
    assert "Hello Bob" in texts(dry, ".mail pre")[0]
    assert bench.received() == before
    again = {"confirmed": value(dry, "confirmed"), **LETTER}
    sent = await bench.press("send-email", "run", **again)
    assert told(sent) == "Done"
    assert bench.received() == before + 1
    assert value(sent, "key") != "k-1"
    replayed = await bench.press("send-email", "run", **again)
    assert "the same answer again" in told(replayed)
    assert bench.received() == before + 1


async def test_what_was_changed_after_it_was_shown_is_shown_again_first(bench: Bench) -> None:
    before = bench.received()
    dry = await bench.press("send-email", "try", **LETTER)
    other = {**LETTER, "in__body": "Something else", "confirmed": value(dry, "confirmed")}
    asked = await bench.press("send-email", "run", **other)
    assert told(asked) == "Dry run: nothing was sent"
    assert bench.received() == before


async def test_an_effect_without_a_dry_run_is_asked_for_first(bench: Bench) -> None:
    asked = await bench.press("create-label", "try", in__name="Invoices")
    assert asked.css("#confirm")
    assert not asked.css("#result")
    done = await bench.confirmed("create-label", in__name="Invoices")
    assert told(done) == "Done"
    labels = await bench.press("list-labels", "run")
    assert '"name": "Invoices"' in texts(labels, "#answer")[0]


async def test_what_is_wrong_is_said_at_its_field(bench: Bench) -> None:
    fields = {
        "in__maxResults": "9999",
        "in__labelIds": "x" * 201,
    }
    page = await bench.press("list-messages", "run", **fields)
    assert told(page).startswith("invalid_body")
    assert page.css("[id='in.maxResults-wrong']")
    assert page.css("[id='in.labelIds-wrong']")
    unread = await bench.press("list-messages", "run", in__maxResults="ten")
    assert told(unread) == "Some fields cannot be read"


async def test_what_gmail_refuses_is_told_as_the_api_tells_it(bench: Bench) -> None:
    page = await bench.press("get-message", "run", in__id="18f0000000000000")
    assert "HTTP 4" in " ".join(texts(page, "#result"))
    assert '"error"' in texts(page, "#answer")[0]


async def test_items_of_a_list_come_and_go_and_what_was_typed_stays(bench: Bench) -> None:
    one = await bench.press("send-email", "add:in.attachments", **LETTER)
    assert len(one.css("fieldset.item")) == 1
    files = {
        "in__attachments__size": "2",
        "in__attachments__0__filename": "first.txt",
        "in__attachments__0__content_base64": "Zmlyc3Q=",
        "in__attachments__1__filename": "second.txt",
        "in__attachments__1__content_base64": "c2Vjb25k",
    }
    left = await bench.press("send-email", "remove:in.attachments.0", **LETTER, **files)
    assert value(left, "in.attachments.0.filename") == "second.txt"
    assert value(left, "in.to") == BOB
    dry = await bench.press("send-email", "try", **LETTER, **files)
    assert texts(dry, ".mail .tag") == ["first.txt · 5 bytes", "second.txt · 6 bytes"]


async def test_the_code_shown_is_the_request_and_nothing_is_run(bench: Bench) -> None:
    before = bench.received()
    page = await bench.press("send-email", "code", **LETTER)
    assert bench.received() == before
    assert len(page.css(".snippet")) == 3
    assert '"subject": "Übersicht"' in texts(page, "#code-curl")[0]
    assert "Idempotency-Key: k-1" in texts(page, "#code-curl")[0]


async def test_a_connection_nobody_knows_has_no_form(bench: Bench) -> None:
    page = await bench.visitor.see(f"{PATH}?action=send-email&connection=nobody@x.example")
    assert not page.css("#trial")
    assert texts(page, ".empty-title") == ["No such action, or no such connection"]


async def test_who_tried_what_stands_in_the_operations_log(bench: Bench) -> None:
    await bench.confirmed("create-label", in__name="Logged")
    found = await bench.system.container.use(Operations).list(
        connection_id=None, type=None, state=None, limit=20
    )
    (ran,) = [one for one in found if one.name == "create-label"]
    assert str(ran.detail["by"]).startswith("operator key")
