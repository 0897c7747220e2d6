"""The key this Google signs with: id_tokens and push tokens, JWKS and certificates."""

import base64
import hashlib
import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An RSA key, its name in tokens, and its certificate as PEM."""

    kid: str
    private: rsa.RSAPrivateKey
    certificate: bytes


def new_pair() -> KeyPair:
    """Make a pair that no other Google has; takes 0.1 to 0.5 s."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    kid = hashlib.sha256(public).hexdigest()[:40]
    return KeyPair(kid, private, _certificate(private).public_bytes(Encoding.PEM))


@cache
def process_pair() -> KeyPair:
    """Return the pair that all new Googles of this process share: tests start hundreds."""
    return new_pair()


class SigningKey:
    """One RSA key, made when it is first needed and kept in the state file.

    `kid` names it in tokens, in the JWKS (`/oauth2/v3/certs`) and among the certificates
    (`/oauth2/v1/certs`), so a verifier that cached either still works after a restart.
    """

    def __init__(
        self, database: sqlite3.Connection, make: Callable[[], KeyPair] = process_pair
    ) -> None:
        self._database, self._make = database, make

    @property
    def kid(self) -> str:
        """The key's id, 40 hex digits."""
        return self._pair.kid

    @cached_property
    def _pair(self) -> KeyPair:
        return _load(self._database) or _save(self._database, self._make())

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return a compact JWS, RS256, about 0.7 ms."""
        header = {"alg": "RS256", "kid": self.kid, "typ": "JWT"}
        signed = f"{_encode(_json(header))}.{_encode(_json(claims))}"
        signature = self._pair.private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_encode(signature)}"

    def claims_of(self, token: str) -> dict[str, Any] | None:
        """Return the claims of a token this key signed, expired or not; else None."""
        signed, _, signature = token.rpartition(".")
        try:
            public = self._pair.private.public_key()
            public.verify(
                base64.urlsafe_b64decode(signature + "=="),
                signed.encode(),
                padding.PKCS1v15(),
                hashes.SHA256(),
            )
            claims: dict[str, Any] = json.loads(
                base64.urlsafe_b64decode(signed.split(".")[1] + "=="),
            )
        except Exception:  # noqa: BLE001 - whatever is wrong with it, it is not our token
            return None
        return claims

    def jwks(self) -> dict[str, Any]:
        """Return the public key as a JSON Web Key Set."""
        numbers = self._pair.private.public_key().public_numbers()
        key = {
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": self.kid,
            "n": _encode_number(numbers.n),
            "e": _encode_number(numbers.e),
        }
        return {"keys": [key]}

    def certificates(self) -> dict[str, str]:
        """Return {kid: X.509 certificate in PEM}, the form google-auth reads."""
        return {self.kid: self._pair.certificate.decode()}


def _load(database: sqlite3.Connection) -> KeyPair | None:
    row = database.execute("SELECT kid, private_pem, certificate FROM signing_key").fetchone()
    if row is None:
        return None
    # It is our own: checking its primes again would take as long as a hundred signatures.
    private = load_pem_private_key(row[1], None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(private, rsa.RSAPrivateKey)
    return KeyPair(row[0], private, row[2])


def _save(database: sqlite3.Connection, pair: KeyPair) -> KeyPair:
    pem = pair.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    row = (pair.kid, pem, pair.certificate)
    database.execute("INSERT INTO signing_key VALUES (?, ?, ?)", row)
    return pair


def _certificate(private: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "federated-signon.local")])
    today = datetime.now(UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=3650))  # the emulator's clock may run ahead
        .sign(private, hashes.SHA256())
    )


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _encode_number(number: int) -> str:
    return _encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()
