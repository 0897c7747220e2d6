"""A message's files reach the page as Postroom streams them, and never as something to run."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local.connecting import connect
from infra.local.loopback import loopback_client
from infra.local.product.app import create_app
from infra.local.product.parts import disposition
from infra.local.product.settings import ADA, ProductSettings
from infra.local.serving import LoopServer, address_of, listener
from infra.local.system import LocalSystem


def letter() -> bytes:
    """Return a mixed message with a PDF, a picture and a drawing in its HTML."""
    message = EmailMessage()
    message["From"], message["To"] = "bo@example.org", ADA.email
    message["Subject"] = "Parts"
    message.set_content("Hello")
    html = "<img src='cid:logo@acme'><img src='cid:drawing@acme'>"
    message.add_alternative(html, subtype="html")
    shown = list(message.iter_parts())[1]
    assert isinstance(shown, EmailMessage)
    shown.add_related(b"PNG", "image", "png", cid="<logo@acme>")
    shown.add_related(b"<svg/>", "image", "svg+xml", cid="<drawing@acme>")
    message.add_attachment(b"%PDF", "application", "pdf", filename="Rechnung für März.pdf")
    return message.as_bytes()


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Return what Ada's page asks her product's server, one letter being there."""
    async with AsyncExitStack() as opened:
        system = await opened.enter_async_context(LocalSystem.start(tmp_path))
        await system.control("/mailboxes", {"email": ADA.email, "messages": 0})
        path = f"/_control/mailboxes/{ADA.email}/messages"
        (await system.google.post(path, content=letter())).raise_for_status()
        await connect(system.client, system.google, ADA.email)
        await system.settle()
        settings = ProductSettings(postroom=system.url, state=tmp_path / "harbor.sqlite")
        bound = listener()
        server = LoopServer(create_app(settings), bound)
        await server.open()
        opened.push_async_callback(server.close)
        own = {"Sec-Fetch-Site": "same-origin"}
        client = loopback_client(base_url=address_of(bound), headers=own)
        yield await opened.enter_async_context(client)


async def shown(page: httpx.AsyncClient) -> dict[str, Any]:
    rows = (await page.get("/api/messages")).json()["rows"]
    thread = (await page.get(f"/api/threads/{rows[0]['threadId']}")).json()
    message: dict[str, Any] = thread["messages"][0]
    return message


async def test_a_file_is_saved_under_its_name_and_never_shown(page: httpx.AsyncClient) -> None:
    message = await shown(page)
    (file,) = message["attachments"]
    answer = await page.get(f"/api/messages/{message['id']}/parts/{file['partId']}")
    assert answer.content == b"%PDF"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == disposition("Rechnung für März.pdf")
    for other in ("9", "x", "1.7"):
        gone = await page.get(f"/api/messages/{message['id']}/parts/{other}")
        assert gone.status_code == 404


async def test_a_picture_in_a_message_is_found_by_its_content_id(page: httpx.AsyncClient) -> None:
    id = (await shown(page))["id"]
    answer = await page.get(f"/api/messages/{id}/inline/logo@acme")
    assert (answer.content, answer.headers["content-type"]) == (b"PNG", "image/png")


async def test_a_drawing_that_may_hold_scripts_is_not_shown(page: httpx.AsyncClient) -> None:
    id = (await shown(page))["id"]
    for name in ("drawing@acme", "nothing"):
        assert (await page.get(f"/api/messages/{id}/inline/{name}")).status_code == 404


def test_any_filename_is_a_valid_header() -> None:
    named = disposition('a"b\r\nX: ü/..')
    assert named == "attachment; filename*=UTF-8''a%22b%0D%0AX%3A%20%C3%BC%2F.."
