"""/batch and /batch/gmail/v1: many requests in one body (FACTS 1.13, 14.6)."""

import asyncio
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

import orjson

from infra.local.google.dispatch import MAX_SEND_BYTES, Answer, Asked, Dispatcher
from infra.local.google.gmail.errors import GmailError
from infra.local.google.multipart import Part, boundary_of, split_headers, split_parts

MOST_PARTS = 100


async def answer_batch(dispatcher: Dispatcher, asked: Asked) -> Answer:
    """Serve every part at once: so batches hit the concurrency limit (FACTS 1.8).

    The outer status is 200 even if every part failed.
    """
    try:
        parts = await _parts(asked)
    except GmailError as error:
        return Answer(error.status, orjson.dumps(error.body()))
    answers = await asyncio.gather(*(_part_answer(dispatcher, part, asked) for part in parts))
    boundary = f"batch_{secrets.token_urlsafe(24)}"
    pieces = [_render(boundary, part, answer) for part, answer in zip(parts, answers, strict=True)]
    content = b"".join(pieces) + f"--{boundary}--\r\n".encode()
    return Answer(200, content, {"Content-Type": f"multipart/mixed; boundary={boundary}"})


async def _parts(asked: Asked) -> list[Part]:
    if asked.verb != "POST":
        raise GmailError(404, "notFound", "Batch requests must be sent with POST.")
    boundary = boundary_of(asked.headers.get("content-type", ""))
    if boundary is None:
        raise GmailError(400, "badRequest", "Missing multipart boundary in the batch request.")
    parts = split_parts(await asked.read(MAX_SEND_BYTES * 2), boundary)
    if not parts:
        raise GmailError(400, "badRequest", "The batch request contains no parts.")
    if len(parts) > MOST_PARTS:
        count = f"Received: {len(parts)}, Limit: {MOST_PARTS}"
        raise GmailError(400, "badRequest", f"Inner request count exceeds the limit. {count}")
    return parts


async def _part_answer(dispatcher: Dispatcher, part: Part, outer: Asked) -> Answer:
    asked = _inner(part, outer.headers)
    if asked is None or asked.path.startswith("/batch"):
        error = GmailError(400, "badRequest", "Malformed or nested request in a batch part.")
        return Answer(400, orjson.dumps(error.body()))
    return await dispatcher.answer(asked, crowded=True)


def _inner(part: Part, outer: Mapping[str, str]) -> Asked | None:
    line, _, rest = part.content.lstrip(b"\r\n").partition(b"\n")
    words = line.decode("utf-8", "replace").split()
    if len(words) < 2:  # noqa: PLR2004 - verb and address; the HTTP version may be missing
        return None
    message = split_headers(rest)
    headers = {name.lower(): str(value) for name, value in message.headers.items()}
    if "authorization" in outer:
        headers.setdefault("authorization", outer["authorization"])
    address = urlsplit(words[1])

    async def read(_limit: int) -> bytes:
        return message.content

    return Asked(words[0].upper(), unquote(address.path), address.query, headers, read)


def _render(boundary: str, part: Part, answer: Answer) -> bytes:
    name = str(part.headers.get("Content-ID", "")).strip()
    response_id = f"Content-ID: <response-{name.lstrip('<')}\r\n" if name else ""
    status = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"
    headers = {"Content-Type": "application/json; charset=UTF-8", **answer.headers}
    lines = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
    head = (
        f"--{boundary}\r\nContent-Type: application/http\r\n{response_id}\r\n"
        f"{status}\r\n{lines}Content-Length: {len(answer.content)}\r\n\r\n"
    )
    return head.encode() + answer.content + b"\r\n"
