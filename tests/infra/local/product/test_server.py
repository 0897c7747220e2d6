"""The product's server against a Postroom that answers as it is told, over real HTTP."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from infra.local.loopback import loopback_client
from infra.local.product.app import create_app
from infra.local.product.settings import ADA, GRACE, ProductSettings
from infra.local.serving import LoopServer, address_of, listener

OWN = {"Sec-Fetch-Site": "same-origin"}
CONNECTION: dict[str, Any] = {
    "connection_id": "c-1",
    "status": "active",
    "created": "2026-10-01T12:00:00Z",
    "tags": {},
    "metadata": {},
    "end_user": None,
    "errors": [],
}
NOT_SENT = {"id": None, "threadId": None, "messageId": None}
MESSAGE = {"key": "k-1", "to": "bo@example.org", "subject": "Tea", "body": "At four?"}


@dataclass
class ScriptedPostroom:
    """Ada is connected; POST /send answers `status` and `body`, and `keys` are remembered."""

    status: int = 200
    body: dict[str, Any] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)

    async def connections(self, request: Request) -> Response:
        entry = {**CONNECTION, "email": ADA.email}
        mine = request.query_params["endUserId"] == ADA.email
        return JSONResponse({"connections": [entry] if mine else []})

    async def send(self, request: Request) -> Response:
        assert request.headers["connection-id"] == "c-1"
        self.keys.append(request.headers["idempotency-key"])
        return JSONResponse(self.body, self.status)

    def app(self) -> Starlette:
        routes = [
            Route("/connections", self.connections),
            Route("/send", self.send, methods=["POST"]),
        ]
        return Starlette(routes=routes)


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    bound = listener()
    server = LoopServer(app, bound)
    await server.open()
    yield address_of(bound)
    await server.close()


@pytest.fixture
def postroom() -> ScriptedPostroom:
    return ScriptedPostroom()


@pytest.fixture
async def product(tmp_path: Path, postroom: ScriptedPostroom) -> AsyncIterator[httpx.AsyncClient]:
    async with AsyncExitStack() as opened:
        behind = await opened.enter_async_context(served(postroom.app()))
        settings = ProductSettings(postroom=behind, state=tmp_path / "harbor.sqlite")
        address = await opened.enter_async_context(served(create_app(settings)))
        yield await opened.enter_async_context(loopback_client(base_url=address, headers=OWN))


def error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (
            200,
            {"status": "submitted", "id": "m-1", "threadId": "t-1", "messageId": None},
            "submitted",
        ),
        (200, {"status": "unknown", **NOT_SENT}, "unknown"),
        (200, {"status": "submitting", **NOT_SENT}, "submitting"),
        (200, {"not": "ours"}, "unheard"),
        (422, error("invalid_recipient", "This is no address."), "failed"),
        (403, error("missing_scope", "The grant lacks gmail.send."), "failed"),
        (409, error("idempotency_in_progress", "Still running."), "unheard"),
        (429, error("rate_limited", "Slow down."), "unheard"),
        (500, error("internal", "Something failed."), "unheard"),
        (502, {"not": "ours"}, "unheard"),
    ],
)
async def test_a_send_is_called_failed_only_where_nothing_was_sent(
    product: httpx.AsyncClient,
    postroom: ScriptedPostroom,
    status: int,
    body: dict[str, Any],
    said: str,
) -> None:
    postroom.status, postroom.body = status, body
    answer = await product.post("/api/send", json=MESSAGE)
    assert answer.json()["status"] == said
    assert {*postroom.keys} == {"k-1"}


async def test_another_sites_page_can_change_nothing(
    product: httpx.AsyncClient, postroom: ScriptedPostroom
) -> None:
    for foreign in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        refused = await product.post("/api/send", json=MESSAGE, headers=foreign)
        assert refused.status_code == 403
    assert postroom.keys == []


async def test_only_the_products_own_name_is_answered(product: httpx.AsyncClient) -> None:
    assert (await product.get("/", headers={"Host": "evil.example"})).status_code == 400
    named = await product.get("/", headers={"Host": f"localhost:{product.base_url.port}"})
    assert named.headers["location"] == f"{product.base_url}/"


async def test_who_is_not_connected_is_told_so(product: httpx.AsyncClient) -> None:
    chosen = await product.post("/people", data={"email": GRACE.email})
    product.cookies = chosen.cookies
    answer = await product.get("/api/messages?label=INBOX")
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "not_connected"


async def test_nobody_becomes_a_person_the_product_does_not_know(
    product: httpx.AsyncClient,
) -> None:
    answer = await product.post("/people", data={"email": "mallory@evil.example"})
    assert "set-cookie" not in answer.headers


async def test_a_postroom_that_is_down_is_named_without_an_api_key(tmp_path: Path) -> None:
    settings = ProductSettings(postroom="http://127.0.0.1:1", state=tmp_path / "harbor.sqlite")
    async with served(create_app(settings)) as address, loopback_client(headers=OWN) as client:
        page = await client.get(f"{address}/")
        answer = await client.get(f"{address}/api/messages")
    assert "does not answer" in page.text
    assert answer.json()["error"]["code"] == "unreachable"
    assert settings.api_key not in page.text + answer.text
