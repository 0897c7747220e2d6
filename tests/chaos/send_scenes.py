"""What can befall a send: scenes that between them pass every await of the sending code."""

from base64 import b64encode
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from infra.local.google.mail.aliases import add_alias
from shared.domain.connect.connection import ConnectionStatus
from shared.domain.connect.scopes import MODIFY, SEND
from shared.domain.send.entry import send_id
from shared.domain.send.request import SendRequest
from shared.errors import (
    ConflictError,
    GmailRefusedError,
    GmailUnavailableError,
    GrantRevokedError,
    PostroomError,
    StoreUnavailableError,
    TransientError,
    UnknownConnectionError,
)
from tests.chaos.lossy import Script
from tests.harness.google import ADA
from tests.harness.sending import BOB, CONNECTION, SendHarness, mail, request, sign, with_status

NOISE = b64encode(Random(1).randbytes(700_000)).decode()
Fields = dict[str, Any]
BIG_TEXT = (
    b"From: bob@acme.example\r\nSubject: F\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n'
    + b"x" * 600_000
    + b"\r\n--b\r\nContent-Type: a/b\r\nContent-Disposition: attachment; filename=f\r\n\r\ny"
    + b"\r\n--b--"
)


async def nothing(harness: SendHarness, key: str) -> None:
    """Do nothing in between."""


Mishap = tuple[str, str, Exception]
"""`port.method`, before or after it, and what it raises."""


@dataclass(frozen=True)
class Scene:
    """A send: its faults, what it holds, and what somebody else does to it half-way.

    `sure`: it must arrive once and be known to have; else at most once, and never wrongly told.
    """

    name: str
    faults: tuple[tuple[str, str], ...] = ()
    fields: Callable[[SendHarness], Fields] = lambda _: {}
    between: Callable[[SendHarness, str], Awaitable[None]] = nothing
    scopes: tuple[str, ...] = (MODIFY,)
    sure: bool = True
    mishaps: tuple[Mishap, ...] = ()
    repeats: bool = True
    """Whether the client repeats its request before the background has its turn."""

    def __str__(self) -> str:
        return self.name

    def asked(self, harness: SendHarness, key: str) -> SendRequest:
        """Return the request; its subject names the key."""
        fields = {"to": BOB, "subject": f"No {key}", "body": "Once.", **self.fields(harness)}
        if "raw" in fields:
            return SendRequest(raw=fields["raw"].replace(b"KEY", key.encode()))
        return request(**fields)

    async def act(self, harness: SendHarness, key: str, asked: SendRequest) -> None:
        """Send, let others meddle, let the background go on, and repeat the request."""
        for fault, method in self.faults:
            harness.fault(fault, method)
        script = Script({})
        for call, side, error in self.mishaps:
            script.mishaps.setdefault(call, []).append((side, error))
        harness.wrap = script.over
        with suppress(PostroomError):
            await harness.send_email.preview(await harness.connection(), asked)
        await self._send(harness, key, asked)
        await self.between(harness, key)
        if self.repeats:
            harness.advance(timedelta(minutes=3))
            await self._send(harness, key, asked)
        for _ in range(40):
            if not await self._later(harness, key):
                break

    async def _send(self, harness: SendHarness, key: str, asked: SendRequest) -> None:
        with suppress(TransientError, UnknownConnectionError):
            await harness.send_email(CONNECTION, asked, key)

    async def _later(self, harness: SendHarness, key: str) -> bool:
        """Let time pass to when it is due; False where nobody waits for it any more."""
        found = await harness.store.sends.get(send_id(CONNECTION, key))
        if found is None or found.value.state.final or found.value.next_due_at is None:
            return False
        wait = found.value.next_due_at - harness.clock.now()
        harness.advance(max(wait, timedelta(0)) + timedelta(milliseconds=1))
        with suppress(TransientError):
            await harness.finish_due()
        return True


def reply(harness: SendHarness) -> Fields:
    return {"reply_to_message_id": harness.deliver(mail(Message_ID="<p@x>")), "quote": True}


PICTURE = (
    f"From: {BOB}\r\nTo: {ADA}\r\nSubject: Look\r\nMessage-ID: <i@x>\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/related; boundary="i"\r\n\r\n'
    '--i\r\nContent-Type: text/html\r\n\r\n<img src="cid:pic@x">Seen\r\n'
    "--i\r\nContent-Type: image/png\r\nContent-ID: <pic@x>\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--i--\r\n"
).encode()


def signed_reply(harness: SendHarness) -> Fields:
    sign(harness, ADA, "Ada &amp; Co")
    return {**short_reply(harness), "signature": True}


def reply_with_images(harness: SendHarness) -> Fields:
    return {"reply_to_message_id": harness.deliver(PICTURE), "quote": True, "html": "<p>Yes</p>"}


def reply_to_a_name_that_may_be_two(harness: SendHarness) -> Fields:
    parent = harness.deliver(mail(From=f"=?utf-8?q?ann=40far.example=2C_Bob?= <{BOB}>"))
    return {"reply_to_message_id": parent, "to": None}


def short_reply(harness: SendHarness) -> Fields:
    return {"reply_to_message_id": harness.deliver(mail(Message_ID="<p@x>"))}


def thread(harness: SendHarness) -> Fields:
    harness.deliver(mail(Message_ID="<t@x>"))
    return {"thread_id": harness.google.store.messages(ADA)[0]["threadId"]}


def thread_of_its_own(harness: SendHarness) -> Fields:
    return {**thread(harness), "to": None}


def forward(harness: SendHarness) -> Fields:
    sent = harness.deliver(BIG_TEXT)
    part = {"filename": "p", "message_id": sent, "part_id": "1"}
    return {"forward_message_id": sent, "attachments": [part]}


def large(_: SendHarness) -> Fields:
    return {"attachments": [{"filename": "a", "content_base64": NOISE}]}


def later(harness: SendHarness) -> Fields:
    return {"send_at": (harness.clock.now() + timedelta(hours=1)).isoformat()}


def raw(_: SendHarness) -> Fields:
    return {"raw": f"From: {ADA}\r\nTo: {BOB}\r\nSubject: No KEY\r\n\r\nRaw.\r\n".encode()}


async def remove_draft(harness: SendHarness, key: str) -> None:
    draft = (await harness.entry(key)).draft_id
    with suppress(PostroomError):
        await harness.gmail.of(CONNECTION).call("DELETE", f"/drafts/{draft}")


async def send_by_hand(harness: SendHarness, key: str) -> None:
    with suppress(PostroomError):
        await harness.gmail.of(CONNECTION).send_draft((await harness.entry(key)).draft_id or "")


async def edit_draft(harness: SendHarness, key: str) -> None:
    entry, edited = await harness.entry(key), f"To: {BOB}\r\nSubject: Edited\r\n\r\nx".encode()
    with suppress(PostroomError):
        await harness.gmail.of(CONNECTION).update_draft(entry.draft_id or "", edited, None)


async def disconnect(harness: SendHarness, _: str) -> None:
    await with_status(harness, ConnectionStatus.DISCONNECTING)


async def another_is_held(harness: SendHarness, key: str) -> None:
    harness.advance(timedelta(seconds=4))
    harness.fault("mail_not_enabled", "drafts.create")
    with suppress(PostroomError):
        asked = request(to=ADA, subject="Another", body="Held too.")
        await harness.send_email(CONNECTION, asked, f"beside-{key}")


async def revoke(harness: SendHarness, _: str) -> None:
    harness.tokens.revoked = True


async def revoke_for_a_while(harness: SendHarness, _: str) -> None:
    harness.tokens.revoked = True
    harness.advance(timedelta(minutes=5))
    with suppress(TransientError):
        await harness.finish_due()
    harness.tokens.revoked = False


async def a_day_passes(harness: SendHarness, _: str) -> None:
    harness.advance(timedelta(hours=25))


def _next(harness: SendHarness, mishap: Mishap) -> None:
    call, side, error = mishap
    harness.wrap = Script({call: [(side, error)]}).over


async def refuse_next(harness: SendHarness, _: str) -> None:
    _next(harness, refused("gmail.send_draft"))


async def gone_next(harness: SendHarness, _: str) -> None:
    _next(harness, refused("gmail.send_draft", 404))


def alias(harness: SendHarness) -> Fields:
    add_alias(harness.google.store, ADA, "sales@acme.example")
    return {"from": "Sales <sales@acme.example>"}


def direct(_: SendHarness) -> Fields:
    return {"delivery": "direct"}


def gone(call: str) -> Mishap:
    return (call, "before", GmailUnavailableError("no route", sent=False))


def refused(call: str, status: int = 403) -> Mishap:
    return (call, "before", GmailRefusedError("No.", status=status, reason="domainPolicy"))


def store_lost(call: str, side: str) -> Mishap:
    return (call, side, StoreUnavailableError("lost"))


def revoked(call: str) -> Mishap:
    return (call, "before", GrantRevokedError("revoked"))


def crashed(call: str, side: str) -> Mishap:
    return (call, side, KeyError("a fault of our own code"))


def taken(call: str) -> Mishap:
    return (call, "before", ConflictError("somebody else wrote"))


LOST_DRAFTS = (("drop_response", "drafts.create"), *((("status_503", "drafts.list"),) * 3))
UNMADE = (("drop_request", "drafts.create"),)
LIMITED_DRAFT = (("status_429", "drafts.create"),)
LIMITED = (("status_429", "drafts.send"),)
HEARD_NOT = (("drop_response", "messages.send"),)
LOST = (("drop_request", "messages.send"),)
CLOSED = (("mail_not_enabled", "drafts.create"),)
UNREADABLE = (("mail_not_enabled", "messages.get"), ("mail_not_enabled", "threads.get")) * 3
UNCLEAR = (("drop_request", "drafts.send"),)
BLIND = (("drop_response", "drafts.send"), *((("status_503", "threads.get"),) * 3))
SCENES = (
    Scene("plain"),
    Scene("draft answered late", (("drop_response", "drafts.create"),)),
    Scene("draft lost", (("drop_request", "drafts.create"),)),
    Scene("draft answered late and found late", LOST_DRAFTS),
    Scene("draft refused for its rate", (("status_429", "drafts.create"),)),
    Scene("send answered late", (("drop_response", "drafts.send"),)),
    Scene("send answered late to one who cannot look", BLIND),
    Scene("send lost", UNCLEAR),
    Scene("send lost twice", UNCLEAR * 2),
    Scene("send refused for its rate", (("status_429", "drafts.send"),)),
    Scene("send failing", (("status_500", "drafts.send"),)),
    Scene("short reply", fields=short_reply),
    Scene("signed reply", fields=signed_reply),
    Scene("reply with quotation", fields=reply),
    Scene("reply with images", fields=reply_with_images),
    Scene("reply to a name that may be two", fields=reply_to_a_name_that_may_be_two),
    Scene("into a thread", fields=thread),
    Scene("answer to a thread", fields=thread_of_its_own),
    Scene("forward with files", fields=forward),
    Scene("large", LOST_DRAFTS, fields=large),
    Scene("for later", fields=later),
    Scene("finished message", fields=raw),
    Scene("draft removed", UNCLEAR, between=remove_draft, sure=False),
    Scene("draft removed before", LIMITED, between=remove_draft, sure=False),
    Scene("draft sent by hand", LIMITED, between=send_by_hand, sure=False),
    Scene("draft edited", UNCLEAR, between=edit_draft, sure=False),
    Scene("disconnected", UNCLEAR, between=disconnect, sure=False),
    Scene("disconnected before", UNMADE, between=disconnect, sure=False),
    Scene("from an alias", fields=alias),
    Scene("unclear for a day", UNCLEAR * 2, between=a_day_passes, sure=False),
    Scene("revoked", UNCLEAR, between=revoke, sure=False),
    Scene("revoked for a while", UNCLEAR, between=revoke_for_a_while),
    Scene("revoked at once", mishaps=(revoked("gmail.create_draft"),), sure=False),
    Scene("limited for a day", LIMITED_DRAFT * 2, between=a_day_passes, sure=False),
    Scene("draft lost, nobody repeats", (("drop_request", "drafts.create"),), repeats=False),
    Scene("draft refused", mishaps=(refused("gmail.create_draft"),), sure=False),
    Scene("draft not taken", mishaps=(refused("gmail.send_draft"),), sure=False),
    Scene("draft not taken, still there", mishaps=(refused("gmail.send_draft", 400),), sure=False),
    Scene("second send refused", UNCLEAR, between=refuse_next, sure=False),
    Scene("second send on what is gone", UNCLEAR, between=gone_next, sure=True),
    Scene("held", CLOSED, repeats=False),
    Scene("held with another", CLOSED, between=another_is_held, repeats=False),
    Scene("held as a draft", (("domain_policy", "drafts.send"),), repeats=False),
    Scene("held for a day", CLOSED * 2, between=a_day_passes, sure=False),
    Scene("held before it could be composed", UNREADABLE, fields=reply, repeats=False),
    Scene("no way to Gmail", mishaps=(gone("gmail.create_draft"), gone("gmail.send_draft"))),
    Scene("create unheard", mishaps=(store_lost("sends.create", "after"),)),
    Scene("create unmade", mishaps=(store_lost("sends.create", "before"),)),
    Scene("write unheard", mishaps=(store_lost("sends.swap", "after"),)),
    Scene("write unmade", mishaps=(store_lost("sends.swap", "before"),) * 2),
    Scene("end unheard", mishaps=(store_lost("sends.conclude", "after"),)),
    Scene("overtaken", mishaps=(taken("sends.swap"),)),
    Scene("draft crashed", mishaps=(crashed("gmail.create_draft", "before"),)),
    Scene("draft made and crashed", mishaps=(crashed("gmail.create_draft", "after"),)),
    Scene("sent and crashed", mishaps=(crashed("gmail.send_draft", "after"),)),
    Scene("direct with reading", HEARD_NOT, fields=direct, sure=False),
    Scene("direct with reading, lost", LOST, fields=direct, sure=False),
    Scene("direct without a way", mishaps=(gone("gmail.send"),), scopes=(SEND,), sure=False),
    Scene("direct refused", mishaps=(refused("gmail.send"),), scopes=(SEND,), sure=False),
    Scene("direct", scopes=(SEND,), sure=False),
    Scene("direct, lost", (("drop_response", "messages.send"),), scopes=(SEND,), sure=False),
    Scene("direct, limited", (("status_429", "messages.send"),), scopes=(SEND,), sure=False),
)  # fmt: skip
