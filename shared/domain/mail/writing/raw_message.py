"""A finished message that a caller hands over: what must hold before it may be sent."""

import re
from collections.abc import Iterable, Sequence
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32
from typing import Final

from shared.domain.mail.reading.address_list import read_address, read_addresses
from shared.domain.mail.reading.email_message import EmailMessage
from shared.domain.mail.reading.mail_headers import MARKER_HEADER
from shared.domain.mail.writing.header_lines import tokens_line
from shared.domain.mail.writing.outgoing import check_message_size, check_recipients
from shared.domain.mail.writing.recipients import strict_addresses
from shared.errors import InvalidRecipientError, InvalidRequestError, Problem

MAX_HEADERS: Final = 500_000
RECIPIENTS: Final = ("to", "cc", "bcc")
REPLY_HEADERS: Final = ("in-reply-to", "references")
_FOLD: Final = re.compile(r"\r?\n(?=[ \t])")
_HEADER: Final = re.compile(rb"\A[!-9;-~]+[ \t]*:")


def check_raw(raw: bytes, *, draft: bool = False) -> str | None:
    """Return the address in From, if there is one.

    Raises InvalidRequestError (`invalid_raw`, `refused_header`), InvalidRecipientError,
    TooLargeError.
    """
    check_message_size(raw)
    if not _HEADER.match(raw):
        raise InvalidRequestError(
            "raw is no message: it must begin with a header line such as `To: a@example.com`.",
            code="invalid_raw",
        )
    headers = BytesHeaderParser(policy=compat32).parsebytes(raw[:MAX_HEADERS])
    if MARKER_HEADER in headers:
        raise InvalidRequestError(f"{MARKER_HEADER} cannot be set here.", code="refused_header")
    found = _addresses(headers, (*RECIPIENTS, "from"))
    check_recipients(sum(len(found[name]) for name in RECIPIENTS), draft=draft)
    if len(found["from"]) > 1:
        raise InvalidRequestError("From takes one address.", code="unknown_alias")
    return found["from"][0] if found["from"] else None


def still_answering(raw: bytes, replaced: EmailMessage) -> bytes:
    """Return a finished message with the reply headers of the one it replaces, if it has none.

    Gmail keeps a draft in its conversation by its headers as well as by its thread (FACTS 5.3).
    """
    headers = BytesHeaderParser(policy=compat32).parsebytes(raw[:MAX_HEADERS])
    if any(name.lower() in REPLY_HEADERS for name in headers):
        return raw
    answered = {
        "In-Reply-To": [replaced["inReplyTo"]] if replaced["inReplyTo"] else [],
        "References": replaced["references"],
    }
    lines = [tokens_line(name, ids) for name, ids in answered.items() if ids]
    newline = "\n" if b"\n" in raw and b"\r\n" not in raw else "\r\n"
    return "".join(lines).replace("\r\n", newline).encode("ascii", "replace") + raw


def header_addresses(name: str, values: Iterable[str]) -> list[str]:
    """Return the addresses of a header's raw values: the one reading of what is sent.

    Raises InvalidRecipientError, which names the header and never what it says.
    """
    try:
        unfolded = [_FOLD.sub("", _as_utf8(value)) for value in values]
        return [one["email"] for value in unfolded for one in strict_addresses(value)]
    except ValueError as error:
        problem = Problem("invalid_recipient", str(error), (name,))
        text = f"The addresses in {name} cannot be used; see errors."
        raise InvalidRecipientError(text, problems=[problem]) from None


def read_header_lines(raw: bytes) -> list[tuple[str, str]]:
    """Return the headers as they travel: unfolded, encoded words as they are. Never raises."""
    headers = BytesHeaderParser(policy=compat32).parsebytes(raw)
    return [(name, _FOLD.sub("", _as_utf8(str(value)))) for name, value in headers.raw_items()]


def with_addresses_of(parent: EmailMessage, head: bytes) -> EmailMessage:
    """Return the message with its addresses as its own header lines name them.

    Gmail hands out headers with their encoded words decoded, where a comma or a bracket of a
    display name looks like one of the list's.
    """
    lines = read_header_lines(head)

    def values(wanted: str) -> list[str]:
        return [value for name, value in lines if name.lower() == wanted]

    read = parent.copy()
    read["from"] = read_address(next(iter(values("from")), ""))
    read["to"], read["cc"] = read_addresses(values("to")), read_addresses(values("cc"))
    read["replyTo"] = read_addresses(values("reply-to"))
    return read


def _addresses(headers: "Message[str, str]", names: Sequence[str]) -> dict[str, list[str]]:
    """Read all of them, so that one error names every bad header."""
    found: dict[str, list[str]] = {}
    problems: list[Problem] = []
    for name in names:
        try:
            values = [value for key, value in headers.raw_items() if key.lower() == name]
            found[name] = header_addresses(name, map(str, values))
        except InvalidRecipientError as error:
            problems += error.problems
    if problems:
        text = f"{len(problems)} of the address headers cannot be used; see errors."
        raise InvalidRecipientError(text, problems=problems)
    return found


def _as_utf8(value: str) -> str:
    """Return the value's bytes as RFC 6532 reads them; others stay what no address may hold."""
    return value.encode("ascii", "surrogateescape").decode("utf-8", "surrogateescape")
