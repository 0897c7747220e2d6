"""Submitting mail and reading back what became of it: GmailSend and GmailCalls over HTTP.

Nothing but GETs is ever made twice (FACTS 5.6).
"""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import orjson

from shared.adapters.gmail.answers import (
    an_object,
    read_aliases,
    read_call,
    read_data,
    read_draft,
    read_drafts,
    read_message,
    read_next_page,
    read_refs,
    read_sent,
    read_thread,
)
from shared.adapters.gmail.requests import SEND_TIMEOUT, Call, GmailRequests
from shared.domain.base64url import decode_base64url
from shared.domain.google.refusals import NOT_A_DRAFT, NOT_FOUND
from shared.domain.ids import MessageId, PageToken, ThreadId
from shared.domain.mail.reading.email_parts import as_object, as_text, find_part, walk
from shared.errors import GmailNotFoundError, GmailRefusedError, InvalidRequestError
from shared.ports.google.gmail import Draft, GmailObject, MessageRef, Sent

MAX_JSON_BYTES: Final = 3_500_000
"""Raw mail beyond this goes through the upload endpoint (FACTS 5.1)."""
_DRAFT_FIELDS: Final = (
    "fields",
    "drafts(id,message(id,threadId)),nextPageToken,resultSizeEstimate",
)
_PAGE: Final = ("maxResults", "500")


ALIASES_HELD: Final = timedelta(minutes=5)
"""How late an alias made in Gmail may be known here, where nothing asks for it by name."""
UNHELD: Final = datetime.min.replace(tzinfo=UTC)


@dataclass
class HeldAliases:
    """The mailbox's send-as list as it was read last."""

    aliases: Sequence[GmailObject] = ()
    ends_at: datetime = UNHELD


@dataclass(frozen=True)
class HttpGmailSend:
    """GmailSend and GmailCalls over HTTP."""

    requests: GmailRequests
    held: HeldAliases = field(default_factory=HeldAliases)

    async def send(self, raw: bytes, thread_id: ThreadId | None) -> Sent:
        """messages.send."""
        message = {"threadId": thread_id} if thread_id else {}
        call = _submission("/messages/send", raw, message)
        return await self.requests.request(call, read_sent)

    async def create_draft(self, raw: bytes, thread_id: ThreadId | None) -> Draft:
        """drafts.create."""
        message = {"threadId": thread_id} if thread_id else {}
        return await self.requests.request(_submission("/drafts", raw, message), read_draft)

    async def update_draft(self, id: str, raw: bytes, thread_id: ThreadId | None) -> Draft:
        """drafts.update."""
        message = {"threadId": thread_id} if thread_id else {}
        call = _submission(f"/drafts/{quote(id, safe='')}", raw, message)
        try:
            return await self.requests.request(replace(call, method="PUT"), read_draft)
        except GmailRefusedError as error:
            if _is_gone(error):
                raise GmailNotFoundError from error
            raise

    async def get_draft(self, id: str) -> Draft | None:
        """drafts.get, or None where it is gone."""
        path = f"/drafts/{quote(id, safe='')}"
        try:
            return await self.requests.get(path, read_draft, ("format", "minimal"))
        except GmailRefusedError as error:
            if _is_gone(error):
                return None
            raise

    async def recent_drafts(self, since: datetime) -> Sequence[Draft]:
        """drafts.list, every page."""
        found: list[Draft] = []
        page: PageToken | None = None
        query = (("q", f"after:{int(since.timestamp())}"), _PAGE, _DRAFT_FIELDS)
        while True:
            token = (("pageToken", page),) if page else ()
            drafts, page = await self.requests.get("/drafts", read_drafts, *query, *token)
            found += drafts
            if page is None:
                return found

    async def send_draft(self, id: str) -> Sent:
        """drafts.send."""
        call = Call("POST", "/drafts/send", content=orjson.dumps({"id": id}), timeout=SEND_TIMEOUT)
        try:
            return await self.requests.request(call, read_sent)
        except GmailRefusedError as error:
            if _is_gone(error):
                raise GmailNotFoundError from error
            raise

    async def headers(self, id: MessageId, names: Sequence[str]) -> GmailObject:
        """messages.get, format=metadata."""
        return await self.requests.get(
            f"/messages/{quote(id, safe='')}", read_message(id, full=False), *_metadata(names)
        )

    async def thread_headers(self, id: ThreadId, names: Sequence[str]) -> Sequence[GmailObject]:
        """threads.get, format=metadata."""
        return await self.requests.get(
            f"/threads/{quote(id, safe='')}", read_thread, *_metadata(names)
        )

    async def sent_since(self, since: datetime) -> Sequence[MessageRef]:
        """messages.list of `in:sent`, every page."""
        found: list[MessageRef] = []
        page: PageToken | None = None
        query = (("q", f"in:sent after:{int(since.timestamp())}"), _PAGE)
        while True:
            token = (("pageToken", page),) if page else ()
            refs, page = await self.requests.get("/messages", _read_refs, *query, *token)
            found += refs
            if page is None:
                return found

    async def aliases(self, *, fresh: bool = False) -> Sequence[GmailObject]:
        """settings.sendAs.list, held for ALIASES_HELD; changes made by `call` are seen at once."""
        now = self.requests.clock.now()
        if fresh or now >= self.held.ends_at:
            found = await self.requests.get("/settings/sendAs", read_aliases)
            self.held.aliases, self.held.ends_at = found, now + ALIASES_HELD
        return self.held.aliases

    async def attachment(self, message_id: MessageId, part_id: str) -> bytes:
        """Find the part in format=full, then attachments.get (FACTS 4.5)."""
        message = f"/messages/{quote(message_id, safe='')}"
        attachment_id, data = await self.requests.get(
            message,
            lambda answer: _content(an_object(answer["payload"]), part_id),
            ("format", "full"),
            _PAYLOAD,
        )
        if not attachment_id:
            return data
        return await self.requests.get(
            f"{message}/attachments/{quote(attachment_id, safe='')}",
            read_data,
        )

    async def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | Sequence[str]] | None = None,
        body: Any = None,
    ) -> Any:
        """Any method of the API, by its path below the mailbox."""
        pairs = _pairs(query or {})
        _check_path(path)
        if method.upper() == "GET":
            return await self.requests.get(path, read_call("GET", path), *pairs)
        content = None if body is None else orjson.dumps(body)
        call = Call(method.upper(), path, pairs, content)
        try:
            return await self.requests.request(call, read_call(call.method, path))
        finally:
            if path.startswith("/settings/sendAs"):
                self.held.ends_at = UNHELD


_PAYLOAD: Final = ("fields", "payload")


def _submission(path: str, raw: bytes, message: Mapping[str, Any]) -> Call:
    """Raw mail as JSON, or as an upload where it is large; `message` carries the thread."""
    draft = path.startswith("/drafts")
    if len(raw) <= MAX_JSON_BYTES:
        resource = {**message, "raw": urlsafe_b64encode(raw).decode()}
        content = orjson.dumps({"message": resource} if draft else resource)
        return Call("POST", path, content=content, timeout=SEND_TIMEOUT)
    if not message:
        query = (("uploadType", "media"),)
        return Call("POST", path, query, raw, "message/rfc822", upload=True, timeout=SEND_TIMEOUT)
    boundary = secrets.token_hex(16)
    metadata = orjson.dumps({"message": message} if draft else message)
    return Call(
        "POST",
        path,
        (("uploadType", "multipart"),),
        _multipart(boundary.encode(), metadata, raw),
        f"multipart/related; boundary={boundary}",
        upload=True,
        timeout=SEND_TIMEOUT,
    )


def _multipart(boundary: bytes, metadata: bytes, raw: bytes) -> bytes:
    return b"".join(
        (
            b"--%b\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n" % boundary,
            metadata,
            b"\r\n--%b\r\nContent-Type: message/rfc822\r\n\r\n" % boundary,
            raw,
            b"\r\n--%b--\r\n" % boundary,
        )
    )


def no_such_part(payload: Mapping[str, Any]) -> GmailNotFoundError:
    """Return the error, unless the parts have no ids at all. Raises TypeError then."""
    if not all(isinstance(part.get("partId"), str) for part, _ in walk(payload)):
        raise TypeError
    return GmailNotFoundError("The message has no such part.")


def _content(payload: Mapping[str, Any], part_id: str) -> tuple[str, bytes]:
    """Return the part's attachment id, or the bytes that came inline."""
    part = find_part(payload, part_id)
    if part is None:
        raise no_such_part(payload)
    body = as_object(part.get("body"))
    return as_text(body.get("attachmentId")), decode_base64url(as_text(body.get("data")))


def _is_gone(error: GmailRefusedError) -> bool:
    """Whether the draft is; Gmail has another word for it too, with a 400 (FACTS 5.8)."""
    return error.about in {NOT_FOUND.about, NOT_A_DRAFT.about}


def _metadata(names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return (("format", "metadata"), *(("metadataHeaders", name) for name in names))


def _pairs(query: Mapping[str, str | Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, value)
        for name, given in query.items()
        for value in ([given] if isinstance(given, str) else given)
    )


def _check_path(path: str) -> None:
    """Refuse a path that would leave the mailbox: the address is built from it."""
    first, *segments = path.split("/")
    clean = path.isprintable() and not set(path) & set("?#\\%")
    if first or not segments or not clean or any(part in {"", ".", ".."} for part in segments):
        raise InvalidRequestError("The path must be one of Gmail's, below the mailbox.")


def _read_refs(answer: Mapping[str, Any]) -> tuple[list[MessageRef], PageToken | None]:
    return read_refs(answer), read_next_page(answer)
