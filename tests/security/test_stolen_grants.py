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
from shared.usecases.connect.tokens.access_tokens import AccessTokens
from tests.harness.connecting import ADA, BEN, ConnectHarness


async def two_grants(harness: ConnectHarness) -> tuple[Versioned[Grant], Versioned[Grant]]:
    ada, ben = await harness.connect(ADA), await harness.connect(BEN)
    first, second = (
        await harness.container.use(Grants).get(ada),
        await harness.container.use(Grants).get(ben),
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
    harness: ConnectHarness, stolen: tuple[str, ...]
) -> None:
    victim, attacker = await two_grants(harness)
    taken = {name: getattr(victim.value, name) for name in stolen}
    await harness.container.use(Grants).swap(attacker, replace(attacker.value, **taken))
    with pytest.raises(CorruptStateError):
        await harness.instance().use(AccessTokens)(attacker.value.connection_id)
    assert await harness.instance().use(AccessTokens)(victim.value.connection_id)


async def test_a_refresh_token_put_in_the_place_of_an_access_token_does_not_open(
    harness: ConnectHarness,
) -> None:
    victim, _ = await two_grants(harness)
    swapped = replace(victim.value, access_token=victim.value.refresh_token)
    await harness.container.use(Grants).swap(victim, swapped)
    with pytest.raises(CorruptStateError):
        await harness.instance().use(AccessTokens)(victim.value.connection_id)


async def test_a_stolen_moved_grant_is_an_error_that_tells_nothing(harness: ConnectHarness) -> None:
    victim, attacker = await two_grants(harness)
    moved = replace(
        attacker.value,
        access_token=victim.value.access_token,
        refresh_token=victim.value.refresh_token,
        data_key=victim.value.data_key,
    )
    await harness.container.use(Grants).swap(attacker, moved)
    container = harness.instance()
    client = harness.browser(harness.serve(container))
    client.headers["Authorization"] = "Bearer postroom-local-key"
    answer = await client.get(f"/connections/{attacker.value.connection_id}")
    assert answer.status_code == 500
    assert ADA not in answer.text
    assert set(answer.json()["error"]) <= {"code", "message", "payload"}


async def test_without_its_key_a_copy_of_the_database_opens_nothing(
    harness: ConnectHarness, tmp_path: Path
) -> None:
    await harness.connect(ADA)
    copy = tmp_path / "copy"
    copy.mkdir()
    with sqlite3.connect(harness.folder / "postroom.sqlite") as here:
        here.execute("VACUUM INTO ?", (str(copy / "postroom.sqlite"),))
    thief = ConnectHarness(copy)
    (page, _) = await thief.container.use(Grants).walk(None, 10)
    (grant,) = page
    with pytest.raises(CorruptStateError):
        await thief.container.use(AccessTokens)(ConnectionId(grant.value.connection_id))
    await thief.close()
