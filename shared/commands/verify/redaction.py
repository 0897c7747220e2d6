"""Turns an answer into a recording of its form: each value is made up, by the field it stands in.

What is kept as it is are words that Google chose from a list of its own: names of fields and
headers, reasons, types, labels of the system. A field that is not known here loses its value.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from shared.commands.verify.made_up import ADDRESS, MESSAGE_ID, NUMBER, OWN, MadeUp

WORD: Final = re.compile(r"[A-Za-z_./@-]{0,80}")
CHOSEN_WORDS: Final = frozenset({
    "kind", "type", "messageListVisibility", "labelListVisibility", "verificationStatus", "reason",
    "status", "domain", "location", "locationType", "@type",
})  # fmt: skip
"""Fields whose values Google chooses from a list."""
KEPT_NUMBERS: Final = frozenset({"code", "size", "resultSizeEstimate"})
OTHER_NUMBER: Final = 100
SYSTEM_LABEL: Final = re.compile(r"[A-Z][A-Z_]{2,30}")
USER_LABEL: Final = re.compile(r"Label_\d+")
DRAFT: Final = re.compile(r"r-?\d{17,19}")
COLOUR: Final = re.compile(r"#[0-9a-f]{6}")
PART: Final = re.compile(r"[\d.]*")
KEY: Final = re.compile(r"[@A-Za-z_]{1,40}")
TOKEN_DIGITS: Final = 20
MIME_TYPES: Final = frozenset({
    "text/plain", "text/html", "text/calendar", "text/csv", "multipart/alternative",
    "multipart/mixed", "multipart/related", "multipart/report", "multipart/signed",
    "message/rfc822", "message/delivery-status", "image/png", "image/jpeg", "image/gif",
    "application/pdf", "application/octet-stream", "application/zip", "application/ics",
})  # fmt: skip
HEADERS: Final = frozenset({
    "received", "from", "to", "cc", "bcc", "reply-to", "sender", "delivered-to", "return-path",
    "subject", "date", "message-id", "in-reply-to", "references", "mime-version", "content-type",
    "content-transfer-encoding", "content-disposition", "content-id", "content-language",
    "dkim-signature", "arc-seal", "arc-message-signature", "arc-authentication-results",
    "authentication-results", "received-spf", "x-received", "x-google-smtp-source",
    "x-google-dkim-signature", "x-gm-message-state", "x-gm-gg", "list-unsubscribe", "list-id",
    "list-unsubscribe-post", "precedence", "auto-submitted", "importance", "x-priority",
    "x-mailer", "user-agent", "x-attachment-id", "x-google-original-message-id",
})  # fmt: skip
"""Names of headers that tell nothing of whose mail it is."""
ADDRESSED: Final = frozenset({
    "from", "to", "cc", "bcc", "reply-to", "sender", "delivered-to", "return-path",
})  # fmt: skip
ENCODINGS: Final = frozenset({"7bit", "8bit", "binary", "base64", "quoted-printable"})
DATED: Final = re.compile(r"\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")
GMAILS_ID: Final = re.compile(r"<CA[\w+=.-]+@mail\.gmail\.com>")
BY_API: Final = re.compile(
    r"from \d{12} named unknown by gmailapi\.google\.com with HTTPREST; .{31}"
)
A_DATE: Final = "Wed, 29 Apr 2026 11:25:43 -0700"
AN_ID: Final = f"<CA{'x' * 48}@mail.gmail.com>"
BY_API_NOW: Final = (
    f"from 100000000000 named unknown by gmailapi.google.com with HTTPREST; {A_DATE}"
)


def redact(value: Any, made: MadeUp, name: str = "", inside: str = "") -> Any:
    """Return the value's substitute; `name` is its field, `inside` the field its object is in."""
    if isinstance(value, Mapping):
        return _object(value, made, name, inside)
    if isinstance(value, list):
        return [redact(one, made, name, _within(name, inside)) for one in value]
    if isinstance(value, str):
        return _text(value, made, name, inside)
    return _number(value, name)


def _object(value: Mapping[str, Any], made: MadeUp, name: str, inside: str) -> dict[str, Any]:
    if inside == "headers":
        return _header(value, made)
    within = _within(name, inside)
    return {_key(key): redact(one, made, key, within) for key, one in value.items()}


def _within(name: str, inside: str) -> str:
    """Return what an object is in; everything of a refusal stays in the refusal."""
    return "error" if "error" in {name, inside} else name or inside


def _key(name: str) -> str:
    return name if KEY.fullmatch(name) else "other"


def _number(value: float | None, name: str) -> float | None:
    kept = name in KEPT_NUMBERS or not value or isinstance(value, bool)
    return value if kept else OTHER_NUMBER


def _text(value: str, made: MadeUp, name: str, inside: str) -> str:
    if not value:
        return ""
    if name in CHOSEN_WORDS and WORD.fullmatch(value) and "@" not in value[1:]:
        return value
    if inside == "error":
        return made.words(value)
    if name in BY_FIELD:
        return BY_FIELD[name](value, made)
    if ADDRESS.fullmatch(value):
        return made.address(value)
    return cut(value)


def cut(value: str) -> str:
    """Return a text's length in its place."""
    return f"<{len(value)} chars>"


def _describe_base64(value: str, _made: MadeUp) -> str:
    padded = "padded" if len(value) % 4 == 0 else "unpadded"
    return f"<base64url, {len(value)} chars, {padded}>"


def _id(value: str, made: MadeUp) -> str:
    if MESSAGE_ID.fullmatch(value):
        return made.ids.get(value, value)
    if DRAFT.fullmatch(value):
        sign = "-" if value[1] == "-" else ""
        return made.number("draft", value, f"r{sign}10000000000000000{{:02}}")
    if NUMBER.fullmatch(value):
        return made.history_ids.get(value, "1")
    return _label(value, made)


def _label(value: str, made: MadeUp) -> str:
    if SYSTEM_LABEL.fullmatch(value):
        return value
    if USER_LABEL.fullmatch(value):
        return made.number("label", value, "Label_{}")
    return cut(value)


def _name(value: str, made: MadeUp) -> str:
    return value if SYSTEM_LABEL.fullmatch(value) else made.number("name", value, "Name {}")


def _moment(value: str, made: MadeUp) -> str:
    return str(made.moments.get(int(value), 0)) if NUMBER.fullmatch(value) else cut(value)


def _token(value: str, made: MadeUp) -> str:
    form = "1000000000000000{:04}" if NUMBER.fullmatch(value) else "token-{}"
    whole = len(value) == TOKEN_DIGITS
    return made.number("token", value, form if whole else "token-{}")


def _mime_type(value: str, _made: MadeUp) -> str:
    return value if value in MIME_TYPES else "application/octet-stream"


def _header(header: Mapping[str, Any], made: MadeUp) -> dict[str, str]:
    name, value = str(header.get("name", "")), str(header.get("value", ""))
    lower = name.lower()
    shown = name if lower in HEADERS else "X-Other"
    return {"name": shown, "value": _header_value(lower, value, made)}


def _header_value(name: str, value: str, made: MadeUp) -> str:
    for form, substitute in ((DATED, A_DATE), (GMAILS_ID, AN_ID), (BY_API, BY_API_NOW)):
        if form.fullmatch(value):
            return substitute
    if name in ADDRESSED:
        return OWN if made.own in value.lower() else "person@example.com"
    if name == "content-type":
        return _content_type(value)
    kept = value == "1.0" if name == "mime-version" else value.lower() in ENCODINGS
    return value if kept and name in {"mime-version", "content-transfer-encoding"} else cut(value)


def _content_type(value: str) -> str:
    kind, semicolon, rest = value.partition(";")
    kind = kind.strip() if kind.strip().lower() in MIME_TYPES else "application/octet-stream"
    if not semicolon:
        return kind
    if kind.startswith("multipart/"):
        return f'{kind}; boundary="x"'
    return f'{kind}; charset="UTF-8"' if "charset" in rest else f'{kind}; name="file.png"'


BY_FIELD: Final[Mapping[str, Callable[[str, MadeUp], str]]] = {
    "id": _id,
    "threadId": _id,
    "ids": _id,
    "historyId": lambda value, made: made.history_ids.get(value, "1"),
    "internalDate": _moment,
    "expiration": _moment,
    "labelIds": _label,
    "addLabelIds": _label,
    "removeLabelIds": _label,
    "name": _name,
    "nextPageToken": _token,
    "snippet": lambda _value, _made: "Some text.",
    "data": _describe_base64,
    "raw": _describe_base64,
    "mimeType": _mime_type,
    "filename": lambda _value, _made: "file.png",
    "partId": lambda value, _made: value if PART.fullmatch(value) else cut(value),
    "textColor": lambda value, _made: value if COLOUR.fullmatch(value) else cut(value),
    "backgroundColor": lambda value, _made: value if COLOUR.fullmatch(value) else cut(value),
    "topicName": lambda _value, _made: "projects/demo/topics/gmail",
}
"""What stands in a field's place."""
