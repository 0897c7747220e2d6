"""Cloud KMS over REST: one symmetric key, its versions, and what goes wrong with them.

Bodies are checked against Google's discovery document; checksums are verified as KMS does, and a
ciphertext opens only with its own associated data. State lives in memory.
"""

import json
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from infra.local.tasks.schema import problems
from shared.adapters.keys.kms import crc32c

DOCUMENT = "cloudkms.v1"
MOST_PLAINTEXT = 65_536
NONCE_BYTES = 12
ENABLED = "ENABLED"


class KmsError(Exception):
    """A refusal in Google's words."""

    def __init__(self, code: int, status: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


@dataclass
class Version:
    """One version of the key."""

    number: int
    material: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    state: str = ENABLED


@dataclass
class Kms:
    """The key `name` (`projects/P/.../cryptoKeys/K`); version 1 is primary at first.

    `outages` answers that many calls 503; `corrupt` damages the next answers' checksums.
    """

    name: str
    versions: list[Version] = field(default_factory=lambda: [Version(1)])
    primary: int = 1
    outages: int = 0
    corrupt: int = 0
    calls: list[str] = field(default_factory=list)

    def version(self, number: int) -> Version:
        """Return a version. Raises KmsError."""
        if not 0 < number <= len(self.versions):
            raise KmsError(404, "NOT_FOUND", f"CryptoKeyVersion {number} not found.")
        found = self.versions[number - 1]
        if found.state != ENABLED:
            raise KmsError(
                400, "FAILED_PRECONDITION", f"CryptoKeyVersion {number} is {found.state}."
            )
        return found

    def encrypt(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return an EncryptResponse."""
        plaintext, bound = _field(body, "plaintext"), _field(body, "additionalAuthenticatedData")
        if not 0 < len(plaintext) <= MOST_PLAINTEXT:
            raise KmsError(400, "INVALID_ARGUMENT", "plaintext must be 1 to 65536 bytes.")
        number = int(name.rpartition("/cryptoKeyVersions/")[2]) if "Versions/" in name else 0
        version = self.version(number or self.primary)
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(version.material).encrypt(nonce, plaintext, bound)
        ciphertext = version.number.to_bytes(4, "big") + nonce + sealed
        return {
            "name": f"{self.name}/cryptoKeyVersions/{version.number}",
            "ciphertext": b64encode(ciphertext).decode(),
            "ciphertextCrc32c": self._sum(ciphertext),
            "verifiedPlaintextCrc32c": "plaintextCrc32c" in body,
            "verifiedAdditionalAuthenticatedDataCrc32c": "additionalAuthenticatedDataCrc32c"
            in body,
            "protectionLevel": "SOFTWARE",
        }

    def decrypt(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return a DecryptResponse."""
        ciphertext, bound = _field(body, "ciphertext"), _field(body, "additionalAuthenticatedData")
        number = int.from_bytes(ciphertext[:4], "big")
        if not 0 < number <= len(self.versions):
            raise _undecryptable()
        version = self.version(number)
        nonce, sealed = ciphertext[4 : 4 + NONCE_BYTES], ciphertext[4 + NONCE_BYTES :]
        try:
            plaintext = AESGCM(version.material).decrypt(nonce, sealed, bound)
        except (InvalidTag, ValueError):
            raise _undecryptable() from None
        return {
            "plaintext": b64encode(plaintext).decode(),
            "plaintextCrc32c": self._sum(plaintext),
            "usedPrimary": number == self.primary,
            "protectionLevel": "SOFTWARE",
        }

    def rotate(self) -> int:
        """Add a version and make it primary, as a rotation period does."""
        self.versions.append(Version(len(self.versions) + 1))
        self.primary = len(self.versions)
        return self.primary

    def _sum(self, data: bytes) -> str:
        damage = 1 if self.corrupt else 0
        self.corrupt = max(0, self.corrupt - 1)
        return str(crc32c(data) ^ damage)


def create_app(kms: Kms) -> Starlette:
    """Return the stand-in as an ASGI app."""

    async def call(request: Request) -> JSONResponse:
        try:
            return JSONResponse(_answer(kms, request, await request.body()))
        except KmsError as error:
            body = {"code": error.code, "message": str(error), "status": error.status}
            return JSONResponse({"error": body}, error.code)

    return Starlette(routes=[Route("/v1/{name:path}", call, methods=["POST"])])


def _answer(kms: Kms, request: Request, raw: bytes) -> dict[str, Any]:
    name, _, verb = request.path_params["name"].partition(":")
    kms.calls.append(verb)
    if not request.headers.get("authorization", "").startswith("Bearer ya29."):
        raise KmsError(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
    if kms.outages:
        kms.outages -= 1
        raise KmsError(503, "UNAVAILABLE", "The service is currently unavailable.")
    if not (name == kms.name or name.startswith(f"{kms.name}/cryptoKeyVersions/")):
        raise KmsError(403, "PERMISSION_DENIED", "Permission denied on the resource.")
    if verb not in {"encrypt", "decrypt"}:
        raise KmsError(501, "UNIMPLEMENTED", f"This stand-in knows no {verb!r}.")
    body = json.loads(raw)
    if wrong := problems(f"{verb.title()}Request", body, document=DOCUMENT):
        raise KmsError(400, "INVALID_ARGUMENT", "; ".join(wrong))
    return kms.encrypt(name, body) if verb == "encrypt" else kms.decrypt(body)


def _field(body: dict[str, Any], name: str) -> bytes:
    """Read a bytes field whose checksum, if given, holds."""
    value = b64decode(body.get(name, ""))
    told = body.get(f"{name}Crc32c")
    if told is not None and int(told) != crc32c(value):
        raise KmsError(400, "INVALID_ARGUMENT", f"The checksum in field {name}_crc32c is wrong.")
    return value


def _undecryptable() -> KmsError:
    return KmsError(400, "INVALID_ARGUMENT", "Decryption failed: the ciphertext is invalid.")
