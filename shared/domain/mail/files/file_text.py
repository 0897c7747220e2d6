"""Which reader a file is for, by its type, its name and its first bytes."""

import re
from typing import Final

from shared.domain.mail.files.mail_file import MAILS, mail_text
from shared.domain.mail.files.word import docx_text, pptx_text
from shared.domain.mail.files.workbook import xlsx_text
from shared.domain.mail.files.zipped import UnreadableFileError, Zipped
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
TEXT_TYPES: Final = frozenset({"application/json", "application/xml", *MAILS})
_MARKS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SAMPLE: Final = 4_000
"""Bytes by which a text without a mark is told to be of two bytes a character."""
OLD_CONTAINER: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
RICH_TEXT: Final = b"{\\rtf"
FOLDED: Final = frozenset({"text/calendar", "text/vcard", "text/x-vcard"})
FOLDED_NAMES: Final = frozenset({"ics", "vcf"})
_FOLD: Final = re.compile(rb"\r?\n[ \t]")
"""A line of a calendar or a card that goes on, maybe inside a character (RFC 5545, 3.1)."""


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
    if data.startswith(OLD_CONTAINER):
        raise UnreadableFileError("An Office file of before 2007, or one behind a password.")
    if kind == "text/html" or ending in {"htm", "html"}:
        return html_to_text(visible_html(decode_file(data, charset))[0])
    if kind in MAILS or ending == "eml":
        return mail_text(data)
    is_text = kind.startswith("text/") or kind in TEXT_TYPES or ending in TEXTS
    if not is_text or data.startswith(RICH_TEXT):
        return None
    folded = kind in FOLDED or ending in FOLDED_NAMES
    return decode_file(_FOLD.sub(b"", data) if folded else data, charset)


def decode_file(data: bytes, charset: str) -> str:
    """Return text by its byte-order mark, else by its charset as claimed, else as it reads."""
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return data.decode(codec, "replace")
    return decode_text(data, _wide_charset(data) or charset)


def _wide_charset(data: bytes) -> str:
    """Return the charset of a text of two bytes a character without a mark: `""` for another.

    In most scripts such a text has its zeros at the even places or at the odd ones alone.
    """
    zeros = [data[at:_SAMPLE:2].count(0) for at in (0, 1)]
    if min(zeros) or max(zeros) * 4 < min(len(data), _SAMPLE):
        return ""
    return "utf-16-be" if zeros[0] else "utf-16-le"


def _zip_text(data: bytes, kind: str, ending: str) -> str:
    """Return the text of an Office file, be it named otherwise or with macros; else the entries."""
    zipped = Zipped(data)
    names = frozenset(zipped.names)
    if "word/document.xml" in names or kind.startswith(OFFICE + "word") or ending == "docx":
        return docx_text(data)
    if "xl/workbook.xml" in names or kind.startswith(OFFICE + "spread") or ending == "xlsx":
        return xlsx_text(data)
    if "ppt/presentation.xml" in names or kind.startswith(OFFICE + "pres") or ending == "pptx":
        return pptx_text(data)
    return zipped.listing()
