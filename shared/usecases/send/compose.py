"""From a request to the bytes that travel: sender, reply headers, MIME (DESIGN 6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.domain.connection import Connection
from shared.domain.ids import ThreadId
from shared.domain.mail_headers import decode_words, read_addresses, read_message_ids
from shared.domain.mime import build
from shared.domain.outgoing import Mailbox, Outgoing, check
from shared.domain.scopes import SETTINGS_BASIC, allowed, reads
from shared.errors import GmailNotFoundError, InvalidRequestError
from shared.ports.clock import Clock
from shared.ports.gmail import GmailObject, GmailSend
from shared.usecases.send.request import SendRequest

PARENT_HEADERS = ("Message-ID", "References", "Subject", "From", "To", "Cc", "Reply-To")
MAX_REFERENCES = 20
"""Message ids kept of a long chain: the first and the newest ones."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A finished message and the thread it joins."""

    raw: bytes
    thread_id: ThreadId | None


@dataclass(frozen=True, slots=True)
class Compose:
    """Looks up what the request only names, checks all of it and builds the MIME."""

    gmail: GmailSend
    connection: Connection
    clock: Clock
    draft: bool = False
    """Whether it may still be unfinished: without recipients, without content."""

    async def __call__(self, request: SendRequest, marker: str | None) -> Composed:
        """Answer the message.

        Raises InvalidRequestError and its kinds, and what reading Gmail raises.
        """
        if request.raw is not None:
            return Composed(request.raw, request.thread_id)
        outgoing, thread_id = await self._outgoing(request)
        check(outgoing, draft=self.draft)
        return Composed(build(outgoing, date=self.clock.now(), marker=marker), thread_id)

    async def _outgoing(self, request: SendRequest) -> tuple[Outgoing, ThreadId | None]:
        parent = await self._parent(request)
        sender = await self._sender(request)
        outgoing = Outgoing(
            sender=sender,
            to=request.to,
            cc=request.cc,
            bcc=request.bcc,
            reply_to=request.reply_to,
            subject=request.subject or "",
            text=request.text,
            html=request.html,
            attachments=request.attachments,
            headers=request.headers,
        )
        if parent is None:
            return outgoing, request.thread_id
        reply = as_reply(outgoing, _headers(parent), self.connection.email, all=request.reply_all)
        return reply, ThreadId(parent["threadId"])

    async def _parent(self, request: SendRequest) -> GmailObject | None:
        if request.reply_to_message_id is None:
            return None
        try:
            return await self.gmail.headers(request.reply_to_message_id, PARENT_HEADERS)
        except GmailNotFoundError:
            raise InvalidRequestError(
                "reply_to_message_id names no message of this mailbox.", code="unknown_message"
            ) from None

    async def _sender(self, request: SendRequest) -> Mailbox:
        """Answer who it is from: Gmail silently rewrites any other address (FACTS 5.11)."""
        own = Mailbox(self.connection.email, request.sender.name if request.sender else "")
        wanted = request.sender
        if wanted is None or wanted.address.lower() == self.connection.email.lower():
            return own
        granted = self.connection.scopes
        if reads(granted) or SETTINGS_BASIC in allowed(granted):
            for alias in await self.gmail.aliases():
                if _is_usable(alias) and alias["sendAsEmail"].lower() == wanted.address.lower():
                    return wanted
        raise InvalidRequestError(
            f"from must be {self.connection.email} or one of its verified send-as aliases.",
            code="unknown_alias",
        )


def _is_usable(alias: GmailObject) -> bool:
    status = alias.get("verificationStatus", "")
    return bool(alias.get("isPrimary")) or status == "accepted"


def as_reply(outgoing: Outgoing, parent: Mapping[str, str], own: str, *, all: bool) -> Outgoing:
    """Answer the message as a reply: recipients, subject, In-Reply-To, References (FACTS 5.3)."""
    parent_id = next(iter(read_message_ids(parent.get("message-id", ""))), None)
    to, cc = outgoing.to, outgoing.cc
    if not to:
        to = _repliable(parent.get("reply-to") or parent.get("from", ""), own)
        to = to or _repliable(parent.get("to", ""), own)
    if all:
        others = (*_repliable(parent.get("to", ""), own), *_repliable(parent.get("cc", ""), own))
        cc = _without(others, {*to, *cc}) + cc
    return Outgoing(
        sender=outgoing.sender,
        to=to,
        cc=cc,
        bcc=outgoing.bcc,
        reply_to=outgoing.reply_to,
        subject=outgoing.subject or reply_subject(parent.get("subject", "")),
        text=outgoing.text,
        html=outgoing.html,
        attachments=outgoing.attachments,
        headers=outgoing.headers,
        in_reply_to=parent_id,
        references=_chain(read_message_ids(parent.get("references", "")), parent_id),
    )


def reply_subject(subject: str) -> str:
    """Answer the subject with one "Re: "."""
    words = " ".join(decode_words(subject).split())
    return words if words.lower().startswith("re:") else f"Re: {words}"


def _chain(references: Sequence[str], parent_id: str | None) -> tuple[str, ...]:
    if parent_id is None:
        return ()
    chain = [*(reference for reference in references if reference != parent_id), parent_id]
    if len(chain) > MAX_REFERENCES:
        chain = [chain[0], *chain[-MAX_REFERENCES + 1 :]]
    return tuple(chain)


def _repliable(header: str, own: str) -> tuple[Mailbox, ...]:
    found = (Mailbox(it["email"], it["name"]) for it in read_addresses([header]))
    return tuple(it for it in found if it.address and it.address.lower() != own.lower())


def _without(mailboxes: Sequence[Mailbox], known: set[Mailbox]) -> tuple[Mailbox, ...]:
    seen = {mailbox.address.lower() for mailbox in known}
    kept: list[Mailbox] = []
    for mailbox in mailboxes:
        if mailbox.address.lower() not in seen:
            seen.add(mailbox.address.lower())
            kept.append(mailbox)
    return tuple(kept)


def _headers(message: GmailObject) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for header in message.get("payload", {}).get("headers", ()):
        found.setdefault(header["name"].lower(), header["value"])
    return found
