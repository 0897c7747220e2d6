"""From a request to the bytes that travel: sender, parent, files, MIME (DESIGN 6.4)."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from shared.domain.connect.connection import Connection
from shared.domain.connect.scopes import reads
from shared.domain.ids import MessageId, ThreadId
from shared.domain.mail.reading.address_list import is_unmistakable
from shared.domain.mail.reading.email_message import EmailMessage, unfetched_bodies
from shared.domain.mail.reading.email_parts import as_object, headers_of
from shared.domain.mail.writing.given_threading import with_given_threading
from shared.domain.mail.writing.mime import build, mark_raw
from shared.domain.mail.writing.outgoing import (
    MAX_ATTACHMENT_BYTES,
    Attachment,
    LeftOut,
    Outgoing,
    check,
    check_attachments_size,
    check_message_size,
)
from shared.domain.mail.writing.passed_files import PassedFile, passed_files
from shared.domain.mail.writing.raw_message import check_raw, with_addresses_of
from shared.domain.mail.writing.recipients import Mailbox
from shared.domain.mail.writing.reply import (
    as_forward,
    as_reply,
    in_conversation,
    in_thread,
    reply_subject,
)
from shared.domain.mail.writing.signature import with_signature
from shared.domain.send.request import AskedAttachment, SendRequest
from shared.errors import (
    GmailRefusedError,
    InvalidRecipientError,
    InvalidRequestError,
    Problem,
)
from shared.ports.clock import Clock
from shared.ports.google.gmail import Gmail, GmailObject
from shared.usecases.off_loop import off_loop
from shared.usecases.send.send_as import SendAs
from shared.usecases.sync.work.reading import read

T = TypeVar("T")
PARENT_HEADERS: Final = (
    "Message-ID", "In-Reply-To", "References", "Subject", "From", "To", "Cc", "Reply-To", "Date",
)  # fmt: skip
UNUSABLE: Final = frozenset({400, 404})
"""Gmail's answers to an id it does not know, or that cannot be one (FACTS 14.1)."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A finished message and the thread it joins."""

    raw: bytes
    thread_id: ThreadId | None
    left_out: tuple[LeftOut, ...] = ()
    """For the caller's answer alone."""


@dataclass(frozen=True, slots=True)
class Compose:
    """Looks up what the request only names, checks all of it and builds the MIME."""

    gmail: Gmail
    connection: Connection
    clock: Clock
    draft: bool = False
    """Whether it may still be unfinished: without recipients, without content."""
    replaced: EmailMessage | None = None
    """The draft's message whose place it takes: its thread, and what it answers, are kept."""

    @property
    def _send_as(self) -> SendAs:
        return SendAs(self.gmail, self.connection)

    async def __call__(self, request: SendRequest, marker: str | None) -> Composed:
        """Return the message, bearing `marker` where one is given.

        Raises InvalidRequestError and its kinds, and what reading Gmail raises.
        """
        if request.raw is not None:
            return await self._finish(request, request.raw, marker)
        composed, thread_id = await self._outgoing(request)
        outgoing = with_given_threading(composed)
        check(outgoing, draft=self.draft)
        size = sum(len(one.content) for one in outgoing.attachments)
        size += len(outgoing.text or "") + len(outgoing.html or "")
        size += sum(map(len, outgoing.headers.values()))
        date = self.clock.now()
        raw = await off_loop(size, build, outgoing, date=date, marker=marker)
        return Composed(check_message_size(raw), thread_id, outgoing.left_out)

    async def _finish(self, request: SendRequest, raw: bytes, marker: str | None) -> Composed:
        sender = await off_loop(len(raw), check_raw, raw, draft=self.draft)
        if sender is not None:
            await self._send_as.sender(Mailbox(sender))
        sent = mark_raw(raw, marker) if marker is not None else raw
        return Composed(check_message_size(sent), request.thread_id)

    async def _outgoing(self, request: SendRequest) -> tuple[Outgoing, ThreadId | None]:
        outgoing = Outgoing(
            sender=await self._send_as.sender(request.sender),
            to=request.to,
            cc=request.cc,
            bcc=request.bcc,
            reply_to=request.reply_to,
            subject=request.subject or "",
            text=request.text,
            html=request.html,
            attachments=await self._attachments(request.attachments),
            headers=request.headers,
        )
        if request.forward_message_id is not None:
            outgoing = await self._sign(outgoing, request)
            return await self._forward(outgoing, request, request.forward_message_id)
        if request.reply_to_message_id is not None:
            return await self._reply(outgoing, request, request.reply_to_message_id)
        if request.thread_id is not None and reads(self.connection.scopes):
            return await self._joining(outgoing, request, request.thread_id)
        outgoing = await self._sign(outgoing, request)
        if request.thread_id is None and self.replaced is not None:
            return in_conversation(outgoing, self.replaced), ThreadId(self.replaced["threadId"])
        return outgoing, request.thread_id

    async def _reply(
        self, outgoing: Outgoing, request: SendRequest, id: MessageId
    ) -> tuple[Outgoing, ThreadId]:
        quote = bool(request.quote)
        reading = self.gmail.message(id) if quote else self.gmail.headers(id, PARENT_HEADERS)
        text = "reply_to_message_id names no message of this mailbox."
        found = await _require_known(reading, text, "unknown_message")
        read_so_far = await (self._with_bodies(found) if quote else read(found))
        parent = await self._as_addressed(read_so_far, found, request)
        outgoing = await self._from_addressed(outgoing, request, parent)
        own = [one.address for one in await self._send_as.addresses()]
        size = parent["sizeEstimate"]
        reply = await off_loop(
            size, as_reply, outgoing, parent, own, to_all=request.reply_all, quote=quote
        )
        if quote and reply.html is not None:
            images = [one for one in passed_files(parent, shown=True) if one.content_id]
            room = MAX_ATTACHMENT_BYTES - sum(len(one.content) for one in reply.attachments)
            if sum(one.size for one in images) <= room:  # a quotation never stops an answer
                files = (*reply.attachments, *await self._files_of(parent, images))
                reply = replace(reply, attachments=files)
        return reply, _thread(parent, request)

    async def _forward(
        self, outgoing: Outgoing, request: SendRequest, id: MessageId
    ) -> tuple[Outgoing, ThreadId]:
        parent = await self._whole(id)
        quote = request.quote is not False
        passed = await off_loop(parent["sizeEstimate"], as_forward, outgoing, parent, quote=quote)
        along = passed_files(parent, shown=quote and passed.html is not None)
        files = (*passed.attachments, *await self._files_of(parent, along))
        return replace(passed, attachments=files), _thread(parent, request)

    async def _from_addressed(
        self, outgoing: Outgoing, request: SendRequest, parent: EmailMessage
    ) -> Outgoing:
        """Return the message, signed, from whom the parent was written to, or the caller says."""
        if request.sender is None and (found := await self._send_as.written_to(parent)) is not None:
            outgoing = replace(outgoing, sender=found)
        return await self._sign(outgoing, request)

    async def _sign(self, outgoing: Outgoing, request: SendRequest) -> Outgoing:
        """Return the message with the signature that is asked for; one without content has none."""
        passed_on = request.forward_message_id is not None
        empty = outgoing.text is None and outgoing.html is None and not outgoing.attachments
        if not request.signature or (empty and not passed_on):
            return outgoing
        signature = await self._send_as.asked_signature(request.signature, outgoing.sender)
        size = len(outgoing.text or "") + len(outgoing.html or "")
        return await off_loop(size, with_signature, outgoing, signature)

    async def _joining(
        self, outgoing: Outgoing, request: SendRequest, id: ThreadId
    ) -> tuple[Outgoing, ThreadId]:
        """Continue a thread by its last message: the three things that threading takes."""
        found = await _require_known(
            self.gmail.thread_headers(id, PARENT_HEADERS),
            "thread_id names no thread of this mailbox.",
            "unknown_thread",
        )
        if not found:
            raise InvalidRequestError(
                "thread_id names no thread of this mailbox.", code="unknown_thread"
            )
        last = _last(found)
        parent = await read(last)
        if outgoing.to or outgoing.cc or outgoing.bcc:
            outgoing = await self._sign(outgoing, request)
            subject = outgoing.subject or reply_subject(parent["subject"])
            return replace(in_thread(outgoing, parent), subject=subject), id
        parent = await self._as_addressed(parent, last, request)
        outgoing = await self._from_addressed(outgoing, request, parent)
        own = [one.address for one in await self._send_as.addresses()]
        return as_reply(outgoing, parent, own, to_all=request.reply_all, quote=False), id

    async def _as_addressed(
        self, parent: EmailMessage, found: GmailObject, request: SendRequest
    ) -> EmailMessage:
        """Return the parent with the addresses that its own header lines name.

        Gmail hands out headers decoded, where a name may look like a recipient; they are asked for
        as they travelled, 20 units, only where that can be. Raises InvalidRecipientError where the
        grant does not let them be read.
        """
        if request.to and not request.reply_all:
            return parent
        names = {"from", "reply-to"}
        if request.reply_all or parent["isSent"]:
            names |= {"to", "cc"}
        if all(map(is_unmistakable, headers_of(as_object(found.get("payload")), names))):
            return parent
        if not reads(self.connection.scopes):
            text = "Its recipients can be read in two ways, and this grant shows only one: give to."
            problem = Problem("invalid_recipient", text, ("to",))
            raise InvalidRecipientError(text, problems=[problem])
        head = await self.gmail.head(MessageId(parent["id"]))
        return await off_loop(len(head), with_addresses_of, parent, head)

    async def _whole(self, id: MessageId) -> EmailMessage:
        text = "forward_message_id names no message of this mailbox."
        return await self._with_bodies(
            await _require_known(self.gmail.message(id), text, "unknown_message")
        )

    async def _with_bodies(self, found: GmailObject) -> EmailMessage:
        id = MessageId(found["id"])
        bodies = {part: await self.gmail.attachment(id, part) for part in unfetched_bodies(found)}
        return await read(found, bodies)

    async def _files_of(
        self, parent: EmailMessage, files: Sequence[PassedFile]
    ) -> tuple[Attachment, ...]:
        """Fetch files of the parent. Raises TooLargeError before the first."""
        check_attachments_size(sum(one.size for one in files))
        id = MessageId(parent["id"])
        return tuple(
            [
                Attachment(
                    one.filename,
                    one.mime_type,
                    await self.gmail.attachment(id, one.part_id),
                    one.content_id,
                )
                for one in files
            ]
        )

    async def _attachments(self, asked: Sequence[AskedAttachment]) -> tuple[Attachment, ...]:
        check_attachments_size(sum(len(one.content or b"") for one in asked))
        found = []
        for place, one in enumerate(asked):
            content = one.content
            if content is None:
                content = await self._part(one, place)
            found.append(Attachment(one.filename, one.mime_type, content, one.content_id))
        return tuple(found)

    async def _part(self, asked: AskedAttachment, place: int) -> bytes:
        text = (
            f"attachments.{place}: this mailbox has no such message, or the message no such part."
        )
        part = self.gmail.attachment(asked.message_id or MessageId(""), asked.part_id or "")
        return await _require_known(part, text, "unknown_attachment", ("attachments", place))


async def _require_known(
    reading: Awaitable[T], message: str, code: str, path: tuple[str | int, ...] = ()
) -> T:
    """Return what is read, or say in the caller's words that there is no such thing."""
    try:
        return await reading
    except GmailRefusedError as error:
        if error.status not in UNUSABLE:
            raise
        problems = [Problem(code, message, path)] if path else []
        raise InvalidRequestError(message, code=code, problems=problems) from None


def _last(messages: Sequence[GmailObject]) -> GmailObject:
    """Return a thread's last message that was sent or received: a draft has no lasting id."""
    kept = [one for one in messages if "DRAFT" not in one.get("labelIds", ())]
    return (kept or messages)[-1]


def _thread(parent: EmailMessage, request: SendRequest) -> ThreadId:
    thread_id = ThreadId(parent["threadId"])
    if request.thread_id not in {None, thread_id}:
        raise InvalidRequestError(
            "The message answered or passed on is in another thread: leave thread_id out.",
            code="unknown_thread",
        )
    return thread_id
