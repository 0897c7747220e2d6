"""users.settings: auto-forwarding, IMAP, POP, language and vacation.

A PUT replaces a setting whole: a switch that is not given is off, a word that is not is gone.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from infra.local.google.gmail.call import Answer, Call
from infra.local.google.gmail.errors import invalid, precondition
from infra.local.google.gmail.params import read_body
from infra.local.google.gmail.settings.reading import Int64, read_fields
from infra.local.google.mail.account.addresses import may_forward_to
from infra.local.google.mail.account.switches import read_setting, write_setting

UNRECOGNIZED: Final = "Unrecognized forwarding address"
DISPOSITIONS: Final = ("dispositionUnspecified", "leaveInInbox", "archive", "trash", "markRead")

FIELDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "autoForwarding": {"enabled": bool, "emailAddress": str, "disposition": DISPOSITIONS},
    "imap": {
        "enabled": bool,
        "autoExpunge": bool,
        "expungeBehavior": ("expungeBehaviorUnspecified", "archive", "trash", "deleteForever"),
        "maxFolderSize": int,
    },
    "pop": {
        "accessWindow": ("accessWindowUnspecified", "disabled", "fromNowOn", "allMail"),
        "disposition": DISPOSITIONS,
    },
    "language": {"displayLanguage": str},
    "vacation": {
        "enableAutoReply": bool,
        "responseSubject": str,
        "responseBodyPlainText": str,
        "responseBodyHtml": str,
        "restrictToContacts": bool,
        "restrictToDomain": bool,
        "startTime": Int64,
        "endTime": Int64,
    },
}
"""The fields of each setting in Gmail's order, with their type or the words allowed."""


def reads(name: str) -> Callable[[Call], Answer]:
    """Return the method that reads the setting of that name."""

    def get(call: Call) -> Answer:
        return read_setting(call.store, call.email, name)

    return get


def replaces(name: str) -> Callable[[Call], Answer]:
    """Return the method that replaces the setting of that name."""

    def update(call: Call) -> Answer:
        value = read_fields({**_off(name), **read_body(call.body, FIELDS[name])}, FIELDS[name])
        CHECKS.get(name, _accept)(call, value)
        write_setting(call.store, call.email, name, value)
        return value

    return update


def _off(name: str) -> dict[str, Any]:
    """Return what a setting is where nothing is given: switches and numbers say so, words do not.

    But IMAP always says what becomes of mail.
    """
    kinds = FIELDS[name].items()
    plain = {field: kind() for field, kind in kinds if kind in (bool, int)}
    return {**plain, **({"expungeBehavior": "archive"} if name == "imap" else {})}


def _accept(_call: Call, _value: dict[str, Any]) -> None:
    """Take the value as it is."""


def _check_forwarding(call: Call, value: dict[str, Any]) -> None:
    """Raise 400 for forwarding to an address that is none of the account's verified ones."""
    address = value.get("emailAddress", "")
    if value["enabled"] and not may_forward_to(call.store, call.email, address):
        raise precondition(UNRECOGNIZED)


def _check_vacation(_call: Call, value: dict[str, Any]) -> None:
    """Raise 400 for an answer without words, or one that ends before it begins."""
    words = ("responseSubject", "responseBodyPlainText", "responseBodyHtml")
    if value["enableAutoReply"] and not any(value.get(name) for name in words):
        raise invalid("Vacation responder requires a subject or a body")
    start, end = int(value.get("startTime", 0)), int(value.get("endTime", 0))
    if end and start >= end:
        raise invalid("Invalid vacation responder start and end time")


CHECKS: Final = {"autoForwarding": _check_forwarding, "vacation": _check_vacation}
