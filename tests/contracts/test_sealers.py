"""What sealing promises, whichever key-encryption key stands behind it: a file's or Cloud KMS's."""

from base64 import b64decode
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.local.kms.app import Kms, create_app
from infra.local.tasks.schema import discovery
from shared.adapters.keys.format import DATA_KEY, bound_to, head_of, head_with, key_id_of, new_key
from shared.adapters.keys.kms import (
    ABOVE_FOR,
    PRIMARY_FOR,
    UNWRAPPED_FOR,
    KmsSealer,
    _request_body,
    crc32c,
)
from shared.adapters.keys.local import LocalKeyring, add_key, create_keyring
from shared.domain.google.trouble import DeploymentError
from shared.domain.ids import ConnectionId
from shared.errors import CorruptStateError, KeysUnavailableError
from shared.ports.google.oauth import Sealer
from tests.harness.clock import ManualClock

ONE, TWO = ConnectionId("one"), ConnectionId("two")
KEY = "projects/demo/locations/europe-west1/keyRings/postroom/cryptoKeys/grants"


class Vault(Protocol):
    """A sealer and somebody who may rotate its key-encryption key."""

    sealer: Sealer

    def rotate(self) -> None:
        """Put a new key-encryption key in place, keeping the old one for opening."""


@dataclass
class FileVault:
    path: Path

    def __post_init__(self) -> None:
        create_keyring(self.path)
        self.sealer: Sealer = LocalKeyring(self.path)

    def rotate(self) -> None:
        add_key(self.path)


@dataclass
class KmsVault:
    clock: ManualClock

    def __post_init__(self) -> None:
        self.kms = Kms(KEY)
        self.sealer: Sealer = self.another()

    def another(self, key: str = KEY, token: str = "ya29.app") -> KmsSealer:
        async def access_token() -> str:
            return token

        client = httpx.AsyncClient(transport=httpx.ASGITransport(create_app(self.kms)))
        return KmsSealer(client, access_token, key, self.clock, "https://kms.test")

    def rotate(self) -> None:
        self.kms.rotate()
        self.clock.current += PRIMARY_FOR


@pytest.fixture
def kms() -> KmsVault:
    return KmsVault(ManualClock())


@pytest.fixture(params=["file", "kms"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Vault:
    if request.param == "file":
        return FileVault(tmp_path / "keyring.json")
    return KmsVault(ManualClock())


async def sealed_by(sealer: Sealer, key: bytes, text: str = "1//refresh") -> bytes:
    return await sealer.seal(text, data_key=key, connection_id=ONE, purpose="refresh")


@pytest.mark.parametrize("plaintext", ["", "1//refresh-token", "Grüße " * 10_000])
async def test_what_is_sealed_opens_again(vault: Vault, plaintext: str) -> None:
    key = await vault.sealer.new_data_key(ONE)
    sealed = await sealed_by(vault.sealer, key, plaintext)
    opened = await vault.sealer.open(sealed, data_key=key, connection_id=ONE, purpose="refresh")
    assert opened == plaintext


async def test_stolen_ciphertext_opens_nowhere_else(vault: Vault) -> None:
    sealer = vault.sealer
    key, other = await sealer.new_data_key(ONE), await sealer.new_data_key(ONE)
    theirs = await sealer.new_data_key(TWO)
    sealed = await sealed_by(sealer, key)
    for data_key, connection_id, purpose in (
        (key, TWO, "refresh"),
        (key, ONE, "access"),
        (other, ONE, "refresh"),
        (theirs, ONE, "refresh"),
        (theirs, TWO, "refresh"),
        (sealed, ONE, "refresh"),
    ):
        with pytest.raises(CorruptStateError):
            await sealer.open(
                sealed, data_key=data_key, connection_id=connection_id, purpose=purpose
            )


async def test_a_tampered_key_id_opens_nothing(vault: Vault) -> None:
    """Neither the ciphertext nor the data key may pass under another key's name."""
    sealer = vault.sealer
    before = await sealer.new_data_key(ONE)
    vault.rotate()
    key = await sealer.new_data_key(ONE)
    sealed = await sealed_by(sealer, key)
    renamed_key = head_with(key_id_of(before)) + key[len(head_of(key)) :]
    renamed = head_with(key_id_of(before)) + sealed[len(head_of(sealed)) :]
    for data_key, text in ((renamed_key, sealed), (key, renamed)):
        with pytest.raises(CorruptStateError):
            await sealer.open(text, data_key=data_key, connection_id=ONE, purpose="refresh")


@given(st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_changed_byte_anywhere_is_noticed(vault: Vault, data: st.DataObject) -> None:
    key = await vault.sealer.new_data_key(ONE)
    pair = [bytearray(key), bytearray(await sealed_by(vault.sealer, key))]
    victim = data.draw(st.sampled_from(pair))
    victim[data.draw(st.integers(0, len(victim) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CorruptStateError):
        await vault.sealer.open(
            bytes(pair[1]), data_key=bytes(pair[0]), connection_id=ONE, purpose="refresh"
        )


@given(st.binary(max_size=60))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_bytes_that_were_never_sealed_do_not_open(vault: Vault, noise: bytes) -> None:
    key = await vault.sealer.new_data_key(ONE)
    for data_key in (key, noise):
        with pytest.raises(CorruptStateError):
            await vault.sealer.open(noise, data_key=data_key, connection_id=ONE, purpose="refresh")


async def test_after_a_rotation_old_seals_open_and_new_keys_are_new(vault: Vault) -> None:
    sealer = vault.sealer
    old = await sealer.new_data_key(ONE)
    sealed = await sealed_by(sealer, old)
    vault.rotate()
    new = await sealer.new_data_key(ONE)
    assert sealer.key_of(old) != sealer.key_of(new) == await sealer.current_key()
    assert await sealer.open(sealed, data_key=old, connection_id=ONE, purpose="refresh")


async def test_a_rewrapped_key_opens_what_it_sealed_before(vault: Vault) -> None:
    sealer = vault.sealer
    old = await sealer.new_data_key(ONE)
    sealed = await sealed_by(sealer, old)
    vault.rotate()
    rewrapped = await sealer.rewrap(old, connection_id=ONE)
    assert sealer.key_of(rewrapped) == await sealer.current_key()
    opened = await sealer.open(sealed, data_key=rewrapped, connection_id=ONE, purpose="refresh")
    assert opened == "1//refresh"
    with pytest.raises(CorruptStateError):
        await sealer.rewrap(old, connection_id=TWO)


async def test_kms_is_asked_once_an_hour_for_all_data_keys_of_a_process(kms: KmsVault) -> None:
    keys = [await kms.sealer.new_data_key(ONE) for _ in range(9)]
    assert kms.kms.calls == ["encrypt", "encrypt"]
    reader = kms.another()
    kms.kms.calls.clear()
    sealed = [await sealed_by(reader, key) for key in keys]
    assert kms.kms.calls == ["decrypt"]
    kms.clock.current += ABOVE_FOR
    await reader.open(sealed[0], data_key=keys[0], connection_id=ONE, purpose="refresh")
    assert kms.kms.calls == ["decrypt", "decrypt"]


async def wrapped_before(kms: KmsVault) -> bytes:
    """Return a data key as an earlier release made it: KMS itself wrapped it."""
    head = head_with("kms-1")
    sent = _request_body(
        plaintext=new_key(), additionalAuthenticatedData=bound_to(head, ONE, DATA_KEY)
    )
    return head + b64decode(kms.kms.encrypt(KEY, sent)["ciphertext"])


async def test_a_data_key_of_an_earlier_release_opens_and_is_brought_over(kms: KmsVault) -> None:
    old = await wrapped_before(kms)
    sealed = await sealed_by(kms.sealer, old)
    assert kms.sealer.key_of(old) != await kms.sealer.current_key()
    new = await kms.sealer.rewrap(old, connection_id=ONE)
    assert kms.sealer.key_of(new) == await kms.sealer.current_key()
    kms.kms.calls.clear()
    for reader in (kms.another(), kms.sealer):
        opened = await reader.open(sealed, data_key=new, connection_id=ONE, purpose="refresh")
        assert opened == "1//refresh"
    kms.clock.current += UNWRAPPED_FOR
    await sealed_by(kms.sealer, old)
    assert kms.kms.calls.count("decrypt") == 3


async def test_the_key_above_opens_no_data_key_of_another_connection(kms: KmsVault) -> None:
    mine, theirs = await kms.sealer.new_data_key(ONE), await kms.sealer.new_data_key(TWO)
    sealed = await sealed_by(kms.sealer, mine)
    for data_key, id in ((theirs, ONE), (mine, TWO)):
        with pytest.raises(CorruptStateError):
            await kms.sealer.open(sealed, data_key=data_key, connection_id=id, purpose="refresh")


async def test_an_outage_in_passing_is_bridged_and_a_longer_one_named(kms: KmsVault) -> None:
    kms.kms.outages = 1
    await kms.sealer.new_data_key(ONE)
    kms.kms.outages = 2
    with pytest.raises(KeysUnavailableError):
        await kms.another().new_data_key(ONE)


async def test_an_answer_damaged_on_the_way_is_never_used(kms: KmsVault) -> None:
    key, fresh = await kms.sealer.new_data_key(ONE), kms.another()
    await fresh.current_key()
    for call in (fresh.new_data_key(ONE), sealed_by(kms.another(), key)):
        kms.kms.corrupt = 1
        with pytest.raises(KeysUnavailableError):
            await call


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"null", b"[]", b"{}", b'"x"', b'{"name": 7}', b'{"name": "k/1/../2"}']
)
async def test_a_wrong_body_of_kms_is_a_matter_of_time(body: bytes) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=body)

    async def access_token() -> str:
        return "ya29.app"

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    sealer = KmsSealer(client, access_token, KEY, ManualClock())
    for call in (sealer.new_data_key(ONE), sealer.current_key()):
        with pytest.raises(KeysUnavailableError):
            await call


async def test_an_unreachable_kms_is_a_matter_of_time(kms: KmsVault) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    async def access_token() -> str:
        return "ya29.app"

    client = httpx.AsyncClient(transport=httpx.MockTransport(refuse))
    sealer = KmsSealer(client, access_token, KEY, kms.clock)
    with pytest.raises(KeysUnavailableError):
        await sealer.new_data_key(ONE)


@pytest.mark.parametrize("trouble", ["disabled", "another key", "not allowed"])
async def test_a_key_that_may_not_be_used_is_a_matter_of_configuration(
    kms: KmsVault, trouble: str
) -> None:
    key = await kms.sealer.new_data_key(ONE)
    sealer = kms.another(
        key=KEY + "2" if trouble == "another key" else KEY,
        token="nobody" if trouble == "not allowed" else "ya29.app",
    )
    if trouble == "disabled":
        kms.kms.versions[0].state = "DISABLED"
    with pytest.raises(DeploymentError) as told:
        await sealed_by(sealer, key)
    assert "POSTROOM_KEYRING" in str(told.value)


async def test_a_data_key_of_a_local_file_is_not_kms_s(kms: KmsVault, tmp_path: Path) -> None:
    local = FileVault(tmp_path / "keyring.json").sealer
    with pytest.raises(CorruptStateError):
        await sealed_by(kms.sealer, await local.new_data_key(ONE))


def test_the_methods_are_those_of_googles_discovery_document() -> None:
    keys = discovery("cloudkms.v1")["resources"]["projects"]["resources"]["locations"]["resources"]
    methods = keys["keyRings"]["resources"]["cryptoKeys"]["methods"]
    for name in ("encrypt", "decrypt"):
        assert (methods[name]["httpMethod"], methods[name]["path"]) == (
            "POST",
            f"v1/{{+name}}:{name}",
        )


@pytest.mark.parametrize(
    ("data", "checksum"),
    [(b"", 0), (b"123456789", 0xE3069283), (bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43)],
)
def test_the_checksum_is_castagnolis(data: bytes, checksum: int) -> None:
    """The vectors of RFC 3720, appendix B.4."""
    assert crc32c(data) == checksum


def test_a_rotation_is_noticed_after_minutes_at_the_latest() -> None:
    assert timedelta() < PRIMARY_FOR <= timedelta(minutes=10)
