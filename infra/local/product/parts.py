"""Attachments and inline images, passed on to the page as they arrive."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from shared.client import EmailMessage, Postroom
from shared.client.records import Attachment

SHOWN: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"})
"""Images shown inside a message; never SVG, which can hold scripts."""


async def attachments_of(
    postroom: Postroom, connection_id: str, message_id: str
) -> list[Attachment]:
    """Return the files of a message. Raises HTTPException 404, and what the client raises."""
    found: list[EmailMessage] = [*await postroom.records.get(connection_id, message_id)]
    if not found:
        raise HTTPException(HTTPStatus.NOT_FOUND, "This message is not there any more.")
    return found[0].get("attachments") or []


def image(attachments: list[Attachment], content_id: str) -> Attachment | None:
    """Return the image that a message shows under this Content-ID, if it may be shown."""
    named = (one for one in attachments if one["contentId"] == content_id)
    return next((one for one in named if one["mimeType"].lower() in SHOWN), None)


async def passed_on(
    postroom: Postroom,
    connection_id: str,
    message_id: str,
    part_id: str,
    *,
    media_type: str,
    headers: dict[str, str],
) -> Response:
    """Return the bytes as Postroom streams them. Raises what the client raises."""
    opened = AsyncExitStack()
    answer = await opened.enter_async_context(
        postroom.records.attachment(connection_id, message_id, part_id)
    )
    if "Content-Length" in answer.headers:
        headers = {**headers, "Content-Length": answer.headers["Content-Length"]}

    async def pieces() -> AsyncIterator[bytes]:
        async with opened:
            async for piece in answer.aiter_bytes():
                yield piece

    return StreamingResponse(pieces(), media_type=media_type, headers=headers)


def disposition(filename: str) -> str:
    """Return a Content-Disposition that saves under the given name, whatever is in it."""
    return f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
