"""`sends.py` without asyncio, made by `python -m infra.blocking_client`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..sends import KEY, Accepted, Bulk, Entry, Message, Page, Sent
from ..transport import Request, at, parse_response, query_of
from .transport import Transport


@dataclass(frozen=True, slots=True)
class Sends:
    """`postroom.sends`."""

    transport: Transport

    def send(self, connection_id: str, message: Message, idempotency_key: str) -> Sent:
        """Send a message as the end user; the same key sends once.

        After PostroomUnreachableError or InProgressError come back with that key: nothing is
        sent twice. A send that ended with nothing sent raises UpstreamError.
        """
        headers = {KEY: idempotency_key}
        request = Request(
            "POST", "/send", connection_id, body=message, headers=headers, repeatable=True
        )
        answer = self.transport.answer(request)
        replayed = answer.headers.get("Idempotent-Response") == "true"
        return parse_response(answer, Sent).model_copy(update={"replayed": replayed})

    def get(self, connection_id: str, idempotency_key: str) -> Entry:
        """Return what became of a send."""
        request = Request("GET", at("sends", idempotency_key), connection_id)
        return self.transport.read(request, Entry)

    def list(
        self,
        connection_id: str,
        *,
        status: str | None = None,
        limit: int = 100,
        before: datetime | None = None,
    ) -> Sequence[Entry]:
        """Return sends, newest first; those that are `held` wait for trouble to end."""
        query = query_of(state=status, limit=limit, before=before)
        return (
            self.transport.read(Request("GET", "/sends", connection_id, query=query), Page)
        ).sends

    def cancel(self, connection_id: str, idempotency_key: str) -> Entry:
        """Call off a send that has not begun. Raises ConflictError where it has."""
        request = Request("DELETE", at("sends", idempotency_key), connection_id)
        return self.transport.read(request, Entry)

    def bulk(self, connection_id: str, messages: Mapping[str, Message]) -> Accepted:
        """Queue up to 1,000 messages, each under its idempotency key: all or none."""
        items = [{**message, "idempotency_key": key} for key, message in messages.items()]
        request = Request(
            "POST", "/send/bulk", connection_id, body={"messages": items}, repeatable=True
        )
        return self.transport.read(request, Accepted)

    def bulk_progress(
        self, connection_id: str, bulk_id: str, *, offset: int = 0, limit: int = 100
    ) -> Bulk:
        """Return how far a bulk is, and a page of its messages."""
        query = query_of(offset=offset, limit=limit)
        request = Request("GET", at("send", "bulk", bulk_id), connection_id, query=query)
        return self.transport.read(request, Bulk)
