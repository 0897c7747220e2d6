"""users.labels."""

from typing import Any, Final

from infra.local.google.gmail.call import Answer, Call
from infra.local.google.gmail.errors import GmailError, invalid, not_found
from infra.local.google.gmail.palette import PALETTE
from infra.local.google.gmail.params import read_body, string
from infra.local.google.mail import labels
from infra.local.google.mail.labels import SYSTEM, LabelConflictError

LABEL_FIELDS: Final = frozenset(
    [
        "id",
        "name",
        "messageListVisibility",
        "labelListVisibility",
        "type",
        "color",
        "messagesTotal",
        "messagesUnread",
        "threadsTotal",
        "threadsUnread",
    ]
)
VISIBILITIES: Final = {
    "messageListVisibility": ("show", "hide"),
    "labelListVisibility": ("labelShow", "labelShowIfUnread", "labelHide"),
}
COLOR_FIELDS: Final = ("textColor", "backgroundColor")
LONGEST_NAME: Final = 225
RESERVED: Final = frozenset({
    "allmail", "archive", "archived", "bin", "buzz", "chats", "drafts", "migrated", "muted",
    "todo", "todos",
})  # fmt: skip
"""Names of no label that Gmail refuses all the same; as got-your-back keeps them."""


def list_(call: Call) -> Answer:
    """List all labels, without counts (FACTS 14.3)."""
    return {"labels": labels.list_labels(call.store, call.email)}


def _label(call: Call) -> dict[str, Any]:
    label = labels.find_label(call.store, call.email, call.path["id"])
    if label is None:
        raise not_found()
    return label


def get(call: Call) -> Answer:
    """Return one label with its four counts."""
    label = _label(call)
    return _with_counts(call, label)


def _with_counts(call: Call, label: dict[str, Any]) -> Answer:
    counts = labels.count_label(call.store, call.email, label["id"])
    color = {"color": label["color"]} if "color" in label else {}
    return {**{name: label[name] for name in label if name != "color"}, **counts, **color}


def _properties(body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, allowed in VISIBILITIES.items():
        value = string(body, name)
        if value and value not in allowed:
            raise invalid(f"Invalid value for {name}")
        if value:
            found[name] = value
    if body.get("color"):
        color = read_body(body["color"], COLOR_FIELDS)
        values = {field: string(color, field) for field in COLOR_FIELDS}
        for value in values.values():
            if value not in PALETTE:
                raise invalid(f"Label color {value} is not on the allowed color palette")
        found["color"] = values
    return found


def _name(body: dict[str, Any]) -> str:
    name = string(body, "name").strip()
    taken = name.upper() in SYSTEM or name.lower() in RESERVED
    if not name or len(name) > LONGEST_NAME or taken:
        raise invalid("Invalid label name")
    return name


def create(call: Call) -> Answer:
    """Create a label; 409 if the name is taken. The answer has no `type` (FACTS 18.13)."""
    body = read_body(call.body, LABEL_FIELDS)
    try:
        made = labels.create_label(call.store, call.email, _name(body), _properties(body))
    except LabelConflictError:
        raise _conflict() from None
    return {name: value for name, value in made.items() if name != "type"}


def _conflict() -> GmailError:
    return GmailError(409, "aborted", "Label name exists or conflicts")


def _change(call: Call, keep: dict[str, Any]) -> Answer:
    label = _label(call)
    if label["type"] == "system":
        raise invalid("Invalid update request")
    body = read_body(call.body, LABEL_FIELDS)
    kept = {name: label[name] for name in keep if name in label}
    name = _name(body) if "name" in body or "name" not in kept else label["name"]
    properties = {**{key: kept[key] for key in kept if key != "name"}, **_properties(body)}
    try:
        changed = labels.update_label(call.store, call.email, label["id"], name, properties)
    except LabelConflictError:
        raise _conflict() from None
    return _with_counts(call, changed)


def update(call: Call) -> Answer:
    """Replace a label: what is not given goes back to its default."""
    return _change(call, {})


def patch(call: Call) -> Answer:
    """Change what is given of a label."""
    return _change(call, dict.fromkeys(("name", *VISIBILITIES, "color")))


def delete(call: Call) -> None:
    """Delete a user label and take it off every message."""
    label = _label(call)
    if label["type"] == "system":
        raise invalid("Invalid delete request")
    labels.delete_label(call.store, call.email, label["id"])
