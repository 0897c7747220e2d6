"""A message to send, checked field by field before anything of it leaves (DESIGN 6)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from email.errors import InvalidHeaderDefect
from email.headerregistry import Address
from email.policy import SMTP

from shared.errors import InvalidRecipientError, InvalidRequestError, Problem, TooLargeError

MAX_RECIPIENTS = 500
"""Per message through the API (FACTS 1.10)."""
MAX_ATTACHMENT_BYTES = 25_000_000
MAX_ADDRESS = 254
REFUSED_HEADERS = frozenset(
    {
        "bcc", "cc", "content-disposition", "content-id", "content-transfer-encoding",
        "content-type", "date", "from", "in-reply-to", "message-id", "mime-version", "received",
        "references", "reply-to", "return-path", "sender", "subject", "to", "dkim-signature",
        "x-postroom-send",
    }
)  # fmt: skip
"""Headers that have a field of their own, or that only mail servers may write."""
HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,75}")
LOCAL_PART = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
DOMAIN = re.compile(r"(?=.{1,253}$)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name in any script, and an address in ASCII."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file; with a `content_id` it is an inline image of the HTML."""

    filename: str
    mime_type: str
    content: bytes
    content_id: str | None = None


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


def parse_mailboxes(value: str | Iterable[str] | None, path: str) -> tuple[Mailbox, ...]:
    """Read one field of recipients: a header-like string, a list of them, "" or None.

    Raises InvalidRecipientError naming each bad one by its place, never by its text.
    """
    if value is None:
        return ()
    texts = [value] if isinstance(value, str) else list(value)
    found: list[Mailbox] = []
    problems: list[Problem] = []
    for place, text in enumerate(texts):
        try:
            found.extend(_mailboxes(text))
        except ValueError as error:
            problems.append(Problem("invalid_recipient", str(error), (path, place)))
    if problems:
        message = f"{path}: {len(problems)} of the addresses cannot be used; see errors."
        raise InvalidRecipientError(message, problems=problems)
    return tuple(found)


def _mailboxes(text: str) -> list[Mailbox]:
    if not text.strip():
        return []
    if CONTROL.search(text):
        raise ValueError("An address must not contain line breaks or control characters.")
    header = SMTP.header_factory("To", text)
    if any(isinstance(defect, InvalidHeaderDefect) for defect in header.defects):
        raise ValueError("This is no address: write 'Name <name@example.com>' or the address.")
    addresses: Iterable[Address] = header.addresses
    return [Mailbox(checked_address(it.addr_spec), it.display_name) for it in addresses]


def checked_address(address: str) -> str:
    """Answer the address with its domain in ASCII. Raises ValueError."""
    local, at, domain = address.strip().rpartition("@")
    if not at or len(address) > MAX_ADDRESS or not LOCAL_PART.fullmatch(local):
        raise ValueError("This is no address: the part before the @ is missing or not ASCII.")
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueError("This is no address: its domain is not a host name.") from None
    if not DOMAIN.fullmatch(domain):
        raise ValueError("This is no address: its domain is not a host name.")
    return f"{local}@{domain}"


def check(message: Outgoing, *, draft: bool = False) -> None:
    """Refuse what cannot be sent; a draft may still lack recipients and content.

    Raises InvalidRequestError, InvalidRecipientError, TooLargeError.
    """
    recipients = len(message.to) + len(message.cc) + len(message.bcc)
    if recipients == 0 and not draft:
        raise InvalidRecipientError("Give at least one address in to, cc or bcc.")
    if recipients > MAX_RECIPIENTS:
        raise InvalidRecipientError(
            f"A message may have {MAX_RECIPIENTS} recipients, this one has {recipients}: send "
            "several messages."
        )
    empty = message.text is None and message.html is None and not message.attachments
    if empty and not draft:
        raise InvalidRequestError(
            "The message is empty: give body, text, html or attachments.", code="empty_message"
        )
    _check_size(message.attachments)
    problems = [*_header_problems(message.headers), *_line_problems(message)]
    if problems:
        raise InvalidRequestError("Some headers cannot be used; see errors.", problems=problems)


def _check_size(attachments: Sequence[Attachment]) -> None:
    size = sum(len(attachment.content) for attachment in attachments)
    if size > MAX_ATTACHMENT_BYTES:
        raise TooLargeError(
            f"The attachments have {size:,} bytes, Gmail takes {MAX_ATTACHMENT_BYTES:,}: send a "
            "link instead."
        )


def _header_problems(headers: Mapping[str, str]) -> list[Problem]:
    problems = []
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name):
            problems.append(Problem("invalid_header", "No header has such a name.", ("headers",)))
        elif name.lower() in REFUSED_HEADERS:
            text = f"{name} cannot be set here: use its own field, or leave it to Gmail."
            problems.append(Problem("refused_header", text, ("headers", name)))
        elif CONTROL.search(value):
            text = "A header value must not contain line breaks."
            problems.append(Problem("invalid_header", text, ("headers", name)))
    return problems


def _line_problems(message: Outgoing) -> list[Problem]:
    """Nothing that becomes a header may hold a line break: no injection by any field."""
    lines: dict[str, str] = {"subject": message.subject}
    for place, attachment in enumerate(message.attachments):
        lines[f"attachments.{place}"] = (
            f"{attachment.filename}{attachment.mime_type}{attachment.content_id or ''}"
        )
    for place, mailbox in enumerate((message.sender, *message.reply_to)):
        lines[f"from.{place}"] = mailbox.name
    text = "This must not contain line breaks or control characters."
    return [
        Problem("invalid_header", text, (path,))
        for path, line in lines.items()
        if CONTROL.search(line)
    ]
