"""An answer's records, written as they are stored: no payload is parsed on its way out.

A caller who takes gzip is given payloads as they are stored, to inflate by itself.
"""

import orjson
from starlette.responses import Response

from shared.domain.packed import GzipText, ObjectList, PlainText
from shared.edge.web.answers import json_bytes, takes_gzip


def begin_rows(accept_encoding: str) -> ObjectList:
    """Begin an answer in the encoding that a header takes."""
    text = GzipText() if takes_gzip(accept_encoding) else PlainText()
    text.add(b'{"records":[')
    return ObjectList(text)


def end_rows(rows: ObjectList, **positions: str | None) -> Response:
    """Return the answer, with where to go on."""
    rows.text.add(b"],%b" % orjson.dumps(positions)[1:])
    response = json_bytes(rows.text.end())
    response.headers["Vary"] = "Accept-Encoding"
    if rows.text.encoding is not None:
        response.headers["Content-Encoding"] = rows.text.encoding
    return response
