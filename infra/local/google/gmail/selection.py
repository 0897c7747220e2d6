"""What a listing asks for: labelIds, q, includeSpamTrash."""

from collections.abc import Iterable

from infra.local.google.gmail.call import Call
from infra.local.google.gmail.errors import forbidden, invalid
from infra.local.google.gmail.params import boolean
from infra.local.google.gmail.payload import sees_only_metadata
from infra.local.google.mail.labels import SYSTEM, find_label
from infra.local.google.mail.listing import Condition, Selection
from infra.local.google.mail.searching.query import compile_query
from infra.local.google.mail.searching.terms import MalformedQueryError
from infra.local.google.mail.store import MailStore


def check_labels(
    store: MailStore, email: str, label_ids: Iterable[str], *, named: bool = True
) -> None:
    """Raise 400 `Invalid label` for an id that is no label, with its name if `named`."""
    for label_id in label_ids:
        if label_id not in SYSTEM and find_label(store, email, label_id) is None:
            raise invalid(f"Invalid label: {label_id}" if named else "Invalid label")


def read_selection(call: Call, extra_labels: tuple[str, ...] = ()) -> Selection | None:
    """Return the selection of a list call, or None where the search cannot be read.

    Raise 400 for an unknown label and 403 for `q` under gmail.metadata (FACTS 4.1).
    """
    label_ids = tuple(call.query.getlist("labelIds"))
    check_labels(call.store, call.email, label_ids, named=False)
    condition = Condition()
    text = call.query.get("q") or ""
    if text and sees_only_metadata(call):
        raise forbidden("Metadata scope does not support 'q' parameter")
    hidden = boolean(call, "includeSpamTrash")
    if text.strip():
        try:
            condition = compile_query(text, call.store, call.email, call.now)
        except MalformedQueryError:
            return None
    return Selection(label_ids + extra_labels, condition, hidden)
