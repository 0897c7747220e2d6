"""A deployment at an https address tells every browser to ask for nothing else."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import httpx
import pytest

from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.deployment import Settings
from shared.edge.table import whole_table
from shared.edge.web.app import build_app

YEAR = "max-age=31536000"
PATHS = sorted({re.sub(r"\{[^}]+\}", "x", one.path) for one in whole_table()} | {"/nowhere"})


def client_at(settings: Settings) -> httpx.AsyncClient:
    app = build_app("api", whole_table(), AutowiredContainer(settings))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.public_url)


@pytest.fixture
async def secure(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with client_at(replace(settings, public_url="https://mail.example.com")) as client:
        yield client


@pytest.mark.parametrize("path", PATHS)
async def test_every_answer_says_so_whoever_asks_for_what(
    secure: httpx.AsyncClient, path: str
) -> None:
    for method in ("GET", "POST", "PATCH", "TRACE"):
        answer = await secure.request(method, path)
        assert answer.headers.get_list("strict-transport-security") == [YEAR], answer.text


@pytest.mark.parametrize("path", ["/health", "/nowhere", "/console", "/connections"])
async def test_on_one_machine_nothing_is_said(settings: Settings, path: str) -> None:
    async with client_at(settings) as client:
        answer = await client.get(path)
    headers: Mapping[str, str] = answer.headers
    assert "strict-transport-security" not in headers
