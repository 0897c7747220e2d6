"""A finished message that a caller hands over: what must hold before it may be sent."""

import re
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32
from typing import Final

from shared.domain.address_list import read_addresses
from shared.domain.outgoing import check_message_size, check_recipients
from shared.domain.recipients import checked_address
from shared.domain.send import MARKER_HEADER
from shared.errors import InvalidRecipientError, InvalidRequestError, Problem

MAX_HEADERS: Final = 500_000
_RECIPIENTS: Final = ("to", "cc", "bcc")
_HEADER: Final = re.compile(rb"\A[!-9;-~]+[ \t]*:")


def check_raw(raw: bytes, *, draft: bool = False) -> str | None:
    """Answer the address in From, if there is one.

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
    _check_addresses(headers, draft=draft)
    senders = _read(headers, "from")
    if len(senders) > 1:
        raise InvalidRequestError("From takes one address.", code="unknown_alias")
    return senders[0] if senders else None


def _check_addresses(headers: "Message[str, str]", *, draft: bool) -> None:
    found = [(name, address) for name in _RECIPIENTS for address in _read(headers, name)]
    problems = [
        Problem("invalid_recipient", text, (name,))
        for name, address in found
        if (text := _wrong(address)) is not None
    ]
    if problems:
        raise InvalidRecipientError(
            f"{len(problems)} of the addresses cannot be used; see errors.", problems=problems
        )
    check_recipients(len(found), draft=draft)


def _read(headers: "Message[str, str]", name: str) -> list[str]:
    values = [str(value) for value in headers.get_all(name, [])]
    return [one["email"] for one in read_addresses(values) if one["email"] or one["name"]]


def _wrong(address: str) -> str | None:
    try:
        checked_address(address)
    except ValueError as error:
        return str(error)
    return None
