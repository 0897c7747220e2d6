"""Sessions on the console: listed, and taken back."""

from collections.abc import AsyncIterator

import pytest

from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.console import Role
from shared.errors import StoreUnavailableError
from shared.ports.access import ConsoleSessions
from tests.edge.console.people import VIEWER
from tests.edge.console.visitors import Visitor, texts, visiting

PATH = "/console/sessions"


@pytest.fixture
async def operator(container: AutowiredContainer) -> AsyncIterator[Visitor]:
    async with visiting(container, Role.OPERATOR) as visitor:
        yield visitor


@pytest.fixture
async def viewer(container: AutowiredContainer) -> AsyncIterator[Visitor]:
    async with visiting(container, Role.VIEWER) as visitor:
        yield visitor


async def id_of(container: AutowiredContainer, name: str) -> str:
    found = await container.use(ConsoleSessions).list(9)
    return next(one.id for one in found if one.name.startswith(name))


async def test_a_revoked_session_is_out_at_once_and_no_other(
    container: AutowiredContainer, operator: Visitor, viewer: Visitor
) -> None:
    assert len(texts(await operator.see(PATH), "tbody tr")) == 2
    assert texts(await operator.see(PATH), "tbody .pill") == ["this one"]
    answer = await operator.send(f"{PATH}/{await id_of(container, VIEWER)}/revoke")
    assert "opens nothing any more" in answer.text
    out = await viewer.http.get(PATH)
    assert (out.status_code, out.headers["location"].partition("?")[0]) == (
        303,
        "/console/sign-in",
    )
    assert len(texts(await operator.see(PATH), "tbody tr")) == 1


async def test_a_viewer_sees_who_is_there_and_takes_nothing_back(
    container: AutowiredContainer, operator: Visitor, viewer: Visitor
) -> None:
    assert not (await viewer.see(PATH)).css("main form")
    path = f"{PATH}/{await id_of(container, 'operator key')}/revoke"
    assert (await viewer.send(path)).status_code == 403
    await operator.see(PATH)


async def test_signing_out_ends_the_session_for_a_browser_that_kept_its_cookie(
    container: AutowiredContainer, operator: Visitor
) -> None:
    kept = dict(operator.http.cookies)
    await operator.send("/console/sign-out")
    assert await container.use(ConsoleSessions).list(9) == []
    operator.http.cookies.update(kept)
    assert (await operator.http.get(PATH)).status_code == 303


async def test_while_the_store_is_away_a_person_reads_so_and_is_not_signed_out(
    container: AutowiredContainer, operator: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise StoreUnavailableError("away")

    monkeypatch.setattr(type(container.use(ConsoleSessions)), "get", refuse)
    answer = await operator.http.get(PATH)
    assert answer.status_code == 503
    assert "Sign out" in answer.text
