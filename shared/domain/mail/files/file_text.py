"""Which reader a file is for, by its type, its name and its first bytes."""

from email import policy
from email.parser import BytesHeaderParser
from typing import Final

from shared.domain.mail.files.office import docx_text, xlsx_text
from shared.domain.mail.files.zipped import Zipped
from shared.domain.mail.reading.charset_text import decode_text
from shared.domain.mail.reading.hidden_text import visible_html
from shared.domain.mail.reading.html_text import html_to_text
from shared.domain.mail.reading.mail_headers import decode_words

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
LONGEST_HEAD: Final = 64 << 10


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
        return _mail(data)
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
    return Zipped(data).listing()


def _mail(data: bytes) -> str:
    """Return an attached mail: who, when and what about, then its body as it travelled.

    Its own files are parts of the message that holds it, each with a part id of its own.
    """
    head, _, body = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    found = BytesHeaderParser(policy=policy.compat32).parsebytes(head[:LONGEST_HEAD])
    named = ((name, found.get(name)) for name in ("From", "To", "Date", "Subject"))
    lines = [f"{name}: {decode_words(str(value))}" for name, value in named if value]
    return "\n".join([*lines, "", decode_text(body, "")])
