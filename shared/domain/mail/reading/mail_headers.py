"""Header values of mail as the real world writes them: encoded words, ids, dates.

Everything here takes any text, in time linear in its length, and never raises.
"""

import binascii
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from shared.domain.mail.reading.charset_text import decode_text

MARKER_HEADER: Final = "X-Postroom-Send"
DRAFT_HEADER: Final = "X-Postroom-Draft"
"""On drafts that a call of ours kept; they cannot bear a send's marker."""
_WORD: Final = re.compile(r"=\?([^?\s]{1,75})\?([bBqQ])\?([^?]*)\?=")
_MESSAGE_ID: Final = re.compile(r"<[^<>\s\x00-\x1f\x7f-\x9f]+>")

MAX_DATE: Final = 200
"""Characters; the reader of the standard library takes more than linear time."""
_COMMENT: Final = re.compile(r"\([^()]*\)")
_CLOCK: Final = re.compile(
    r"(?P<date>[^:]{1,60}?\d{1,2}:\d{2}(?::\d{2})?)(?:\.\d{1,9})?"
    r"(?P<zone>(?:\s+(?!\d{4}\b)|(?=[+-]))[^:]*?(?::\d{2})?[^:]*?|)(?:\s+(?P<year>\d{4}))?\s*"
)
_COUNTED_YEAR: Final = re.compile(r"(?<=[\s-])\d{3}(?=\s)")
"""Years since 1900, as programs wrote them that were not made for 2000 (RFC 5322, 4.3)."""
_OFFSET: Final = re.compile(r"(?:[A-Z]{0,5}\s*)([+-])(\d{1,2}):?(\d{2})?(?:\s*[A-Z]{1,5})?")
_FARTHEST_ZONE: Final = 15
ZONES: Final = {
    **dict.fromkeys(("", "Z", "UT", "UTC", "GMT", "WET"), "+0000"),
    **dict.fromkeys(("CET", "MET", "WEST", "BST"), "+0100"),
    **dict.fromkeys(("CEST", "MEST", "EET", "SAST"), "+0200"),
    **dict.fromkeys(("EEST", "MSK"), "+0300"),
    **dict.fromkeys(("HKT", "SGT", "AWST"), "+0800"),
    **dict.fromkeys(("JST", "KST"), "+0900"),
    "AEST": "+1000",
    "AEDT": "+1100",
    "NZST": "+1200",
    "NZDT": "+1300",
    "EST": "-0500",
    "EDT": "-0400",
    "CST": "-0600",
    "CDT": "-0500",
    "MST": "-0700",
    "MDT": "-0600",
    "PST": "-0800",
    "PDT": "-0700",
    "AKST": "-0900",
    "AKDT": "-0800",
    "HST": "-1000",
}
"""Zones by a name that means one of them; those of North America as RFC 5322 has them."""


def decode_words(value: str) -> str:
    """Decode RFC 2047 encoded words, also where they touch other text.

    Neighbours in one charset are joined before decoding: mailers cut characters in two.
    """
    if "=?" not in value:
        return value
    text: list[str] = []
    held: list[bytes] = []
    held_charset, end = "", 0
    for word in _WORD.finditer(value):
        between = value[end : word.start()]
        charset = word[1].partition("*")[0].lower()  # RFC 2231 puts a language behind it
        neighbour = end > 0 and not between.strip()
        if not (neighbour and charset == held_charset):
            text.append(decode_text(b"".join(held), held_charset))
            held.clear()
        if not neighbour:
            text.append(between)
        held.append(_word_bytes(word[2], word[3]))
        held_charset, end = charset, word.end()
    return "".join([*text, decode_text(b"".join(held), held_charset), value[end:]])


def _word_bytes(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    try:
        return binascii.a2b_base64(data + b"===")
    except binascii.Error:
        return data


def read_message_ids(value: str) -> list[str]:
    """Return the ids of a References or In-Reply-To header, in order, with their brackets.

    Where none has brackets, all its words that may be ids; no half of one, nothing unseen.
    """
    return _MESSAGE_ID.findall(value) or [one for one in value.split() if _is_bare_id(one)]


def _is_bare_id(word: str) -> bool:
    return word.isprintable() and not {*"<>"} & {*word}


def read_message_id(value: str) -> str | None:
    """Return the first msg-id of a header, with its brackets, or None where it names none."""
    found = _MESSAGE_ID.search(value)
    return found[0] if found else None


def read_date(value: str) -> datetime | None:
    """Return a Date header in UTC, or None where it does not say a time.

    A zone that is unknown, or means several (IST), says none. One left out is UTC.
    """
    text = _COMMENT.sub(" ", value[:MAX_DATE]).strip()
    if found := _CLOCK.fullmatch(text):
        offset = _offset(found["zone"].strip().upper())
        if offset is None:
            return None
        text = f"{_COUNTED_YEAR.sub(_century, found['date'])} {found['year'] or ''} {offset}"
    try:
        at = parsedate_to_datetime(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
        return None


def _century(year: re.Match[str]) -> str:
    return str(1900 + int(year[0]))


def _offset(zone: str) -> str | None:
    """Return a zone as RFC 5322 writes it."""
    if zone in ZONES:
        return ZONES[zone]
    found = _OFFSET.fullmatch(zone)
    if found is None or int(found[2]) > _FARTHEST_ZONE or int(found[3] or 0) > 59:  # noqa: PLR2004  minutes
        return None
    return f"{found[1]}{int(found[2]):02}{found[3] or '00'}"
