"""users.settings.sendAs.smimeInfo: certificates of a send-as address. They sign nothing here."""

import base64
import binascii
import secrets
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from cryptography.x509 import Certificate
from cryptography.x509.oid import NameOID

from infra.local.google.gmail.call import Answer, Call
from infra.local.google.gmail.errors import GmailError, invalid, not_found
from infra.local.google.gmail.settings.reading import read_fields
from infra.local.google.mail.account.entries import (
    delete_entry,
    find_entry,
    list_entries,
    put_entry,
)
from infra.local.google.mail.aliases import list_send_as
from infra.local.google.mail.store import epoch_ms

KIND: Final = "smime"
FIELDS: Final = {
    "id": str,
    "issuerCn": str,
    "isDefault": bool,
    "expiration": str,
    "encryptedKeyPassword": str,
    "pem": str,
    "pkcs12": str,
}


def _address(call: Call) -> str:
    """Return the address in the path. Raise 404 for one the account has not."""
    address = call.path["sendAsEmail"].lower()
    if not any(one["sendAsEmail"] == address for one in list_send_as(call.store, call.email)):
        raise not_found()
    return address


def _all(call: Call) -> list[dict[str, Any]]:
    kind = f"{KIND} {_address(call)}"
    return list_entries(call.store, call.email, kind)


def _find(call: Call) -> dict[str, Any]:
    kind = f"{KIND} {_address(call)}"
    found = find_entry(call.store, call.email, kind, call.path["id"])
    if found is None:
        raise not_found()
    return found


def _save(call: Call, entry: dict[str, Any]) -> None:
    put_entry(call.store, call.email, f"{KIND} {_address(call)}", entry["id"], entry)


def _resource(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if value is not False}


def list_(call: Call) -> Answer:
    """List the certificates of an address; without any the answer is empty."""
    found = [_resource(one) for one in _all(call)]
    return {"smimeInfo": found} if found else {}


def get(call: Call) -> Answer:
    """Return one certificate."""
    return _resource(_find(call))


def insert(call: Call) -> Answer:
    """Take in a key with its certificates; the first of an address is its default."""
    given = read_fields(call.body, FIELDS)
    chain = _chain(given.get("pkcs12", ""), given.get("encryptedKeyPassword", ""))
    names = chain[0].issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
    made = {
        "id": secrets.token_hex(8),
        "issuerCn": str(names[0].value) if names else "",
        "isDefault": not _all(call),
        "expiration": str(epoch_ms(chain[0].not_valid_after_utc)),
        "pem": b"".join(one.public_bytes(Encoding.PEM) for one in chain).decode(),
    }
    _save(call, made)
    return _resource(made)


def _chain(text: str, password: str) -> list[Certificate]:
    """Return the certificates of a PKCS#12, the key's own first. Raise 400."""
    try:
        found = load_pkcs12(base64.urlsafe_b64decode(text), password.encode() or None)
    except (ValueError, binascii.Error):
        raise _unusable() from None
    if found.cert is None or found.key is None:
        raise _unusable()
    return [found.cert.certificate, *(one.certificate for one in found.additional_certs)]


def _unusable() -> GmailError:
    return invalid("Invalid PKCS12")


def delete(call: Call) -> None:
    """Delete a certificate."""
    entry = _find(call)
    delete_entry(call.store, call.email, f"{KIND} {_address(call)}", entry["id"])


def set_default(call: Call) -> None:
    """Make a certificate the one its address uses."""
    chosen = _find(call)["id"]
    for entry in _all(call):
        _save(call, {**entry, "isDefault": entry["id"] == chosen})
