"""API keys on the console: made, shown once, rotated, revoked."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from shared.domain.keys.api_key import ApiKey, digest_of
from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.console import Role
from shared.edge.table import api_routes
from shared.edge.web.routes import Permission
from shared.ports.access import ApiKeys
from shared.ports.clock import Clock
from tests.edge.conftest import ClientOf
from tests.edge.console.visitors import Visitor, texts, visiting

PATH = "/console/api-keys"
WISH: Mapping[str, Any] = {"name": "billing", "permission": ["send", "records:read"]}


@pytest.fixture
async def operator(container: AutowiredContainer) -> AsyncIterator[Visitor]:
    async with visiting(container, Role.OPERATOR) as visitor:
        yield visitor


def token_in(answer: httpx.Response) -> str:
    (token,) = texts(HTMLParser(answer.text), "#token")
    return token


async def only_key(container: AutowiredContainer) -> ApiKey:
    (key,) = await container.use(ApiKeys).list(9)
    return key


async def test_a_key_made_here_opens_what_was_ticked_and_is_shown_once(
    container: AutowiredContainer, operator: Visitor, client_of: ClientOf
) -> None:
    token = token_in(await operator.send(PATH, **WISH))
    api = client_of(api_routes())
    key = {"Authorization": f"Bearer {token}"}
    assert (await api.get("/connections", headers=key)).status_code == 403
    assert (await api.get("/records", headers=key)).json()["error"]["code"] == "invalid_headers"
    listed = await operator.see(PATH)
    assert token not in (listed.html or "")
    assert texts(listed, "tbody .tag") == ["records:read", "send"]


async def test_the_form_says_what_each_permission_does(operator: Visitor) -> None:
    page = await operator.see(f"{PATH}/new")
    boxes = page.css("input[name=permission]")
    assert [one.attributes["value"] for one in boxes] == ["*", *Permission]
    for box in boxes:
        assert texts(page, f"#{box.attributes['aria-describedby']}") != [""]


async def test_a_key_carries_the_policy_and_limits_that_were_filled_in(
    container: AutowiredContainer, operator: Visitor
) -> None:
    await operator.send(
        PATH,
        **WISH,
        connections="c-1\r\nc-2",
        expires_at=(container.use(Clock).now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M"),
        requests_per_minute="90",
        tools="triage",
        in__no_bcc="on",
        in__daily_sends="5",
        in__allowed_domains="acme.example\r\n*.acme.example",
        in__approval_required=["send", "delete"],
    )
    key = await only_key(container)
    assert sorted(key.connections or ()) == ["c-1", "c-2"]
    assert (key.requests_per_minute, key.tools) == (90, "triage")
    assert "tools: triage" in texts(await operator.see(PATH), "tbody small")
    assert key.expires_at is not None
    assert key.policy == {
        "no_bcc": True,
        "daily_sends": 5,
        "allowed_domains": ["acme.example", "*.acme.example"],
        "approval_required": ["send", "delete"],
    }


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"permission": []}, "permissions"),
        ({"permission": ["*", "send"]}, "stands alone"),
        ({"connections": "no spaces/slashes"}, "connections"),
        ({"expires_at": "2001-01-01T00:00"}, "has passed"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"requests_per_minute": "0"}, "requests_per_minute"),
        ({"in__daily_sends": "many"}, "not a number"),
        ({"in__allowed_domains": "not a domain"}, "allowed_domains"),
    ],
)
async def test_a_wrong_form_comes_back_as_it_was_and_says_what_is_wrong(
    container: AutowiredContainer, operator: Visitor, wrong: Mapping[str, Any], named: str
) -> None:
    answer = await operator.send(PATH, **{**WISH, **wrong})
    page = HTMLParser(answer.text)
    assert answer.status_code == 400
    assert named in " ".join(texts(page, "#wrong"))
    (name,) = page.css("#name")
    assert name.attributes["value"] == "billing"
    assert await container.use(ApiKeys).list(9) == []


async def test_a_rotated_key_shows_its_new_secret_once_and_the_old_one_works_on(
    container: AutowiredContainer, operator: Visitor
) -> None:
    old = token_in(await operator.send(PATH, **WISH))
    id = (await only_key(container)).id
    new = token_in(await operator.send(f"{PATH}/{id}/rotate", overlap="24"))
    key, now = await only_key(container), container.use(Clock).now()
    assert key.accepts(digest_of(new), now)
    assert key.accepts(digest_of(old), now)
    assert "rotating" in texts(await operator.see(PATH), "tbody .pill")


async def test_a_revoked_key_opens_nothing(
    container: AutowiredContainer, operator: Visitor
) -> None:
    token = token_in(await operator.send(PATH, **WISH))
    id = (await only_key(container)).id
    answer = await operator.send(f"{PATH}/{id}/revoke")
    assert "is revoked" in answer.text
    assert not (await only_key(container)).accepts(digest_of(token), container.use(Clock).now())


async def test_an_overlap_that_is_not_offered_is_refused(
    container: AutowiredContainer, operator: Visitor
) -> None:
    await operator.send(PATH, **WISH)
    id = (await only_key(container)).id
    assert (await operator.send(f"{PATH}/{id}/rotate", overlap="9999")).status_code == 400


async def test_a_viewer_sees_the_keys_and_makes_none(
    container: AutowiredContainer, operator: Visitor
) -> None:
    await operator.send(PATH, **WISH)
    key = await only_key(container)
    async with visiting(container, Role.VIEWER) as viewer:
        page = await viewer.see(PATH)
        assert texts(page, "tbody td b") == ["billing"]
        assert not page.css("main form")
        assert not (await viewer.see(f"{PATH}/new")).css("main form")
        for path in (PATH, f"{PATH}/{key.id}/rotate", f"{PATH}/{key.id}/revoke"):
            assert (await viewer.send(path, **WISH, overlap="0")).status_code == 403
    assert await only_key(container) == key


async def test_no_key_is_made_for_a_forged_form(
    container: AutowiredContainer, operator: Visitor
) -> None:
    assert (await operator.send(PATH, token="forged", **WISH)).status_code == 403
    assert await container.use(ApiKeys).list(9) == []
