"""Names of things, as types: no id is a bare string."""

from typing import NewType
from zlib import crc32

ConnectionId = NewType("ConnectionId", str)
MessageId = NewType("MessageId", str)
"""16 hex digits (FACTS 14.1)."""
ThreadId = NewType("ThreadId", str)
LabelId = NewType("LabelId", str)
HistoryId = NewType("HistoryId", int)
"""Gmail's version of a mailbox: grows with gaps, fits an int64 (FACTS 3.1, 14.8)."""
LARGEST_HISTORY_ID = HistoryId(2**63 - 1)
"""The largest that a store can hold."""
PageToken = NewType("PageToken", str)
SequenceNumber = NewType("SequenceNumber", int)
"""Order of commits on one connection; never restarts."""
LeaseToken = NewType("LeaseToken", str)
CommitId = NewType("CommitId", str)
EventId = NewType("EventId", str)
OperationId = NewType("OperationId", str)
GoogleSub = NewType("GoogleSub", str)
"""The `sub` of Google's id_token: a person, whatever their address becomes (FACTS 6.5)."""
MailboxId = NewType("MailboxId", str)
"""A mailbox, whatever its address becomes; most have the address they were first known by."""
EmailKey = NewType("EmailKey", str)
"""A Gmail address as it is compared: what a push names (FACTS 2.5)."""
_GMAIL, _GOOGLEMAIL = "@gmail.com", "@googlemail.com"


def email_key(address: str) -> EmailKey:
    """Fold a Gmail address for comparison; dots and plus parts stay (FACTS 2.5).

    x@googlemail.com and x@gmail.com are one mailbox, announced under either (FACTS 18.11).
    """
    folded = address.strip().lower()
    if folded.endswith(_GOOGLEMAIL):
        folded = folded.removesuffix(_GOOGLEMAIL) + _GMAIL
    return EmailKey(folded)


def first_mailbox_id(address: str) -> MailboxId:
    """Return the id of the mailbox that had this address first."""
    return MailboxId(address.strip().lower())


def first_mailbox_ids(address: str) -> tuple[MailboxId, ...]:
    """Return the ids of the mailboxes that had this address first, under any of its domains."""
    own, key = first_mailbox_id(address), email_key(address)
    if not key.endswith(_GMAIL):
        return (own,)
    local = key.removesuffix(_GMAIL)
    both = (MailboxId(local + _GMAIL), MailboxId(local + _GOOGLEMAIL))
    return (own, *(one for one in both if one != own))


SHARDS = 64
"""Of a due index: so many that none is hot (FACTS 9.5)."""


_BY_ADDRESS = "address:"


def sub_by_address(email: str) -> GoogleSub:
    """Return what stands for the `sub` of an account that has not told it: its address."""
    return GoogleSub(_BY_ADDRESS + email_key(email))


def told_sub(sub: GoogleSub) -> GoogleSub | None:
    """Return the `sub` where Google told it, None where an address stands for it."""
    return None if sub.startswith(_BY_ADDRESS) else sub


def shard_of(document_id: str) -> int:
    """Return the shard of a document: a stable hash of its id."""
    return crc32(document_id.encode()) % SHARDS
