"""Whoever can write the database still cannot read another mailbox with it."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from shared.domain.connect.grant import Grant
from shared.domain.ids import ConnectionId
from shared.errors import CorruptStateError
from shared.ports.connections import Grants
from shared.ports.documents import Versioned
from shared.usecases.connect.access_tokens import AccessTokens
from tests.usecases.connect.town import ADA, BEN, Town


async def two_grants(town: Town) -> tuple[Versioned[Grant], Versioned[Grant]]:
    ada, ben = await town.connect(ADA), await town.connect(BEN)
    first, second = (
        await town.container.use(Grants).get(ada),
        await town.container.use(Grants).get(ben),
    )
    assert first is not None
    assert second is not None
    return first, second


@pytest.mark.parametrize(
    "stolen",
    [("access_token",), ("data_key",), ("access_token", "data_key", "refresh_token")],
    ids=str,
)
async def test_ciphertext_moved_to_another_connection_does_not_open(
    town: Town, stolen: tuple[str, ...]
) -> None:
    victim, attacker = await two_grants(town)
    taken = {name: getattr(victim.value, name) for name in stolen}
    await town.container.use(Grants).swap(attacker, replace(attacker.value, **taken))
    with pytest.raises(CorruptStateError):
        await town.instance().use(AccessTokens)(attacker.value.connection_id)
    assert await town.instance().use(AccessTokens)(victim.value.connection_id)


async def test_a_refresh_token_put_in_the_place_of_an_access_token_does_not_open(
    town: Town,
) -> None:
    victim, _ = await two_grants(town)
    swapped = replace(victim.value, access_token=victim.value.refresh_token)
    await town.container.use(Grants).swap(victim, swapped)
    with pytest.raises(CorruptStateError):
        await town.instance().use(AccessTokens)(victim.value.connection_id)


async def test_a_stolen_moved_grant_is_an_error_that_tells_nothing(town: Town) -> None:
    victim, attacker = await two_grants(town)
    moved = replace(
        attacker.value,
        access_token=victim.value.access_token,
        refresh_token=victim.value.refresh_token,
        data_key=victim.value.data_key,
    )
    await town.container.use(Grants).swap(attacker, moved)
    container = town.instance()
    client = town.browser(town.serve(container))
    client.headers["Authorization"] = "Bearer postroom-local-key"
    answer = await client.get(f"/connections/{attacker.value.connection_id}")
    assert answer.status_code == 500
    assert ADA not in answer.text
    assert set(answer.json()["error"]) <= {"code", "message", "payload"}


async def test_without_its_key_a_copy_of_the_database_opens_nothing(
    town: Town, tmp_path: Path
) -> None:
    await town.connect(ADA)
    copy = tmp_path / "copy"
    copy.mkdir()
    with sqlite3.connect(town.folder / "postroom.sqlite") as here:
        here.execute("VACUUM INTO ?", (str(copy / "postroom.sqlite"),))
    thief = Town(copy)
    (page, _) = await thief.container.use(Grants).walk(None, 10)
    (grant,) = page
    with pytest.raises(CorruptStateError):
        await thief.container.use(AccessTokens)(ConnectionId(grant.value.connection_id))
    await thief.close()
