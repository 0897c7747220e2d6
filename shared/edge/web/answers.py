"""Plain data and models as JSON answers."""

import re
from typing import Any, Final

import orjson
from pydantic import BaseModel
from starlette.responses import Response

_NEVER: Final = re.compile(r"q\s*=\s*0(\.0{0,3})?")
PRIVATE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def json_response(answer: Any, status: int = 200) -> Response:
    """Return `answer`, a model or plain data, as JSON; datetimes end in Z."""
    return json_bytes(orjson.dumps(answer, default=_plain, option=orjson.OPT_UTC_Z), status)


def json_bytes(content: bytes, status: int = 200) -> Response:
    """Return JSON that is written already; it is one caller's, so nothing may keep it."""
    return Response(content, status, PRIVATE, media_type="application/json")


def _plain(value: Any) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="python", by_alias=True)
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, bytes):
        raise TypeError("bytes never belong in an answer")
    return dict(value)


def takes_gzip(accept_encoding: str) -> bool:
    """Whether a header takes gzip by name (RFC 9110, 12.5.3); `*` alone is no wish for it."""
    for one in accept_encoding.lower().split(","):
        coding, _, weight = one.partition(";")
        if coding.strip() == "gzip":
            return not _NEVER.fullmatch(weight.strip())
    return False
