"""Files of a foreign message, renamed and re-identified so that a forward is always accepted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from shared.domain.mail.reading.email_message import EmailMessage
from shared.domain.mail.reading.email_parts import Attachment as Listed
from shared.domain.mail.reading.shown_text import file_name
from shared.domain.mail.writing.outgoing import MAX_FILENAME, MIME_TYPE

UNNAMED: Final = "attachment"
UNKNOWN_TYPE: Final = "application/octet-stream"
LONGEST_EXTENSION: Final = 20


@dataclass(frozen=True, slots=True)
class PassedFile:
    """A part of the message, and what it is called from now on."""

    part_id: str
    filename: str
    mime_type: str
    size: int
    content_id: str | None
    """A new one, of an image that the quoted HTML shows."""


def passed_files(parent: EmailMessage, *, shown: bool) -> list[PassedFile]:
    """Return what goes along; images that its HTML shows only where that does: `shown`.

    Of an attached message that Gmail holds no bytes of, its files go. Two parts of one Content-ID
    are an image and a file: HTML means the first.
    """
    found = []
    taken: set[str] = set()
    for one in _whole_files(parent["attachments"]):
        old = (one["contentId"] or None) if one["inline"] else None
        image = old is not None and old not in taken
        taken.add(old or "")
        if image and not shown:
            continue
        found.append(_pass(parent, one, image=image))
    return found


def issued_ids(parent: EmailMessage) -> Mapping[str, str]:
    """Return the new Content-IDs of the images that the parent's HTML shows, by the old ones.

    The same for the same message, so that a repeated request makes the same mail.
    """
    found: dict[str, str] = {}
    for one in _whole_files(parent["attachments"]):
        if one["inline"] and one["contentId"]:
            found.setdefault(one["contentId"], _issue(parent, one))
    return found


def fitted_name(name: str) -> str:
    """Return a file name that can be sent: on one line, a long one cut before its extension."""
    clean = file_name(name) or UNNAMED
    if len(clean) <= MAX_FILENAME:
        return clean
    stem, dot, extension = clean.rpartition(".")
    if not stem or len(extension) > LONGEST_EXTENSION:
        return clean[:MAX_FILENAME].strip()
    return f"{stem[: MAX_FILENAME - len(extension) - 1].strip()}{dot}{extension}"


def _pass(parent: EmailMessage, one: Listed, *, image: bool) -> PassedFile:
    known = MIME_TYPE.fullmatch(one["mimeType"])
    return PassedFile(
        part_id=one["partId"],
        filename=fitted_name(one["filename"]),
        mime_type=one["mimeType"] if known else UNKNOWN_TYPE,
        size=one["size"],
        content_id=_issue(parent, one) if image else None,
    )


def _issue(parent: EmailMessage, one: Listed) -> str:
    named = f"{parent['id']}\0{one['partId']}".encode("utf-8", "replace")
    return f"{sha256(named).hexdigest()[:24]}@quoted.invalid"


def _whole_files(attachments: list[Listed]) -> Iterator[Listed]:
    for one in attachments:
        within = one.get("parts")
        if within and not one["size"]:
            yield from _whole_files(within)
        else:
            yield one
