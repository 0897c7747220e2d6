"""Which reader a file is for, by its type, its name and its first bytes."""

import re
from typing import Final

from shared.domain.mail.files.mail_file import mail_text
from shared.domain.mail.files.word import docx_text, pptx_text
from shared.domain.mail.files.workbook import xlsx_text
from shared.domain.mail.files.zipped import Zipped
from shared.domain.mail.reading.charset_text import decode_text
from shared.domain.mail.reading.markup.hidden_text import visible_html
from shared.domain.mail.reading.markup.html_text import html_to_text

OFFICE: Final = "application/vnd.openxmlformats-officedocument."
IMAGES: Final = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
TEXTS: Final = frozenset(
    ("csv", "eml", "ics", "json", "log", "md", "tsv", "txt", "vcf", "xml", "yaml", "yml")
)
"""Endings of names of plain text, whatever type a sender gave them."""
TEXT_TYPES: Final = frozenset({"application/json", "application/xml", "message/rfc822"})
_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
FOLDED: Final = frozenset({"text/calendar", "text/vcard", "text/x-vcard"})
FOLDED_NAMES: Final = frozenset({"ics", "vcf"})
_FOLD: Final = re.compile("\r?\n[ \t]")
"""A line of a calendar or a card that goes on (RFC 5545, 3.1)."""


def image_type(data: bytes) -> str | None:
    """Return the type of an image that models take, by its first bytes."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in IMAGES.items() if data.startswith(start)), None)


def is_pdf(data: bytes) -> bool:
    """Whether a file is a PDF, by its first bytes."""
    return data.startswith(b"%PDF-")


def file_text(data: bytes, mime_type: str, filename: str, charset: str = "") -> str | None:
    """Return what a file says as text, None where it is of a kind that is not read.

    Raises UnreadableFileError for one that is not what it says.
    """
    kind, ending = mime_type.lower(), filename.rpartition(".")[2].lower()
    if data.startswith(b"PK"):
        return _zip_text(data, kind, ending)
    if kind == "text/html" or ending in {"htm", "html"}:
        return html_to_text(visible_html(decode_file(data, charset))[0])
    if kind == "message/rfc822" or ending == "eml":
        return mail_text(data)
    if kind in FOLDED or ending in FOLDED_NAMES:
        return _FOLD.sub("", decode_file(data, charset))
    if kind.startswith("text/") or kind in TEXT_TYPES or ending in TEXTS:
        return decode_file(data, charset)
    return None


def decode_file(data: bytes, charset: str) -> str:
    """Return text by its byte-order mark, else by its charset as claimed, else as it reads."""
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return data.decode(codec, "replace")
    return decode_text(data, charset)


def _zip_text(data: bytes, kind: str, ending: str) -> str:
    if kind.startswith(OFFICE + "wordprocessing") or ending == "docx":
        return docx_text(data)
    if kind.startswith(OFFICE + "spreadsheet") or ending == "xlsx":
        return xlsx_text(data)
    if kind.startswith(OFFICE + "presentation") or ending == "pptx":
        return pptx_text(data)
    return Zipped(data).listing()
