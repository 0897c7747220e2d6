"""Sealing under a Cloud KMS key, by REST: its client library imports in 540 ms (FACTS 13.6).

KMS wraps a key above the connections' data keys (FACTS 10.1); everything else is AES-GCM here. Each
process that makes data keys has one of its own, which stands, wrapped, in front of each of them: so
nothing is kept elsewhere, and who deletes a data key has shredded what it sealed. Unwrapped, a key
above stays in memory for an hour: KMS is asked for it, not for each mailbox (FACTS 10.3).
Data keys that KMS itself had wrapped are read as before, until the rotation has brought them over.
Integrity is checked end to end with CRC32C, as Google asks of its callers.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import httpx
import orjson

from shared.adapters.keys.format import (
    ABOVE,
    DATA_KEY,
    bound_to,
    head_of,
    head_with,
    key_id_of,
    nest,
    nested_in,
    new_key,
    seal,
    unseal,
)
from shared.domain.bounded import BoundedMap
from shared.domain.google.trouble import DeploymentError
from shared.domain.ids import ConnectionId
from shared.domain.trouble_board import TroubleNotes
from shared.errors import CorruptStateError, KeysUnavailableError, PostroomError
from shared.ports.clock import Clock

ENDPOINT: Final = "https://cloudkms.googleapis.com"
PREFIX: Final = "kms-"
"""Of our key ids: `kms-7` is version 7 of the deployment's one KMS key."""
TIMEOUT: Final = httpx.Timeout(5.0, connect=3.0)
TRIES: Final = 2
UNWRAPPED_FOR: Final = timedelta(minutes=5)
ABOVE_FOR: Final = timedelta(hours=1)
"""How long a process goes on opening without asking KMS, whatever becomes of the key there."""
DIRECT: Final = "/direct"
"""After the id of a key that wrapped a data key itself: the rotation is to bring it over."""
NONE_OF_THEM: Final = ConnectionId("")
PRIMARY_FOR: Final = timedelta(minutes=5)
MOST_UNWRAPPED: Final = 5_000
PROBE: Final = b"which version is primary?"
REFUSED: Final = 400
REFUSED_KEY: Final = "keys_refused"
_NOT_A_CODE: Final = re.compile(r"[^A-Z_]")
RATE_LIMITED: Final = 429
UNAVAILABLE: Final = 500


@dataclass(frozen=True)
class KmsSealer:
    """Sealer over `key`, `projects/P/locations/L/keyRings/R/cryptoKeys/K`.

    `access_token` answers one of the cloud-platform scope. The permissions needed are those of
    roles/cloudkms.cryptoKeyEncrypterDecrypter, nothing more.
    """

    client: httpx.AsyncClient
    access_token: Callable[[], Awaitable[str]]
    key: str
    clock: Clock
    endpoint: str = ENDPOINT
    notes: TroubleNotes = field(default_factory=TroubleNotes, repr=False)
    unwrapped: BoundedMap[tuple[bytes, ConnectionId], tuple[bytes, datetime]] = field(
        default_factory=lambda: BoundedMap(MOST_UNWRAPPED), repr=False
    )
    primary: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    above: dict[str, tuple[bytes, bytes]] = field(default_factory=dict, repr=False)
    """This process's key above its data keys, wrapped and not, by the version that wrapped it."""

    async def new_data_key(self, connection_id: ConnectionId) -> bytes:
        """Return a fresh data key, under a key that the primary version wrapped."""
        return await self._seal_key(new_key(), connection_id)

    async def seal(
        self, plaintext: str, *, data_key: bytes, connection_id: ConnectionId, purpose: str
    ) -> bytes:
        """Seal under the connection's data key."""
        key = await self._plain_key(data_key, connection_id)
        return seal(plaintext.encode(), key, key_id_of(data_key), connection_id, purpose)

    async def open(
        self, sealed: bytes, *, data_key: bytes, connection_id: ConnectionId, purpose: str
    ) -> str:
        """Open what `seal` answered."""
        head_of(sealed)
        key = await self._plain_key(data_key, connection_id)
        return unseal(sealed, key, connection_id, purpose).decode()

    async def current_key(self) -> str:
        """Return the primary version; KMS says which it is with anything it encrypts."""
        known = self.primary.get(self.key)
        now = self.clock.now()
        if known is None or now >= known[1] + PRIMARY_FOR:
            answer = await self._call(f"{self.key}:encrypt", _request_body(plaintext=PROBE))
            known = PREFIX + self._version_in(answer), now
            self.primary[self.key] = known
        return known[0]

    def key_of(self, data_key: bytes) -> str:
        """Return the version behind a wrapped data key."""
        direct = "" if nested_in(data_key) else DIRECT
        return key_id_of(data_key) + direct

    async def rewrap(self, data_key: bytes, *, connection_id: ConnectionId) -> bytes:
        """Return the same data key under the primary version."""
        return await self._seal_key(await self._plain_key(data_key, connection_id), connection_id)

    async def _seal_key(self, key: bytes, connection_id: ConnectionId) -> bytes:
        """Return a data key sealed under this process's key above, which goes with it."""
        key_id = await self.current_key()
        if key_id not in self.above:
            fresh = new_key()
            self.above[key_id] = await self._wrap(fresh, key_id), fresh
        wrapped, above = self.above[key_id]
        return nest(wrapped, seal(key, above, key_id, connection_id, DATA_KEY))

    async def _wrap(self, key: bytes, key_id: str) -> bytes:
        head = head_with(key_id)
        sent = _request_body(
            plaintext=key,
            additionalAuthenticatedData=bound_to(head, NONE_OF_THEM, ABOVE),
        )
        answer = await self._call(f"{self._version(key_id)}:encrypt", sent)
        arrived = (
            answer.get("verifiedPlaintextCrc32c") is True
            and answer.get("verifiedAdditionalAuthenticatedDataCrc32c") is True
        )
        if not arrived:
            raise KeysUnavailableError("Cloud KMS did not receive what was sent.")
        return head + _checked_answer(answer, "ciphertext")

    async def _plain_key(self, data_key: bytes, connection_id: ConnectionId) -> bytes:
        """Return the data key, as KMS or the key above it opens it."""
        nested = nested_in(data_key)
        if nested is None:
            return await self._open_key(data_key, connection_id, DATA_KEY, UNWRAPPED_FOR)
        wrapped, sealed = nested
        above = await self._open_key(wrapped, NONE_OF_THEM, ABOVE, ABOVE_FOR)
        return unseal(sealed, above, connection_id, DATA_KEY)

    async def _open_key(
        self, wrapped: bytes, connection_id: ConnectionId, purpose: str, kept: timedelta
    ) -> bytes:
        """Return what KMS wrapped, from memory where it was unwrapped a while ago."""
        held = self.unwrapped.get((wrapped, connection_id))
        if held is None or self.clock.now() >= held[1]:
            opened = await self._unwrap(wrapped, connection_id, purpose)
            held = opened, self.clock.now() + kept
            self.unwrapped[wrapped, connection_id] = held
        return held[0]

    async def _unwrap(self, wrapped: bytes, connection_id: ConnectionId, purpose: str) -> bytes:
        head = head_of(wrapped)
        if not key_id_of(wrapped).startswith(PREFIX):
            raise CorruptStateError("key, wrapped by no version of the KMS key")
        sent = _request_body(
            ciphertext=wrapped[len(head) :],
            additionalAuthenticatedData=bound_to(head, connection_id, purpose),
        )
        return _checked_answer(await self._call(f"{self.key}:decrypt", sent), "plaintext")

    def _version_in(self, answer: Mapping[str, Any]) -> str:
        """Return the version that encrypted. Raises KeysUnavailableError where none is named."""
        key, _, version = str(answer.get("name")).partition("/cryptoKeyVersions/")
        if key != self.key or not (version.isascii() and version.isdigit()):
            raise KeysUnavailableError("Cloud KMS did not say which version it used.")
        return version

    def _version(self, key_id: str) -> str:
        return f"{self.key}/cryptoKeyVersions/{key_id.removeprefix(PREFIX)}"

    async def _call(self, path: str, body: Mapping[str, str]) -> Mapping[str, Any]:
        """POST and answer; encrypting and decrypting may be repeated without harm."""
        for last in (False,) * (TRIES - 1) + (True,):
            try:
                answer = await self._once(path, body)
            except (httpx.HTTPError, PostroomError) as error:
                if last:
                    raise KeysUnavailableError("Cloud KMS could not be reached.") from error
                continue
            if answer.is_success:
                self.notes.note_success(REFUSED_KEY, self.clock.now())
                return _json(answer)
            if last or not _passing(answer.status_code):
                break
        refusal = _refusal(answer, decrypting=path.endswith(":decrypt"))
        if isinstance(refusal, DeploymentError):
            self.notes.note_trouble(refusal.code, self.clock.now(), told=refusal.told)
        raise refusal

    async def _once(self, path: str, body: Mapping[str, str]) -> httpx.Response:
        token = await self.access_token()
        return await self.client.post(
            f"{self.endpoint}/v1/{path}",
            content=orjson.dumps(body),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            timeout=TIMEOUT,
        )


def _passing(status: int) -> bool:
    return status == RATE_LIMITED or status >= UNAVAILABLE


def _refusal(answer: httpx.Response, *, decrypting: bool) -> PostroomError:
    if _passing(answer.status_code):
        return KeysUnavailableError(f"Cloud KMS answered {answer.status_code}.")
    status = str(_error_of(answer).get("status", ""))
    if decrypting and answer.status_code == REFUSED and status == "INVALID_ARGUMENT":
        return CorruptStateError("data key, which does not authenticate")
    return DeploymentError(REFUSED_KEY, f"{answer.status_code} {_NOT_A_CODE.sub('', status[:40])}")


def _error_of(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        error = _json(answer).get("error")
    except KeysUnavailableError:
        return {}
    return error if isinstance(error, dict) else {}


def _json(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise KeysUnavailableError("Cloud KMS answered something that is no JSON object.")
    return found


def _request_body(**fields: bytes) -> dict[str, str]:
    """Return a request body: every field with its checksum, int64 as text."""
    body = {name: b64encode(value).decode() for name, value in fields.items()}
    return body | {f"{name}Crc32c": str(crc32c(value)) for name, value in fields.items()}


def _checked_answer(answer: Mapping[str, Any], name: str) -> bytes:
    """Return a field whose checksum holds. Raises KeysUnavailableError."""
    try:
        value = b64decode(answer[name], validate=True)
        intact = int(answer[f"{name}Crc32c"]) == crc32c(value)
    except (KeyError, TypeError, ValueError):
        intact = False
    if not intact:
        raise KeysUnavailableError("Cloud KMS's answer did not arrive intact.")
    return value


_POLYNOMIAL: Final = 0x82F63B78


def _entry(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (_POLYNOMIAL if byte & 1 else 0)
    return byte


_TABLE: Final = tuple(_entry(byte) for byte in range(256))


def crc32c(data: bytes) -> int:
    """Return the checksum; some 10 us for the few hundred bytes crc32c a data key."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF
