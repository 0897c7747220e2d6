"""Sending as the end user, once for each key (API 6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypedDict

from pydantic import Field

from .transport import Request, ResponseModel, Transport, at, parse_response, query_of

Recipients = str | list[str] | None
KEY: Final = "Idempotency-Key"


class File(TypedDict, total=False):
    """An attachment: its bytes in base64, or a part of a message of the same mailbox."""

    filename: str
    mime_type: str
    content_base64: str
    message_id: str
    part_id: str
    content_id: str


Message = TypedDict(
    "Message",
    {
        "to": Recipients,
        "cc": Recipients,
        "bcc": Recipients,
        "reply_to": Recipients,
        "from": str | None,
        "subject": str | None,
        "body": str | None,
        "text": str | None,
        "html": str | None,
        "headers": dict[str, str],
        "attachments": list[File],
        "reply_to_message_id": str | None,
        "reply_all": bool,
        "forward_message_id": str | None,
        "quote": bool | None,
        "signature": bool | str | None,
        "thread_id": str | None,
        "delivery": Literal["exactly_once", "direct"] | None,
        "send_at": str | None,
        "dry_run": bool,
    },
    total=False,
)
"""What is to be sent; `send_at` is ISO 8601 with a time zone."""


class LeftOut(ResponseModel):
    """One of them: the header it stood in, and its address and what is wrong with it."""

    field: str
    reason: str


class Sent(ResponseModel):
    """What came of a send; `submitted` means Gmail took it, not that it was delivered."""

    status: str
    """`submitted`; `accepted`, `drafted`, `submitting`: it goes on; `unknown`; `dry_run`.

    `waiting_for_approval`: a person decides about `approval_id`; come back with the same key.
    """
    message_id: str | None = Field(None, alias="id")
    thread_id: str | None = Field(None, alias="threadId")
    rfc822_message_id: str | None = Field(None, alias="messageId")
    approval_id: str | None = None
    raw: str | None = None
    """Of a dry run: the message, base64url."""
    left_out: Sequence[LeftOut] = ()
    """Recipients of the message answered that mail cannot be sent to."""
    new_thread: bool | None = None
    """Of one that named a thread: whether Gmail began another, as for another subject."""
    replayed: bool = False
    """Whether an earlier request with the same key had done the work."""


class Entry(ResponseModel):
    """A send's place in the ledger."""

    idempotency_key: str
    status: str
    id: str | None
    error: str | None
    error_message: str | None
    created_at: datetime
    updated_at: datetime
    send_at: datetime | None
    submitted_at: datetime | None
    bounced: bool
    bulk_id: str | None


class Page(ResponseModel):
    """Sends of a connection."""

    sends: Sequence[Entry]


class Accepted(ResponseModel):
    """Many messages, durably queued."""

    id: str
    accepted: int


class Bulk(ResponseModel):
    """How far many messages are: how many in which status, and a page of them."""

    id: str
    total: int
    counts: Mapping[str, int]
    created_at: datetime
    done: bool
    messages: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Sends:
    """`postroom.sends`."""

    transport: Transport

    async def send(self, connection_id: str, message: Message, idempotency_key: str) -> Sent:
        """Send a message as the end user; the same key sends once.

        After PostroomUnreachableError or InProgressError come back with that key: nothing is
        sent twice. A send that ended with nothing sent raises UpstreamError.
        """
        headers = {KEY: idempotency_key}
        request = Request(
            "POST", "/send", connection_id, body=message, headers=headers, repeatable=True
        )
        answer = await self.transport.answer(request)
        replayed = answer.headers.get("Idempotent-Response") == "true"
        return parse_response(answer, Sent).model_copy(update={"replayed": replayed})

    async def get(self, connection_id: str, idempotency_key: str) -> Entry:
        """Return what became of a send."""
        request = Request("GET", at("sends", idempotency_key), connection_id)
        return await self.transport.read(request, Entry)

    async def list(
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
            await self.transport.read(Request("GET", "/sends", connection_id, query=query), Page)
        ).sends

    async def cancel(self, connection_id: str, idempotency_key: str) -> Entry:
        """Call off a send that has not begun. Raises ConflictError where it has."""
        request = Request("DELETE", at("sends", idempotency_key), connection_id)
        return await self.transport.read(request, Entry)

    async def bulk(self, connection_id: str, messages: Mapping[str, Message]) -> Accepted:
        """Queue up to 1,000 messages, each under its idempotency key: all or none."""
        items = [{**message, "idempotency_key": key} for key, message in messages.items()]
        request = Request(
            "POST", "/send/bulk", connection_id, body={"messages": items}, repeatable=True
        )
        return await self.transport.read(request, Accepted)

    async def bulk_progress(
        self, connection_id: str, bulk_id: str, *, offset: int = 0, limit: int = 100
    ) -> Bulk:
        """Return how far a bulk is, and a page of its messages."""
        query = query_of(offset=offset, limit=limit)
        request = Request("GET", at("send", "bulk", bulk_id), connection_id, query=query)
        return await self.transport.read(request, Bulk)
