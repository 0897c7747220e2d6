"""What the filters of an account make of a message."""

from collections.abc import Iterator
from dataclasses import dataclass

from infra.local.google.mail.account.addresses import may_forward_to
from infra.local.google.mail.account.entries import Json, list_entries
from infra.local.google.mail.account.filters import FILTER
from infra.local.google.mail.labels import find_label
from infra.local.google.mail.listing import Selection, index_texts
from infra.local.google.mail.message import Message
from infra.local.google.mail.searching.query import compile_query
from infra.local.google.mail.searching.terms import MalformedQueryError
from infra.local.google.mail.store import MailStore


@dataclass(frozen=True, slots=True)
class Sorting:
    """Labels to add and to remove, and addresses to forward to."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    forwards: tuple[str, ...] = ()


def sorting_of(store: MailStore, email: str, message: Message) -> Sorting:
    """Return what all filters that fit the message do together.

    Labels deleted since and addresses no longer verified are passed over.
    """
    found = [
        one["action"]
        for one in list_entries(store, email, FILTER)
        if fits(store, email, message, one["criteria"])
    ]
    added = [id for action in found for id in action.get("addLabelIds", ())]
    return Sorting(
        add=tuple(id for id in added if find_label(store, email, id)),
        remove=tuple(id for action in found for id in action.get("removeLabelIds", ())),
        forwards=tuple(
            action["forward"]
            for action in found
            if action.get("forward") and may_forward_to(store, email, action["forward"])
        ),
    )


def fits(store: MailStore, email: str, message: Message, criteria: Json) -> bool:
    """Whether a message is what the criteria ask for; a query that cannot be read fits nothing."""
    try:
        condition = compile_query(query_of(criteria), store, email, store.now())
    except MalformedQueryError:
        return False
    if condition.needs_text:
        index_texts(store, email)
    _, source, params = Selection((), condition, include_spam_trash=True).statement(
        store.number(email)
    )
    return store.database.row(f"SELECT 1 {source} AND m.row = ?", *params, message.row) is not None


def query_of(criteria: Json) -> str:
    """Return the search that finds what the criteria ask for."""
    return " ".join(_clauses(criteria))


def _clauses(criteria: Json) -> Iterator[str]:
    for name in ("from", "to", "subject"):
        if criteria.get(name):
            yield f"{name}:({criteria[name]})"
    if criteria.get("query"):
        yield f"({criteria['query']})"
    if criteria.get("negatedQuery"):
        yield f"-({criteria['negatedQuery']})"
    if criteria.get("hasAttachment"):
        yield "has:attachment"
    if criteria.get("excludeChats"):
        yield "-in:chats"
    if criteria.get("size"):
        yield f"{criteria.get('sizeComparison', 'larger')}:{criteria['size']}"
