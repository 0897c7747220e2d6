"""users.settings.sendAs: addresses that mail may be from (FACTS 5.11)."""

from typing import Any, Final

from infra.local.google.gmail.call import Answer, Call
from infra.local.google.gmail.errors import already_there, invalid, not_found, precondition
from infra.local.google.gmail.params import read_body
from infra.local.google.gmail.settings.delegation import check_delegated
from infra.local.google.gmail.settings.reading import read_address, read_fields
from infra.local.google.mail.account import addresses
from infra.local.google.mail.account.addresses import SEND_AS
from infra.local.google.mail.account.entries import delete_entry
from infra.local.google.mail.aliases import ALIAS, list_send_as, save_send_as

SMTP: Final = {
    "host": str,
    "port": int,
    "username": str,
    "password": str,
    "securityMode": ("securityModeUnspecified", "none", "ssl", "starttls"),
}
WRITE_ONLY: Final = frozenset({"username", "password"})
FIELDS: Final = {
    "sendAsEmail": str,
    "displayName": str,
    "replyToAddress": str,
    "signature": str,
    "isPrimary": bool,
    "isDefault": bool,
    "treatAsAlias": bool,
    "smtpMsa": dict,
    "verificationStatus": str,
}
"""In Gmail's order."""

READ_ONLY: Final = frozenset({"sendAsEmail", "isPrimary", "verificationStatus"})
"""Given in an update they are passed over."""


def list_(call: Call) -> Answer:
    """List the addresses the mailbox may send from, verified or not."""
    return {"sendAs": [_resource(one) for one in list_send_as(call.store, call.email)]}


def get(call: Call) -> Answer:
    """Return one of them."""
    return _resource(_find(call))


def _find(call: Call) -> dict[str, Any]:
    wanted = call.path["sendAsEmail"].lower()
    for entry in list_send_as(call.store, call.email):
        if entry["sendAsEmail"] == wanted:
            return entry
    raise not_found()


def _resource(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the resource in Gmail's order; a switch that is off is left out, as recorded."""
    return {name: entry[name] for name in FIELDS if entry.get(name, False) is not False}


def _read(call: Call) -> dict[str, Any]:
    given = read_fields(call.body, FIELDS)
    if "smtpMsa" in given:
        server = read_fields(given["smtpMsa"], SMTP)
        if not {"host", "port", "securityMode"} <= server.keys():
            raise invalid("Invalid SMTP MSA")
        given["smtpMsa"] = {name: value for name, value in server.items() if name not in WRITE_ONLY}
    return given


def create(call: Call) -> Answer:
    """Add an alias; its owner is asked by mail unless it is of the account's own domain."""
    given = _read(call)
    address = read_address(given.get("sendAsEmail", ""), "sendAsEmail")
    if any(one["sendAsEmail"] == address for one in list_send_as(call.store, call.email)):
        raise already_there()
    status = addresses.first_status(call.email, address)
    fixed = {"sendAsEmail": address, "isPrimary": False, "verificationStatus": status}
    made = {**ALIAS, **given, **fixed}
    save_send_as(call.store, call.email, made)
    if status == "pending":
        addresses.ask_owner(call.store, call.email, SEND_AS, address)
    return _resource(made)


def update(call: Call) -> Answer:
    """Replace what may be written: what is not given goes back to nothing."""
    read_body(call.body, FIELDS)
    return _change(call, {**ALIAS, "smtpMsa": None})


def patch(call: Call) -> Answer:
    """Change what is given."""
    return _change(call, {})


def _change(call: Call, fresh: dict[str, Any]) -> Answer:
    entry, given = _find(call), _read(call)
    if entry.get("isPrimary"):
        fresh = {name: value for name, value in fresh.items() if name not in _OF_ALIASES}
    else:
        check_delegated(call)
    written = {name: value for name, value in given.items() if name not in READ_ONLY}
    default = entry.get("isDefault", False) or given.get("isDefault", False)
    merged = {**entry, **fresh, **written, "isDefault": default}
    changed = {name: value for name, value in merged.items() if value is not None}
    save_send_as(call.store, call.email, changed)
    return _resource(changed)


_OF_ALIASES: Final = frozenset({"treatAsAlias", "smtpMsa"})


def delete(call: Call) -> None:
    """Remove an alias; the primary address stays. What was its default falls to the primary."""
    entry = _find(call)
    if entry.get("isPrimary"):
        raise invalid("Cannot delete primary send-as address")
    delete_entry(call.store, call.email, SEND_AS, entry["sendAsEmail"])
    if entry.get("isDefault"):
        primary = list_send_as(call.store, call.email)[0]
        save_send_as(call.store, call.email, {**primary, "isDefault": True})


def verify(call: Call) -> None:
    """Ask the owner of a pending address once more."""
    entry = _find(call)
    if entry.get("verificationStatus") != "pending":
        raise precondition("Send-as address is not pending verification")
    addresses.ask_owner(call.store, call.email, SEND_AS, entry["sendAsEmail"])
