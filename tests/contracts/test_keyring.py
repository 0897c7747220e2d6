"""LocalKeyring: what it seals opens only where it belongs."""

import json
import stat
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.adapters.keys.format import key_id_of
from shared.adapters.keys.local import LocalKeyring, create_keyring
from shared.domain.ids import ConnectionId
from shared.errors import ConfigurationError, CorruptStateError

ONE, TWO = ConnectionId("one"), ConnectionId("two")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    created = tmp_path / "deep" / "keyring.json"
    create_keyring(created)
    return created


@pytest.fixture
def sealer(path: Path) -> LocalKeyring:
    return LocalKeyring(path)


def write(path: Path, content: Any) -> None:
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")


def test_the_file_is_for_its_owner_only_and_never_replaced(path: Path) -> None:
    before = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    create_keyring(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("plaintext", ["", "1//refresh-token", "Grüße " * 10_000])
async def test_what_is_sealed_opens_again(sealer: LocalKeyring, plaintext: str) -> None:
    key = await sealer.new_data_key(ONE)
    sealed = await sealer.seal(plaintext, data_key=key, connection_id=ONE, purpose="refresh")
    assert plaintext.encode()[:20] not in sealed[30:] or not plaintext
    opened = await sealer.open(sealed, data_key=key, connection_id=ONE, purpose="refresh")
    assert opened == plaintext


async def test_sealing_twice_gives_different_bytes(sealer: LocalKeyring) -> None:
    key = await sealer.new_data_key(ONE)
    sealed = {
        await sealer.seal("x", data_key=key, connection_id=ONE, purpose="refresh") for _ in range(9)
    }
    assert len(sealed) == 9


async def test_sealed_bytes_open_nowhere_else(sealer: LocalKeyring) -> None:
    key, other = await sealer.new_data_key(ONE), await sealer.new_data_key(ONE)
    theirs = await sealer.new_data_key(TWO)
    sealed = await sealer.seal("x", data_key=key, connection_id=ONE, purpose="refresh")
    for wrong in (
        {"data_key": key, "connection_id": TWO, "purpose": "refresh"},
        {"data_key": key, "connection_id": ONE, "purpose": "access"},
        {"data_key": other, "connection_id": ONE, "purpose": "refresh"},
        {"data_key": theirs, "connection_id": ONE, "purpose": "refresh"},
        {"data_key": sealed, "connection_id": ONE, "purpose": "refresh"},
    ):
        with pytest.raises(CorruptStateError):
            await sealer.open(sealed, **wrong)  # type: ignore[arg-type]


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


@given(st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_changed_byte_anywhere_is_noticed(path: Path, data: st.DataObject) -> None:
    sealer = LocalKeyring(path)
    key = await sealer.new_data_key(ONE)
    sealed = bytearray(await sealer.seal("secret", data_key=key, connection_id=ONE, purpose="p"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CorruptStateError):
        await sealer.open(bytes(sealed), data_key=key, connection_id=ONE, purpose="p")


@given(st.binary(max_size=60))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_bytes_that_were_never_sealed_do_not_open(path: Path, noise: bytes) -> None:
    sealer = LocalKeyring(path)
    key = await sealer.new_data_key(ONE)
    with pytest.raises(CorruptStateError):
        await sealer.open(noise, data_key=key, connection_id=ONE, purpose="p")
    with pytest.raises(CorruptStateError):
        await sealer.open(noise, data_key=noise, connection_id=ONE, purpose="p")


async def test_a_new_current_key_seals_at_once_and_old_ones_still_open(
    path: Path, sealer: LocalKeyring
) -> None:
    old = await sealer.new_data_key(ONE)
    sealed = await sealer.seal("x", data_key=old, connection_id=ONE, purpose="p")
    content = read(path)
    content["keys"]["second"] = b64encode(b"k" * 32).decode()
    write(path, {**content, "current": "second"})
    new = await sealer.new_data_key(ONE)
    assert (key_id_of(old), key_id_of(new)) == (content["current"], "second")
    assert await sealer.open(sealed, data_key=old, connection_id=ONE, purpose="p") == "x"


async def test_a_key_that_was_taken_away_opens_nothing(path: Path, sealer: LocalKeyring) -> None:
    key = await sealer.new_data_key(ONE)
    sealed = await sealer.seal("x", data_key=key, connection_id=ONE, purpose="p")
    write(path, {"current": "b", "keys": {"b": b64encode(b"k" * 32).decode()}})
    with pytest.raises(CorruptStateError):
        await sealer.open(sealed, data_key=key, connection_id=ONE, purpose="p")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        {"current": "a" * 300, "keys": {"a" * 300: b64encode(b"k" * 32).decode()}},
        {"keys": {}},
        {"current": "a", "keys": {}},
        {"current": "a", "keys": {"a": "c2hvcnQ="}},
        {"current": "a", "keys": {"a": "!"}},
        {"current": "a", "keys": {"a": 1}},
        {"current": None, "keys": {"a": b64encode(b"k" * 32).decode()}},
        {"current": ["a"], "keys": {"a": b64encode(b"k" * 32).decode()}},
    ],
    ids=str,
)
async def test_an_unusable_file_is_a_matter_of_configuration(path: Path, content: Any) -> None:
    write(path, content)
    with pytest.raises(ConfigurationError):
        await LocalKeyring(path).new_data_key(ONE)


async def test_a_missing_file_is_a_matter_of_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        await LocalKeyring(tmp_path / "none.json").new_data_key(ONE)
