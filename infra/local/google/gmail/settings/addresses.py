"""users.settings.forwardingAddresses and users.settings.delegates: addresses with a status."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from infra.local.google.gmail.call import Answer, Call
from infra.local.google.gmail.errors import already_there, invalid, not_found
from infra.local.google.gmail.params import read_body, string
from infra.local.google.gmail.settings.reading import read_address
from infra.local.google.mail.account import addresses
from infra.local.google.mail.account.entries import (
    delete_entry,
    find_entry,
    list_entries,
    put_entry,
)

MOST_DELEGATES: Final = 25


@dataclass(frozen=True, slots=True)
class Kind:
    """Where the addresses are kept, and how Gmail's JSON names them."""

    entry: str
    listing: str
    field: str
    is_read_by_delegation: bool = False


FORWARDING: Final = Kind(addresses.FORWARDING, "forwardingAddresses", "forwardingEmail")
DELEGATES: Final = Kind(
    addresses.DELEGATE, "delegates", "delegateEmail", is_read_by_delegation=True
)


def lists(kind: Kind) -> Callable[[Call], Answer]:
    """Return the method that lists them; without any its answer is empty."""

    def list_(call: Call) -> Answer:
        found = list_entries(call.store, call.email, kind.entry)
        return {kind.listing: found} if found else {}

    return list_


def gets(kind: Kind) -> Callable[[Call], Answer]:
    """Return the method that returns one."""

    def get(call: Call) -> Answer:
        found = find_entry(call.store, call.email, kind.entry, call.path[kind.field].lower())
        if found is None:
            raise not_found()
        return found

    return get


def creates(kind: Kind) -> Callable[[Call], Answer]:
    """Return the method that adds one: 409 for one that is there."""

    def create(call: Call) -> Answer:
        body = read_body(call.body, (kind.field, "verificationStatus"))
        address = read_address(string(body, kind.field), kind.field)
        if find_entry(call.store, call.email, kind.entry, address) is not None:
            raise already_there()
        return _delegate(call, address) if kind is DELEGATES else _forwarding(call, address)

    return create


def deletes(kind: Kind) -> Callable[[Call], Answer]:
    """Return the method that removes one."""

    def delete(call: Call) -> None:
        if not delete_entry(call.store, call.email, kind.entry, call.path[kind.field].lower()):
            raise not_found()

    return delete


def _store(call: Call, kind: Kind, address: str, status: str) -> dict[str, Any]:
    made = {kind.field: address, "verificationStatus": status}
    put_entry(call.store, call.email, kind.entry, address, made)
    return made


def _forwarding(call: Call, address: str) -> dict[str, Any]:
    """Store an address to forward to; its owner is asked by mail where that is required."""
    status = addresses.first_status(call.email, address)
    made = _store(call, FORWARDING, address, status)
    if status == "pending":
        addresses.ask_owner(call.store, call.email, FORWARDING.entry, address)
    return made


def _delegate(call: Call, address: str) -> dict[str, Any]:
    """Store a delegate, accepted at once: another account of the same organization."""
    is_colleague = addresses.first_status(call.email, address) == "accepted"
    if address == call.email or not is_colleague or not call.store.has_mailbox(address):
        raise invalid("Invalid delegate")
    if len(list_entries(call.store, call.email, DELEGATES.entry)) >= MOST_DELEGATES:
        raise invalid("Too many delegates")
    return _store(call, DELEGATES, address, "accepted")
