"""A message to send, checked field by field before anything of it leaves (DESIGN 6.4)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from shared.domain.mail.writing.header_lines import LONGEST_TOKEN
from shared.domain.mail.writing.recipients import CONTROL, MAX_RECIPIENTS, Mailbox
from shared.errors import InvalidRecipientError, InvalidRequestError, Problem, TooLargeError

MAX_HEADER_TEXT: Final = 100_000
"""Characters of all further headers together; Gmail takes 500 kB of all (FACTS 18.12)."""
MAX_ATTACHMENT_BYTES: Final = 25_000_000
MAX_MESSAGE_BYTES: Final = 36_700_160
"""The whole message in MIME, as Gmail takes it (FACTS 5.1)."""
MAX_FILENAME: Final = 255
REFUSED_HEADERS: Final = frozenset(
    {
        "apparently-to", "authentication-results", "bcc", "cc", "date", "delivered-to",
        "domainkey-signature", "from", "in-reply-to", "message-id", "mime-version", "received",
        "received-spf", "references", "reply-to", "return-path", "sender", "subject", "to",
        "x-failed-recipients", "x-original-to", "x-received",
    }
)  # fmt: skip
"""Headers that have a field of their own, or that only mail servers may write."""
REFUSED_PREFIXES: Final = (
    "arc-", "content-", "dkim-", "resent-", "x-gm-", "x-gmail-", "x-google-", "x-postroom-",
)  # fmt: skip
HEADER_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,75}")
MIME_TYPE: Final = re.compile(
    r"(?!multipart/)[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}"
    r"(; ?[A-Za-z0-9-]{1,40}=[A-Za-z0-9!#$&^_.+-]{1,100}){0,5}",
    re.IGNORECASE,
)
CONTENT_ID: Final = re.compile(r"<?[!-;=?-~]{1,255}>?")
UNSUBSCRIBE: Final = re.compile(
    r"<(https?://|mailto:)[!-;=?-~]+>(, ?<(https?://|mailto:)[!-;=?-~]+>)*"
)
BROKEN_LINE: Final = "This must not contain line breaks or control characters."


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file; with a `content_id` it is an inline image of the HTML."""

    filename: str
    mime_type: str
    content: bytes
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A recipient of the message answered that mail cannot be sent to, for the caller to see."""

    field: str
    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Everything that the MIME of a message is built from."""

    sender: Mailbox
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    subject: str = ""
    text: str | None = None
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    """Of no account to the MIME."""


def check(message: Outgoing, *, draft: bool = False) -> None:
    """Refuse what cannot be sent; a draft may still lack recipients and content.

    Raises InvalidRequestError, InvalidRecipientError, TooLargeError.
    """
    recipients = len(message.to) + len(message.cc) + len(message.bcc)
    check_recipients(recipients, draft=draft)
    empty = message.text is None and message.html is None and not message.attachments
    if empty and not draft:
        raise InvalidRequestError(
            "The message is empty: give body, text, html or attachments.", code="empty_message"
        )
    check_attachments_size(sum(len(one.content) for one in message.attachments))
    problems = [*_header_problems(message.headers), *_line_problems(message)]
    problems += [*_attachment_problems(message.attachments), *_text_problems(message)]
    if problems:
        first = problems[0]
        where = ".".join(map(str, first.path))
        raise InvalidRequestError(f"{where}: {first.message}", code=first.code, problems=problems)


def check_recipients(count: int, *, draft: bool = False) -> None:
    """Refuse none and too many. Raises InvalidRecipientError."""
    if count == 0 and not draft:
        raise InvalidRecipientError("Give at least one address in to, cc or bcc.")
    if count > MAX_RECIPIENTS:
        raise InvalidRecipientError(
            f"A message may have {MAX_RECIPIENTS} recipients, this one has {count}: send "
            "several messages.",
            code="too_many_recipients",
        )


def check_attachments_size(size: int) -> None:
    """Refuse what Gmail would refuse, in bytes before MIME. Raises TooLargeError."""
    if size > MAX_ATTACHMENT_BYTES:
        raise TooLargeError(
            f"The attachments have {size:,} bytes, a message may have {MAX_ATTACHMENT_BYTES:,}: "
            "send a link instead."
        )


def check_message_size(raw: bytes) -> bytes:
    """Return the finished message, or raise TooLargeError."""
    if len(raw) > MAX_MESSAGE_BYTES:
        raise TooLargeError(
            f"The message has {len(raw):,} bytes, Gmail takes {MAX_MESSAGE_BYTES:,}: shorten its "
            "text or send a link."
        )
    return raw


def _header_problems(headers: Mapping[str, str]) -> Iterator[Problem]:
    if sum(len(name) + len(value) for name, value in headers.items()) > MAX_HEADER_TEXT:
        text = f"All headers together may have {MAX_HEADER_TEXT:,} characters."
        yield Problem("invalid_header", text, ("headers",))
        return
    spelled: set[str] = set()
    for name, value in headers.items():
        lower = name.lower()
        if lower in spelled:
            text = f"{name} is given twice: letter case makes no second header."
            yield Problem("invalid_header", text, ("headers", name))
        spelled.add(lower)
        if not HEADER_NAME.fullmatch(name):
            yield Problem("invalid_header", "No header has such a name.", ("headers",))
        elif lower in REFUSED_HEADERS or lower.startswith(REFUSED_PREFIXES):
            text = f"{name} cannot be set here: use its own field, or leave it to Gmail."
            yield Problem("refused_header", text, ("headers", name))
        elif CONTROL.search(value):
            yield Problem("invalid_header", BROKEN_LINE, ("headers", name))
        elif any(len(word) > LONGEST_TOKEN for word in value.split()):
            text = f"A word in it has more than {LONGEST_TOKEN} characters: no line may."
            yield Problem("invalid_header", text, ("headers", name))
        elif lower == "list-unsubscribe" and not UNSUBSCRIBE.fullmatch(value.strip()):
            text = "Write <https://...>, <mailto:...> or both, separated by a comma."
            yield Problem("invalid_header", text, ("headers", name))


def _line_problems(message: Outgoing) -> Iterator[Problem]:
    """Nothing that becomes a header may hold a line break: no injection by any field."""
    lines: list[tuple[str, str]] = [("subject", message.subject)]
    people = (("from", (message.sender,)), ("to", message.to), ("cc", message.cc))
    for path, mailboxes in (*people, ("bcc", message.bcc), ("reply_to", message.reply_to)):
        lines += [(path, f"{mailbox.name}{mailbox.address}") for mailbox in mailboxes]
    lines += [("references", reference) for reference in message.references]
    lines.append(("in_reply_to", message.in_reply_to or ""))
    for path, line in lines:
        if CONTROL.search(line):
            yield Problem("invalid_header", BROKEN_LINE, (path,))


def _attachment_problems(attachments: Sequence[Attachment]) -> Iterator[Problem]:
    for place, one in enumerate(attachments):
        path = ("attachments", place)
        if not one.filename.strip() or len(one.filename) > MAX_FILENAME:
            text = f"A file name has 1 to {MAX_FILENAME} characters."
            yield Problem("invalid_attachment", text, (*path, "filename"))
        elif CONTROL.search(one.filename):
            yield Problem("invalid_attachment", BROKEN_LINE, (*path, "filename"))
        if not MIME_TYPE.fullmatch(one.mime_type):
            text = "Write a MIME type such as application/pdf."
            yield Problem("invalid_attachment", text, (*path, "mime_type"))
        if one.content_id is not None and not CONTENT_ID.fullmatch(one.content_id):
            text = "A content id is printable ASCII without spaces: logo@example.com."
            yield Problem("invalid_attachment", text, (*path, "content_id"))


def _text_problems(message: Outgoing) -> Iterator[Problem]:
    for path, text in (("text", message.text), ("html", message.html)):
        try:
            (text or "").encode()
        except UnicodeEncodeError:
            yield Problem("invalid_text", "This holds half a character: send valid UTF-8.", (path,))
