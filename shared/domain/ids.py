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
EmailKey = NewType("EmailKey", str)
"""A Gmail address, lower-cased: the only routing key of a push (FACTS 2.5)."""


def email_key(address: str) -> EmailKey:
    """Fold a Gmail address for comparison; dots and plus parts stay (FACTS 2.5)."""
    return EmailKey(address.strip().lower())


SHARDS = 64
"""Of a due index: so many that none is hot (FACTS 9.5)."""


_BY_ADDRESS = "address:"


def sub_by_address(email: str) -> GoogleSub:
    """Return what stands for the `sub` of an account that has not told it: its address."""
    return GoogleSub(_BY_ADDRESS + email_key(email))


def is_same_account(known: GoogleSub, sub: GoogleSub, email: str) -> bool:
    """Whether a connection's account is this one, by its `sub`, or its address until it is told."""
    return known == sub or known == sub_by_address(email)


def shard_of(document_id: str) -> int:
    """Return the shard of a document: a stable hash of its id."""
    return crc32(document_id.encode()) % SHARDS
