"""What Gmail writes into a message that its API takes in: so recorded of drafts and sent mail.

A Received line comes first, From is the account's, Date and Message-Id come last; a MIME-Version
that is missing stays missing.
"""

import re
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Final

from infra.local.google.mail.headers import split_head

PACIFIC: Final = timezone(timedelta(hours=-7))
"""Where Google's clocks stand; summer time, which needs no time zone data on the machine."""

_FIELD_END: Final = re.compile(rb"\r?\n(?![ \t])")
_TRACE: Final = "from 418219127036 named unknown by gmailapi.google.com with HTTPREST; {}"


def stamp(moment: datetime) -> str:
    """Return the moment as Google dates mail."""
    return format_datetime(moment.astimezone(PACIFIC))


def with_received(raw: bytes, moment: datetime) -> bytes:
    """Return the message with the API's Received line before everything else."""
    head, body = split_head(raw)
    return _join([_field("Received", _TRACE.format(stamp(moment))), *_fields(head)], head, body)


def with_sender(raw: bytes, sender: str, message_id: str, moment: datetime) -> bytes:
    """Return the message with this From, a Date if it had none, and this Message-Id."""
    head, body = split_head(raw)
    kept = [field for field in _fields(head) if _name(field) != b"message-id"]
    names = [_name(field) for field in kept]
    written = _field("From", sender)
    if b"from" in names:
        kept[names.index(b"from")] = written
    else:
        kept.insert(_after_traces(names), written)
    if b"date" not in names:
        kept.append(_field("Date", stamp(moment)))
    return _join([*kept, _field("Message-Id", message_id)], head, body)


def _fields(head: bytes) -> list[bytes]:
    return [field for field in _FIELD_END.split(head) if field]


def _name(field: bytes) -> bytes:
    return field.partition(b":")[0].strip().lower()


def _field(name: str, value: str) -> bytes:
    return f"{name}: {value}".encode()


def _after_traces(names: list[bytes]) -> int:
    return next((place for place, name in enumerate(names) if name != b"received"), len(names))


def _join(fields: list[bytes], head: bytes, body: bytes) -> bytes:
    end = b"\r\n" if b"\r\n" in head or not head else b"\n"
    return end.join(fields) + end + end + body
