"""What is erased: everything of a connection that ends, and whatever has expired."""

from typing import Protocol

from shared.domain.ids import ConnectionId


class Retention(Protocol):
    """Deletion across collections.

    Every stored document has an expiry, or an owner whose end removes it. The connection's own
    documents are its use case's to remove; these are those that many use cases write.
    """

    async def erase(self, connection_id: ConnectionId, limit: int) -> int:
        """Delete the connection's events, sends, bulks, action results and approvals: how many.

        An event that reports a deletion of the connection stays, also one of a former life of its
        id: it has yet to be delivered. Called again until it answers 0, nothing else is left.
        """
        ...

    async def sweep(self, limit: int) -> int:
        """Delete what has expired, where the store does not do so by itself: how many went.

        Also frees what deleted documents have left behind on disk.
        """
        ...
