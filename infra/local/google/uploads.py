"""Messages that arrive as they are instead of inside JSON: /upload/gmail/v1/..."""

import base64
import binascii
import quopri

import orjson

from infra.local.google.gmail.call import Media
from infra.local.google.gmail.errors import GmailError, invalid
from infra.local.google.multipart import Part, boundary_of, split_parts

RELATED = 2  # metadata and message


def read_media(upload_type: str, content_type: str, content: bytes) -> Media:
    """Read an upload of uploadType media or multipart (FACTS 5.1).

    Raises GmailError: 501 for resumable uploads, 400 for what is not as its type says.
    """
    if upload_type == "media":
        return Media(content, {}, content_type or "message/rfc822")
    if upload_type == "multipart":
        return _read_related(content_type, content)
    if upload_type == "resumable":
        message = "This emulated Gmail does not implement resumable uploads"
        raise GmailError(501, "notImplemented", message)
    raise invalid("Invalid uploadType: expected media, multipart or resumable")


def _read_related(content_type: str, content: bytes) -> Media:
    boundary = boundary_of(content_type)
    parts = split_parts(content, boundary) if boundary else []
    if len(parts) != RELATED:
        raise invalid("Malformed multipart body: expected metadata and one message.")
    metadata = _json_object(parts[0].content)
    return Media(_decode(parts[1]), metadata, parts[1].headers.get_content_type())


def _json_object(content: bytes) -> dict[str, object]:
    try:
        metadata = orjson.loads(content) if content.strip() else {}
    except orjson.JSONDecodeError:
        metadata = None
    if not isinstance(metadata, dict):
        raise GmailError(400, "parseError", "Malformed multipart body: metadata is not JSON.")
    return metadata


def _decode(part: Part) -> bytes:
    encoding = str(part.headers.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding == "quoted-printable":
        return quopri.decodestring(part.content)
    if encoding != "base64":
        return part.content
    try:
        return base64.b64decode(part.content)
    except binascii.Error:
        raise invalid("Malformed multipart body: the message is not base64.") from None
