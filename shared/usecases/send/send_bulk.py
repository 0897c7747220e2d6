"""Accept many messages at once: each a ledger entry, submitted later at a steady pace (API 6.5)."""

from asyncio import Semaphore, gather
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from shared.domain.connect.connection import Connection
from shared.domain.ids import ConnectionId
from shared.domain.mail.writing.outgoing import Attachment, Outgoing, check
from shared.domain.mail.writing.raw_message import check_raw
from shared.domain.mail.writing.recipients import Mailbox
from shared.domain.send.bulk import BULK_LIFETIME, MAX_BULK, BulkSend
from shared.domain.send.entry import SendEntry
from shared.domain.send.request import SendRequest
from shared.domain.validation import place_problems
from shared.errors import (
    AlreadyExistsError,
    ConflictError,
    IdempotencyConflictError,
    InvalidRequestError,
    Problem,
    QueueUnavailableError,
    StoreUnavailableError,
    TooLargeError,
)
from shared.ports.clock import Clock
from shared.ports.connections import Connections, Grants
from shared.ports.google.oauth import Sealer
from shared.ports.queue import Queue, QueueName, Task
from shared.ports.sends import BulkSends, Sends
from shared.usecases.send.kept import SealedRequests
from shared.usecases.send.rules import BULK_TASK, checked_key, delivery_mode
from shared.usecases.send.send_email import found_connection, new_entry

CREATED_AT_ONCE: Final = 20
MOST_PROBLEMS: Final = 100


@dataclass(frozen=True, slots=True)
class BulkMessage:
    """One message and its own idempotency key."""

    request: SendRequest
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class SendBulk:
    """All or nothing: either every message is accepted or none is."""

    connections: Connections
    grants: Grants
    sends: Sends
    bulk_sends: BulkSends
    sealer: Sealer
    queue: Queue
    clock: Clock

    async def __call__(
        self,
        connection_id: ConnectionId,
        messages: Sequence[BulkMessage],
        *,
        trace_id: str | None = None,
    ) -> BulkSend:
        """Return the bulk, durably accepted; the same messages again are the same bulk.

        Raises UnknownConnectionError, MissingScopeError, InvalidRequestError with every problem by
        its place, IdempotencyConflictError, StoreUnavailableError (send all of it again).
        """
        connection = await found_connection(self.connections, connection_id)
        _check(connection, messages)
        entries = self._entries(connection, messages, trace_id)
        await self._refuse_conflicts(entries)
        await self._create(entries, messages)
        bulk = await self._bulk(connection_id, entries)
        with suppress(QueueUnavailableError):  # else reconcile finds it
            await self.queue.enqueue(Task(BULK_TASK, {"id": bulk.id}, QueueName.BULK))
        return bulk

    def _entries(
        self, connection: Connection, messages: Sequence[BulkMessage], trace_id: str | None
    ) -> list[SendEntry]:
        now = self.clock.now()
        made = [
            new_entry(
                connection.id,
                message.request,
                message.idempotency_key,
                delivery_mode(connection, message.request),
                now,
            )
            for message in messages
        ]
        bulk_id = _bulk_id(connection.id, made)
        expires_at = now + BULK_LIFETIME
        return [
            replace(entry, bulk_id=bulk_id, expires_at=expires_at, trace_id=trace_id)
            for entry in made
        ]

    async def _refuse_conflicts(self, entries: Sequence[SendEntry]) -> None:
        known: Mapping[str, SendEntry] = await self.sends.many([entry.id for entry in entries])
        places = [
            place
            for place, entry in enumerate(entries)
            if entry.id in known and known[entry.id].request_hash != entry.request_hash
        ]
        if places:
            raise IdempotencyConflictError(
                "These messages have keys that were used with other bodies, so none was accepted: "
                + ", ".join(f"messages.{place}" for place in places[:MOST_PROBLEMS])
            )

    async def _create(self, entries: Sequence[SendEntry], messages: Sequence[BulkMessage]) -> None:
        kept = SealedRequests(self.grants, self.sealer)
        data_key = await kept.data_key(entries[0].connection_id)
        turns = Semaphore(CREATED_AT_ONCE)

        async def create(entry: SendEntry, message: BulkMessage) -> None:
            id, connection_id = entry.id, entry.connection_id
            sealed = await kept.seal(id, connection_id, message.request, data_key)
            async with turns:
                with suppress(AlreadyExistsError):  # an earlier try of the same call, or one send
                    await self.sends.create(replace(entry, request=sealed))

        await gather(*(create(*pair) for pair in zip(entries, messages, strict=True)))

    async def _bulk(self, connection_id: ConnectionId, entries: Sequence[SendEntry]) -> BulkSend:
        now = self.clock.now()
        bulk = BulkSend(
            id=entries[0].bulk_id or "",
            connection_id=connection_id,
            sends=tuple(entry.id for entry in entries),
            created_at=now,
            updated_at=now,
            next_due_at=now,
            expires_at=now + BULK_LIFETIME,
        )
        try:
            return (await self.bulk_sends.create(bulk)).value
        except (ConflictError, StoreUnavailableError):
            found = await self.bulk_sends.get(bulk.id)
            if found is None:
                raise
            return found.value


def _bulk_id(connection_id: ConnectionId, entries: Sequence[SendEntry]) -> str:
    """Return the same id for the same messages: a repeated call finds its bulk again."""
    told = "".join(f"{entry.id}{entry.request_hash}" for entry in entries)
    return sha256(f"{connection_id}\0{told}".encode()).hexdigest()[:32]


def _check(connection: Connection, messages: Sequence[BulkMessage]) -> None:
    if not 0 < len(messages) <= MAX_BULK:
        raise InvalidRequestError(f"messages takes 1 to {MAX_BULK:,} messages.")
    problems: list[Problem] = []
    seen: set[str] = set()
    for place, message in enumerate(messages):
        try:
            checked_key(message.idempotency_key)
            _check_one(connection, message.request)
        except InvalidRequestError as error:
            problems += place_problems(error, "messages", place)
        if message.idempotency_key in seen:
            text = "Another message of this call has the same idempotency_key."
            path = ("messages", place, "idempotency_key")
            problems.append(Problem("duplicate_key", text, path))
        seen.add(message.idempotency_key)
    if problems:
        first = problems[0]
        where = ".".join(map(str, first.path))
        raise InvalidRequestError(
            f"{where}: {first.message} None was accepted.",
            code=first.code,
            problems=problems[:MOST_PROBLEMS],
        )


def _check_one(connection: Connection, request: SendRequest) -> None:
    """Refuse what needs no look into the mailbox to be refused; the rest fails on its own."""
    if request.send_at is not None:
        raise InvalidRequestError("send_at is for single sends.", code="invalid_send_at")
    if len(request.freeze()) > MAX_MESSAGE:
        raise TooLargeError(f"A message of a bulk may have {MAX_MESSAGE:,} bytes.")
    if request.raw is not None:
        check_raw(request.raw)
    elif not (request.reply_to_message_id or request.forward_message_id or request.thread_id):
        check(_static(connection, request))


MAX_MESSAGE: Final = 430_000
"""Bytes of a request, its attachments in base64: sealed, it must fit a document."""


def _static(connection: Connection, request: SendRequest) -> Outgoing:
    """Return the message with empty files in place of those still to be fetched."""
    files = tuple(
        Attachment(one.filename, one.mime_type, one.content or b"", one.content_id)
        for one in request.attachments
    )
    return Outgoing(
        sender=request.sender or Mailbox(connection.email),
        to=request.to,
        cc=request.cc,
        bcc=request.bcc,
        reply_to=request.reply_to,
        subject=request.subject or "",
        text=request.text,
        html=request.html,
        attachments=files,
        headers=request.headers,
    )
