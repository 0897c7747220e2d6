"""users.settings.filters."""

from collections.abc import Mapping
from typing import Any, Final

from infra.local.google.gmail.call import Answer, Call
from infra.local.google.gmail.errors import invalid, not_found, precondition
from infra.local.google.gmail.params import read_body, string, string_list
from infra.local.google.gmail.selection import check_labels
from infra.local.google.gmail.settings.reading import read_fields
from infra.local.google.gmail.settings.switches import UNRECOGNIZED
from infra.local.google.mail.account.addresses import may_forward_to
from infra.local.google.mail.account.entries import delete_entry, find_entry, list_entries
from infra.local.google.mail.account.filters import FILTER, add_filter

CRITERIA: Final[Mapping[str, Any]] = {
    "from": str,
    "to": str,
    "subject": str,
    "query": str,
    "negatedQuery": str,
    "hasAttachment": bool,
    "excludeChats": bool,
    "size": int,
    "sizeComparison": ("unspecified", "smaller", "larger"),
}
"""The fields of criteria in Gmail's order, with their type or the words allowed."""

LABELS: Final = ("addLabelIds", "removeLabelIds")
MOST_FILTERS: Final = 1000


def list_(call: Call) -> Answer:
    """List the filters; without any the answer is empty."""
    found = list_entries(call.store, call.email, FILTER)
    return {"filter": found} if found else {}


def get(call: Call) -> Answer:
    """Return one filter."""
    found = find_entry(call.store, call.email, FILTER, call.path["id"])
    if found is None:
        raise not_found()
    return found


def create(call: Call) -> Answer:
    """Store a filter; 400 for one that says nothing, or that is there already."""
    body = read_body(call.body, ("id", "criteria", "action"))
    criteria = read_fields(body.get("criteria"), CRITERIA)
    if not any(criteria.values()):
        raise invalid("Filter criteria must be specified")
    given = {"criteria": criteria, "action": _action(call, body)}
    held = list_entries(call.store, call.email, FILTER)
    if any({**one, "id": ""} == {**given, "id": ""} for one in held):
        raise precondition("Filter already exists")
    if len(held) >= MOST_FILTERS:
        raise invalid("Too many filters")
    return add_filter(call.store, call.email, given)


def _action(call: Call, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the action without what is empty: an empty `forward` counts as none (seen live)."""
    given = read_body(body.get("action"), (*LABELS, "forward"))
    labels = {name: found for name in LABELS if (found := string_list(given, name))}
    check_labels(call.store, call.email, [id for found in labels.values() for id in found])
    forward = string(given, "forward")
    if forward and not may_forward_to(call.store, call.email, forward):
        raise precondition(UNRECOGNIZED)
    action = {**labels, **({"forward": forward} if forward else {})}
    if not action:
        raise invalid("Filter action must be specified")
    return action


def delete(call: Call) -> None:
    """Delete a filter."""
    if not delete_entry(call.store, call.email, FILTER, call.path["id"]):
        raise not_found()
