"""To whom a finished message would go, read so strictly that no program reads it otherwise.

Where a policy restricts recipients, a header that two programs might read in two ways is refused:
Gmail must not find a recipient that was not seen here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.policy import compat32
from typing import Final

from shared.domain.mail.reading.mail_headers import decode_words
from shared.domain.mail.writing.raw_message import RECIPIENTS, header_addresses
from shared.errors import InvalidRecipientError, InvalidRequestError

MAX_HEAD: Final = 500_000
_END: Final = re.compile(rb"\r?\n\r?\n")
_ODD_BYTES: Final = re.compile(rb"\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_FOLD: Final = re.compile(r"\r?\n(?=[ \t])")
_NOT_READ: Final = ("resent-", "apparently-to", "x-original-to", "delivered-to", "envelope-to")
"""Headers that some programs deliver by."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Addresses as they would be written to, and what the message is called."""

    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    subject: str = ""
    headers: tuple[str, ...] = ()
    """Names of all headers."""

    @property
    def recipients(self) -> tuple[str, ...]:
        """All addresses of the three fields."""
        return (*self.to, *self.cc, *self.bcc)


def envelope_of(raw: bytes) -> Envelope:
    """Return a message's envelope. Raises InvalidRequestError (`ambiguous_recipients`)."""
    end = _END.search(raw)
    head = raw[: end.end()] if end else raw
    if len(head) > MAX_HEAD or _ODD_BYTES.search(head):
        raise _ambiguous()
    headers = BytesHeaderParser(policy=compat32).parsebytes(head)
    if headers.defects:
        raise _ambiguous()
    return _envelope([(name, str(value)) for name, value in headers.raw_items()])


def _envelope(headers: Sequence[tuple[str, str]]) -> Envelope:
    if any(name.lower().startswith(_NOT_READ) for name, _ in headers):
        raise _ambiguous()
    found = {name: _addresses(name, headers) for name in RECIPIENTS}
    subjects = [_FOLD.sub("", value) for name, value in headers if name.lower() == "subject"]
    subject = decode_words(subjects[0]) if subjects else ""
    return Envelope(**found, subject=subject, headers=tuple(name for name, _ in headers))


def _addresses(wanted: str, headers: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    values = [value for name, value in headers if name.lower() == wanted]
    try:
        return tuple(header_addresses(wanted, values))
    except InvalidRecipientError:
        raise _ambiguous() from None


def _ambiguous() -> InvalidRequestError:
    return InvalidRequestError(
        "To whom this message would go can be read in more than one way, so this key's policy "
        "cannot allow it: write plain To, Cc and Bcc headers, or use the fields of send-email.",
        code="ambiguous_recipients",
    )
