"""users.settings but for sendAs: what Gmail answers about an account's settings.

A PUT replaces a setting whole: a switch that is not given is off, another field is gone.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from infra.local.google.gmail.call import Answer, Call
from infra.local.google.gmail.errors import GmailError, invalid, not_found, unreadable
from infra.local.google.gmail.params import read_body, snake, string_list
from infra.local.google.gmail.selection import check_labels
from infra.local.google.mail import account_settings

FIELDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "autoForwarding": {
        "enabled": bool,
        "emailAddress": str,
        "disposition": ("leaveInInbox", "archive", "trash", "markRead"),
    },
    "imap": {
        "enabled": bool,
        "autoExpunge": bool,
        "expungeBehavior": ("archive", "trash", "deleteForever"),
        "maxFolderSize": int,
    },
    "pop": {
        "accessWindow": ("disabled", "fromNowOn", "allMail"),
        "disposition": ("leaveInInbox", "archive", "trash", "markRead"),
    },
    "language": {"displayLanguage": str},
    "vacation": {
        "enableAutoReply": bool,
        "responseSubject": str,
        "responseBodyPlainText": str,
        "responseBodyHtml": str,
        "restrictToContacts": bool,
        "restrictToDomain": bool,
        "startTime": str,
        "endTime": str,
    },
}
"""The fields of each setting in Gmail's order, with their type or the words allowed."""

CRITERIA: Final[Mapping[str, Any]] = {
    "from": str,
    "to": str,
    "subject": str,
    "query": str,
    "negatedQuery": str,
    "hasAttachment": bool,
    "excludeChats": bool,
    "size": int,
    "sizeComparison": ("smaller", "larger"),
}
LABELS: Final = ("addLabelIds", "removeLabelIds")
MOST_FILTERS: Final = 1000


def reads(name: str) -> Callable[[Call], Answer]:
    """Return the method that reads the setting of that name."""

    def get(call: Call) -> Answer:
        return account_settings.read_setting(call.store, call.email, name)

    return get


def replaces(name: str) -> Callable[[Call], Answer]:
    """Return the method that replaces the setting of that name."""

    def update(call: Call) -> Answer:
        body = read_body(call.body, FIELDS[name])
        off = {field: False for field, kind in FIELDS[name].items() if kind is bool}
        value = _read({**off, **body}, FIELDS[name])
        account_settings.write_setting(call.store, call.email, name, value)
        return value

    return update


def _read(body: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields given, in Gmail's order. Raise 400 for a value of another kind."""
    found = {}
    for name, kind in fields.items():
        value = body.get(name)
        if value is None:
            continue
        if value not in kind if isinstance(kind, tuple) else type(value) is not kind:
            raise unreadable(f"Invalid value at '{snake(name)}'")
        found[name] = value
    return found


def list_filters(call: Call) -> Answer:
    """List the filters; without any the answer is empty."""
    found = account_settings.list_filters(call.store, call.email)
    return {"filter": found} if found else {}


def get_filter(call: Call) -> Answer:
    """Return one filter."""
    for one in account_settings.list_filters(call.store, call.email):
        if one["id"] == call.path["id"]:
            return one
    raise not_found()


def create_filter(call: Call) -> Answer:
    """Keep a filter; 400 for one that says nothing, or that is there already."""
    body = read_body(call.body, ("id", "criteria", "action"))
    criteria = _read(read_body(body.get("criteria"), CRITERIA), CRITERIA)
    action = _action(call, body)
    if not criteria:
        raise invalid("Filter criteria must be specified")
    given = {"criteria": criteria, "action": action}
    held = account_settings.list_filters(call.store, call.email)
    if any({**one, "id": ""} == {**given, "id": ""} for one in held):
        raise GmailError(400, "failedPrecondition", "Filter already exists", "FAILED_PRECONDITION")
    if len(held) >= MOST_FILTERS:
        raise invalid("Too many filters")
    return account_settings.add_filter(call.store, call.email, given)


def _action(call: Call, body: Mapping[str, Any]) -> dict[str, Any]:
    given = read_body(body.get("action"), (*LABELS, "forward"))
    labels = {name: found for name in LABELS if (found := string_list(given, name))}
    check_labels(call.store, call.email, [id for found in labels.values() for id in found])
    if given.get("forward"):
        raise invalid("Unrecognized forwarding address")
    if not labels:
        raise invalid("Filter action must be specified")
    return labels


def delete_filter(call: Call) -> None:
    """Delete a filter."""
    if not account_settings.delete_filter(call.store, call.email, call.path["id"]):
        raise not_found()


def list_forwarding_addresses(_call: Call) -> Answer:
    """List the addresses mail may be forwarded to: none, for adding one takes a domain's rights."""
    return {}
