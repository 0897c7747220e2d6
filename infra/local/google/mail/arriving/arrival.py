"""Mail that arrives: the account's filters sort it, then it is forwarded and answered.

Filters act before the message is recorded: so their labels come with messagesAdded (FACTS 15).
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

from infra.local.google.mail.account.addresses import may_forward_to
from infra.local.google.mail.account.switches import read_setting
from infra.local.google.mail.arriving.filters import Sorting, sorting_of
from infra.local.google.mail.arriving.forwarding import forward
from infra.local.google.mail.arriving.vacation import answer_if_away
from infra.local.google.mail.message import HIDING, Message, with_labels
from infra.local.google.mail.store import MailStore
from infra.local.google.mail.writer import Writer

DISPOSITIONS: Final = {
    "archive": ((), ("INBOX",)),
    "trash": (("TRASH",), ("INBOX",)),
    "markRead": ((), ("UNREAD",)),
}
"""Labels that come and go once all mail is forwarded."""


def arrive(
    store: MailStore,
    writer: Writer,
    email: str,
    raw: bytes,
    label_ids: Sequence[str] = ("UNREAD", "INBOX"),
    *,
    internal_ms: int | None = None,
    thread: int | None = None,
) -> Message:
    """Store a message as the account's settings want it, and do what they say; return it."""
    forwards: list[str] = []
    message = writer.add(
        store.mailbox(email),
        raw,
        label_ids,
        internal_ms=internal_ms,
        thread=thread,
        sort=partial(_sort, store, email, forwards),
    )
    for address in dict.fromkeys(forwards):
        forward(store, writer, email, raw, address)
    answer_if_away(store, writer, email, message, raw)
    return message


def _sort(store: MailStore, email: str, forwards: list[str], message: Message) -> list[str]:
    """Return the labels to store the message with; add to `forwards` where it goes on to."""
    if HIDING & set(message.labels):
        return message.labels
    sorting = sorting_of(store, email, message)
    automatic = _forwarding(store, email)
    forwards += [*sorting.forwards, *automatic.forwards]
    labels = message.labels
    for one in (sorting, automatic):
        labels = with_labels(labels, one.add, one.remove)
    return [label for label in labels if label != "INBOX"] if HIDING & set(labels) else labels


def _forwarding(store: MailStore, email: str) -> Sorting:
    """Return what auto-forwarding does: nothing while it is off or its address unverified."""
    setting = read_setting(store, email, "autoForwarding")
    address = setting.get("emailAddress", "")
    if not setting.get("enabled") or not may_forward_to(store, email, address):
        return Sorting()
    add, remove = DISPOSITIONS.get(setting.get("disposition", ""), ((), ()))
    return Sorting(add, remove, (address,))
