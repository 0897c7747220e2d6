"""Answering and passing on: recipients, subject, references, quotation (FACTS 5.3).

The parent is mail from outside: nothing of it may fail a send or add a header line.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from html import escape
from typing import Final, Literal

from shared.domain.mail.reading.address_list import Address
from shared.domain.mail.reading.email_message import EmailMessage
from shared.domain.mail.reading.mail_headers import read_message_ids
from shared.domain.mail.reading.markup.html_text import text_to_html
from shared.domain.mail.writing.outgoing import LeftOut, Outgoing
from shared.domain.mail.writing.own_addresses import OwnAddresses
from shared.domain.mail.writing.passed_files import issued_ids
from shared.domain.mail.writing.quoted_html import quoted_html
from shared.domain.mail.writing.recipients import CONTROL, MAX_NAME, Mailbox, checked_address
from shared.errors import InvalidRecipientError, Problem

_COPIES: Final[tuple[Literal["to", "cc"], ...]] = ("to", "cc")
NO_ADDRESSES: Final = OwnAddresses()
MAX_REFERENCES: Final = 20
"""Message ids kept of a long chain: the first and the newest ones."""
_ID: Final = re.compile(r"<[!-;=?-~]{1,800}>")
_COUNTED: Final = r"(?:\s*[\[(]\d{1,4}[\])])?\s*[:\uff1a]"
_REPLY: Final = re.compile(
    r"(?:re|aw|antw|antwort|sv|vs|odp|odpowied\u017a|rif|ris|res|ref|ynt|atb|v\u00e1|bls|resp|\u03b1\u03c0"
    r"|\u03c3\u03c7\u03b5\u03c4|\u043e\u0442\u0432|\u0432\u0456\u0434\u043f|\u56de\u590d|\u56de\u8986|\u7b54\u590d|\u8fd4\u4fe1|\ud68c\uc2e0|\ub2f5\uc7a5|\u05d4\u05e9\u05d1|\u0631\u062f)"
    + _COUNTED,
    re.IGNORECASE,
)
"""How mailers of many languages begin the subject of a reply: English, German, Dutch, Nordic,
Polish, Italian, Portuguese, Turkish, Welsh, Hungarian, Indonesian, Greek, Russian, Ukrainian,
Chinese, Japanese, Korean, Hebrew, Arabic."""
_FORWARD: Final = re.compile(
    r"(?:fwd?|wg|tr|rv|enc|vb|vl|doorst|pd|\u0130lt|ilt|\u03c0\u03c1\u03b8|\u043f\u0435\u0440|\u8f6c\u53d1|\u8f49\u5bc4|\u8ee2\u9001|\uc804\ub2ec)"
    + _COUNTED,
    re.IGNORECASE,
)
"""The same of a forwarded message."""


def reply_subject(subject: str) -> str:
    """Return the subject of a reply: one that is marked already, in whatever language, stays."""
    words = _words(subject)
    return words if _REPLY.match(words) else f"Re: {words}".strip()


def forward_subject(subject: str) -> str:
    """Return the subject of a forwarded message."""
    words = _words(subject)
    return words if _FORWARD.match(words) else f"Fwd: {words}".strip()


def as_reply(
    outgoing: Outgoing, parent: EmailMessage, own: Iterable[str], *, to_all: bool, quote: bool
) -> Outgoing:
    """Return the message as a reply to `parent`; `own` are this mailbox's addresses.

    Recipients the caller named stay. Where it named none the sender is answered or, where the
    parent is this mailbox's own mail, those it went to. Raises InvalidRecipientError where none
    of them can be written to: other recipients are never taken instead.
    """
    mine = OwnAddresses.of(own)
    answered = _People(outgoing.to) if outgoing.to else _answer(parent, mine)
    to, cc, left_out = answered.reachable, outgoing.cc, answered.left_out
    if to_all:
        also = [_people(field, parent[field], mine) for field in _COPIES]
        others = [mailbox for people in also for mailbox in people.reachable]
        cc = (*cc, *_without(others, (*to, *cc, *outgoing.bcc)))
        told = {one.address: one for people in also for one in people.left_out}
        left_out = tuple({**told, **{one.address: one for one in left_out}}.values())
    subject = outgoing.subject or reply_subject(parent["subject"])
    answer = replace(in_thread(outgoing, parent), to=to, cc=cc, subject=subject, left_out=left_out)
    return _quoting(answer, parent, _wrote_line(parent)) if quote else answer


def as_forward(outgoing: Outgoing, parent: EmailMessage, *, quote: bool) -> Outgoing:
    """Return the message as `parent` passed on; its files are the caller's to add."""
    subject = outgoing.subject or forward_subject(parent["subject"])
    passed = replace(in_thread(outgoing, parent), subject=subject)
    if not quote:
        return passed
    if passed.html is None and parent["html"]:
        passed = replace(passed, html=text_to_html(passed.text or ""))
    return _quoting(passed, parent, _forward(parent), indented=False)


def in_thread(outgoing: Outgoing, parent: EmailMessage) -> Outgoing:
    """Return the message with In-Reply-To and References; a parent without an id has neither."""
    found = _ID.search(parent["messageId"] or "")
    if found is None:
        return outgoing
    return replace(outgoing, in_reply_to=found[0], references=_chain(_before(parent), found[0]))


def _before(parent: EmailMessage) -> Sequence[str]:
    """Return what the parent came after; its In-Reply-To where that is all (RFC 5322, 3.6.4)."""
    return parent["references"] or [parent["inReplyTo"] or ""]


def in_conversation(outgoing: Outgoing, replaced: EmailMessage) -> Outgoing:
    """Return the message in the place of an unfinished one: what that answers stays answered.

    Without a subject of its own it keeps the reply's, which Gmail threads by (FACTS 5.3).
    """
    answered = _ID.search(replaced["inReplyTo"] or "")
    references = tuple(one for one in replaced["references"] if _ID.fullmatch(one))
    if answered is None and not references:
        return outgoing
    return replace(
        outgoing,
        in_reply_to=answered[0] if answered else None,
        references=references,
        subject=outgoing.subject or _words(replaced["subject"]),
    )


def _chain(references: Sequence[str], parent_id: str) -> tuple[str, ...]:
    """Return the parent's references and the parent, each once, a long chain cut in its middle."""
    clean = [one for one in read_message_ids(" ".join(references)) if _ID.fullmatch(one)]
    chain = list(dict.fromkeys(one for one in clean if one != parent_id))
    chain.append(parent_id)
    if len(chain) > MAX_REFERENCES:
        chain = [chain[0], *chain[-MAX_REFERENCES + 1 :]]
    return tuple(chain)


def _answer(parent: EmailMessage, mine: OwnAddresses) -> "_People":
    """Return whom a reply goes to. Raises InvalidRecipientError."""
    sender = [parent["from"]]
    if parent["isSent"]:  # by Gmail's label: anyone may write our address into From
        readers = _people("to", parent["to"], mine)
        to_oneself = parent["to"] and not (readers.reachable or readers.left_out)
        answered = _people("to", sender, NO_ADDRESSES) if to_oneself else readers
    else:
        answered = _people("to", parent["replyTo"], mine)
        if not answered.reachable:
            answered = _people("to", sender, NO_ADDRESSES)
    if not answered.reachable:
        raise _unanswerable(answered.left_out)
    return answered


def _unanswerable(left_out: Sequence[LeftOut]) -> InvalidRecipientError:
    text = "The message cannot be answered: there is no address that mail can be sent to. Give to."
    problem = Problem("invalid_recipient", text, ("to",))
    addresses = tuple(one.address for one in left_out if one.address)
    return InvalidRecipientError(text, problems=[problem], addresses=addresses)


@dataclass(frozen=True, slots=True)
class _People:
    """Recipients, each once, and those that mail cannot be sent to."""

    reachable: tuple[Mailbox, ...]
    left_out: tuple[LeftOut, ...] = ()


def _people(field: str, addresses: Iterable[Address], mine: OwnAddresses) -> _People:
    """Return those of a field, without oneself."""
    found: dict[str, Mailbox] = {}
    left_out: dict[str, LeftOut] = {}
    for one in addresses:
        if mine.include(one["email"]):
            continue
        try:
            address = checked_address(one["email"])
        except ValueError as error:
            shown = (one["email"] or one["name"])[:MAX_NAME]
            left_out.setdefault(shown, LeftOut(field, shown, str(error)))
            continue
        name = _words(one["name"])[:MAX_NAME].strip()
        found.setdefault(address.lower(), Mailbox(address, name))
    return _People(tuple(found.values()), tuple(left_out.values()))


def _without(mailboxes: Iterable[Mailbox], known: Iterable[Mailbox]) -> tuple[Mailbox, ...]:
    """Return each once, without those known already."""
    seen = {mailbox.address.lower() for mailbox in known}
    found: dict[str, Mailbox] = {}
    for mailbox in mailboxes:
        if mailbox.address.lower() not in seen:
            found.setdefault(mailbox.address.lower(), mailbox)
    return tuple(found.values())


def _words(text: str) -> str:
    """Return the text on one line: encoded words may hide line breaks."""
    return " ".join(CONTROL.sub(" ", text).split())


def _quoting(
    message: Outgoing, parent: EmailMessage, heading: Sequence[str], *, indented: bool = True
) -> Outgoing:
    """Append the parent to the text, and to the HTML where there is one."""
    mark = "> " if indented else ""
    quoted = "\n".join(f"{mark}{line}".rstrip() for line in parent["text"].splitlines())
    text = None
    if message.text is not None or message.html is None:
        text = "\n".join([message.text or "", "", *heading, "", quoted]).lstrip("\n")
    if message.html is None:
        return replace(message, text=text)
    original = parent["html"] or text_to_html(parent["text"])
    original = quoted_html(original, _scope(parent), issued_ids(parent))
    return replace(
        message, text=text, html=message.html + _quoted_html(heading, original, indented=indented)
    )


def _quoted_html(heading: Sequence[str], original: str, *, indented: bool) -> str:
    style = "margin:0 0 0 .8ex;border-left:1px #ccc solid;padding-left:1ex"
    inner = f'<blockquote class="gmail_quote" style="{style}">{original}</blockquote>'
    shown = "<br>".join(escape(line, quote=False) for line in heading)
    whole = inner if indented else original
    return (
        f'<br><div class="gmail_quote"><div class="gmail_attr">{shown}<br></div><br>{whole}</div>'
    )


def _scope(parent: EmailMessage) -> str:
    """Return a class that no other message quoted in the same thread has."""
    return f"quoted-{sha256(parent['id'].encode('utf-8', 'replace')).hexdigest()[:12]}"


def _wrote_line(parent: EmailMessage) -> list[str]:
    return [f"On {_date(parent)}, {_person_text(parent['from'])} wrote:"]


def _forward(parent: EmailMessage) -> list[str]:
    lines = [
        "---------- Forwarded message ---------",
        f"From: {_person_text(parent['from'])}",
        f"Date: {_date(parent)}",
        f"Subject: {_words(parent['subject'])}",
    ]
    for name, people in (("To", parent["to"]), ("Cc", parent["cc"])):
        if people:
            lines.append(f"{name}: {', '.join(map(_person_text, people))}")
    return lines


def _date(parent: EmailMessage) -> str:
    return parent["date"][:16].replace("T", " ") + " UTC"


def _person_text(person: Address) -> str:
    name, address = _words(person["name"]), _words(person["email"])
    return f"{name} <{address}>" if name else f"<{address}>"
