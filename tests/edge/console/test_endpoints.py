"""Webhook endpoints on the console: registered, tried, disabled, given secrets, deleted."""

import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from shared.domain.events.endpoint import Content, WebhookEndpoint
from shared.domain.events.event import EventType
from shared.domain.events.webhook_secret import new_secret, signed_headers
from shared.edge.composition.container import AutowiredContainer
from shared.edge.console.endpoints import row_of
from shared.edge.settings.console import Role
from shared.pages.console.signature_help import NODE, PYTHON
from shared.ports.clock import Clock
from shared.ports.connections import Connections
from shared.ports.events import WebhookEndpoints
from tests.adapters.listener import OK, Listener, listening
from tests.edge.console.visitors import Visitor, texts, visiting
from tests.harness.samples import CONNECTION, a_connection

PATH = "/console/endpoints"
URL = "https://app.example/hooks"
REFUSED = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
BODY = b'{"type":"test"}'


@pytest.fixture
def environ(environ: Mapping[str, str]) -> Mapping[str, str]:
    return {**environ, "POSTROOM_WEBHOOK_ALLOW": "127.0.0.1"}


@pytest.fixture
async def operator(container: AutowiredContainer) -> AsyncIterator[Visitor]:
    async with visiting(container, Role.OPERATOR) as visitor:
        yield visitor


async def only_endpoint(container: AutowiredContainer) -> WebhookEndpoint:
    (found,) = await container.use(WebhookEndpoints).list()
    return found.value


def secret_in(answer: httpx.Response) -> str:
    (secret,) = texts(HTMLParser(answer.text), "#token")
    return secret


async def test_an_endpoint_is_registered_and_its_secret_shown_once(
    container: AutowiredContainer, operator: Visitor
) -> None:
    await container.use(Connections).create(a_connection())
    assert CONNECTION in str((await operator.see(f"{PATH}/new")).html)
    asked: dict[str, Any] = {"type": ["sync", "send"], "connections": [CONNECTION]}
    asked["content"] = "summary"
    secret = secret_in(await operator.send(PATH, url=URL, description="main", **asked))
    endpoint = await only_endpoint(container)
    assert (endpoint.url, endpoint.description) == (URL, "main")
    assert endpoint.content is Content.SUMMARY
    assert endpoint.types == {EventType.SYNC, EventType.SEND}
    assert endpoint.connection_ids == frozenset({CONNECTION})
    listed = await operator.see(PATH)
    assert secret not in str(listed.html)
    assert texts(listed, "tbody .pill") == ["live"]
    assert texts(listed, "tbody .mailbox") == [a_connection().email]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"url": "http://app.example/"}, "https"),
        ({"url": ""}, "url"),
        ({"type": ["nonsense"]}, "types"),
        ({"secret": "short"}, "whsec_"),
        ({"flavour": "odd"}, "flavour"),
    ],
)
async def test_a_wrong_form_comes_back_as_it_was(
    container: AutowiredContainer, operator: Visitor, wrong: Mapping[str, Any], named: str
) -> None:
    answer = await operator.send(PATH, **{"url": URL, "description": "kept", **wrong})
    page = HTMLParser(answer.text)
    assert answer.status_code == 400
    assert named in " ".join(texts(page, "#wrong"))
    (field,) = page.css("#description")
    assert field.attributes["value"] == "kept"
    assert await container.use(WebhookEndpoints).list() == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (OK, "took the test event, answered 204"),
        (REFUSED, "did not take the test event: refused, answered 401"),
    ],
)
async def test_a_test_event_is_signed_and_its_answer_shown(
    container: AutowiredContainer, operator: Visitor, answer: bytes, said: str
) -> None:
    product = Listener(answer=answer)
    async with listening(product):
        url = f"http://127.0.0.1:{product.port}/hooks"
        secret = secret_in(await operator.send(PATH, url=url))
        endpoint = await only_endpoint(container)
        page = await operator.send(f"{PATH}/{endpoint.id}/test")
    assert said in " ".join(texts(HTMLParser(page.text), "#tried"))
    (request,) = product.requests
    head, body = request.split(b"\r\n\r\n", 1)
    headers = dict(re.findall(r"(?m)^([\w-]+): (.*?)\r?$", head.decode()))
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    expected = signed_headers(headers["webhook-id"], at, body, [secret])
    assert headers["webhook-signature"] == expected["webhook-signature"]
    assert json.loads(body)["type"] == "test"
    assert await only_endpoint(container) == endpoint


async def test_an_endpoint_is_disabled_and_enabled_again(
    container: AutowiredContainer, operator: Visitor
) -> None:
    await operator.send(PATH, url=URL)
    id, now = (await only_endpoint(container)).id, container.use(Clock).now()
    page = await operator.send(f"{PATH}/{id}/disable")
    assert "told of nothing" in page.text
    assert row_of(await only_endpoint(container), now).word == "disabled"
    assert texts(await operator.see(PATH), "tbody .pill") == ["disabled"]
    await operator.send(f"{PATH}/{id}/enable")
    assert row_of(await only_endpoint(container), now).word == "live"


async def test_a_new_secret_is_shown_once_and_both_sign(
    container: AutowiredContainer, operator: Visitor
) -> None:
    first = secret_in(await operator.send(PATH, url=URL))
    id = (await only_endpoint(container)).id
    second = secret_in(await operator.send(f"{PATH}/{id}/rotate", overlap="24"))
    assert first != second
    now = container.use(Clock).now()
    assert [one.live(now) for one in (await only_endpoint(container)).secrets] == [True, True]
    assert (await operator.send(f"{PATH}/{id}/rotate", overlap="7")).status_code == 400


async def test_a_deleted_endpoint_is_gone(container: AutowiredContainer, operator: Visitor) -> None:
    await operator.send(PATH, url=URL)
    id = (await only_endpoint(container)).id
    assert "are gone" in (await operator.send(f"{PATH}/{id}/delete")).text
    assert await container.use(WebhookEndpoints).list() == []
    assert (await operator.send(f"{PATH}/{id}/test")).status_code == 404


async def test_a_viewer_sees_the_endpoints_and_changes_none(
    container: AutowiredContainer, operator: Visitor
) -> None:
    await operator.send(PATH, url=URL)
    endpoint = await only_endpoint(container)
    async with visiting(container, Role.VIEWER) as viewer:
        page = await viewer.see(PATH)
        assert texts(page, "tbody code.key") == [URL]
        assert not page.css("main form")
        assert not (await viewer.see(f"{PATH}/new")).css("main form")
        for act in ("test", "disable", "enable", "rotate", "delete"):
            answer = await viewer.send(f"{PATH}/{endpoint.id}/{act}", overlap="0")
            assert answer.status_code == 403
    assert await only_endpoint(container) == endpoint


@pytest.mark.parametrize("forged", [False, True])
def test_the_python_that_is_shown_tells_our_webhook_from_a_forged_one(*, forged: bool) -> None:
    secrets = [new_secret(), new_secret()]
    headers = signed_headers("evt_1", datetime.now(UTC), BODY, secrets)
    shown: dict[str, Any] = {}
    exec(PYTHON, shown)
    body = BODY + b" " if forged else BODY
    assert shown["verified"](body, headers, secrets[1]) is not forged


def test_the_javascript_that_is_shown_tells_our_webhook_from_a_forged_one(tmp_path: Path) -> None:
    if (node := shutil.which("node")) is None:
        pytest.skip("no Node.js found")
    secret = new_secret()
    headers = dict(signed_headers("evt_1", datetime.now(UTC), BODY, [new_secret(), secret]))
    script = tmp_path / "verify.mjs"
    given = json.dumps([headers, secret, BODY.decode()])
    script.write_text(
        f"{NODE}\nconst [headers, secret, body] = {given};\n"
        "console.log(verified(Buffer.from(body), headers, secret),"
        " verified(Buffer.from(`${body} `), headers, secret));\n"
    )
    ran = subprocess.run([node, script], capture_output=True, text=True, check=True)
    assert ran.stdout == "true false\n"
