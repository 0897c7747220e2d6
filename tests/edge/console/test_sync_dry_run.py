"""The playground's page of syncs: what one would do is shown, and nothing is stored."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from infra.local.system import LocalSystem
from shared.domain.connect.scopes import SEND
from shared.domain.ids import ConnectionId
from shared.edge.console.playground.syncs import PATH
from shared.ports.connections import Connections
from shared.ports.model_store import ModelSyncs
from tests.edge.console.visitors import ADA, Visitor, mailbox_and_console, texts

Opened = tuple[LocalSystem, Visitor, str]


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opened]:
    async with mailbox_and_console(tmp_path, messages=3) as found:
        yield found


async def tried(visitor: Visitor, sync: str, **fields: str) -> HTMLParser:
    """Return the page after the button was pressed."""
    return HTMLParser((await visitor.send(PATH, sync=sync, **fields)).text)


async def test_a_sync_is_tried_with_nothing_stored(opened: Opened) -> None:
    system, visitor, id = opened
    page = await visitor.see(PATH)
    offered = {one.attributes["value"] for one in page.css("#sync option")}
    assert {"sync-labels", "sync-threads", "sync-send-as-aliases"} <= offered
    for sync, line in (("sync-send-as-aliases", "GET /settings/sendAs"), ("sync-threads", "")):
        page = await tried(visitor, sync, connection=ADA)
        assert texts(page, "#told") == ["Dry run: nothing was stored"]
        assert line in texts(page, "#lines")[0]
    assert "COMMIT GmailThread +3 ~0 -0" in texts(page, "#lines")[0]
    assert "+ GmailThread" in texts(page, "#rows")[0]
    assert not await system.container.use(ModelSyncs).of_connection(ConnectionId(id))


async def test_what_cannot_be_tried_says_why(opened: Opened) -> None:
    system, visitor, id = opened
    page = await tried(visitor, "sync-contacts", connection=id)
    assert texts(page, "#told") == ["It failed: missing_scope"]
    assert "There is no own sync" in (await visitor.send(PATH, sync="fly", connection=id)).text
    lost = await visitor.send(PATH, sync="sync-labels", connection="who")
    assert "Name the connection" in lost.text
    connections = system.container.use(Connections)
    was = await connections.get(ConnectionId(id))
    assert was
    await connections.swap(was, replace(was.value, scopes=frozenset({SEND})))
    page = await tried(visitor, "sync-labels", connection=id)
    assert texts(page, "#told") == ["It failed: missing_scope"]


async def test_an_action_and_a_sync_lead_to_each_other(opened: Opened) -> None:
    _, visitor, _ = opened
    assert f'href="{PATH}"' in str((await visitor.see("/console/playground")).html)
    assert 'href="/console/playground"' in str((await visitor.see(PATH)).html)
