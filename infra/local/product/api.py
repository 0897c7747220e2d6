"""What the page's script asks the product's server for."""

import asyncio
import json
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any, cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from infra.local.product import mail_body, parts
from infra.local.product.context import PageError, ProductContext, body_of, in_words, product_of
from infra.local.product.language import phrase
from infra.local.product.mail_view import message, row
from shared.client import Message, PostroomApiError, PostroomUnreachableError, ServerError
from shared.client.records import ROOT

BEAT_S = 15.0
"""Silence after which a comment is sent, so that a dead page is noticed."""
CHANGES: dict[str, tuple[str, dict[str, list[str]]]] = {
    "read": ("modify-thread", {"removeLabelIds": ["UNREAD"]}),
    "star": ("modify-thread", {"addLabelIds": ["STARRED"]}),
    "unstar": ("modify-thread", {"removeLabelIds": ["STARRED"]}),
    "archive": ("modify-thread", {"removeLabelIds": ["INBOX"]}),
    "trash": ("trash-thread", {}),
    "restore": ("untrash-thread", {}),
}
"""What a reader does to a conversation: the action, and its input besides the id."""
LABELS = frozenset({"INBOX", "STARRED", "SENT", "SPAM", "TRASH"})
SCREEN = 50
MOST_WORDS = 300
RETRIED = frozenset({"idempotency_in_progress", "unavailable", "rate_limited"})
"""Nothing is known yet, or nothing was submitted: ask again with the same key."""


async def events(request: Request) -> Response:
    """Push what changes, as server-sent events, until the page goes."""
    follower = product_of(request).follower(request)

    async def stream() -> AsyncIterator[str]:
        async with follower.page() as queue:
            yield "retry: 1000\n\n"
            while True:
                try:
                    event = await asyncio.wait_for(queue.get(), BEAT_S)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if event is None:
                    return
                yield f"data: {json.dumps(event)}\n\n"

    return StreamingResponse(stream(), media_type="text/event-stream")


async def messages(request: Request) -> Response:
    """Return a screen of rows: `label`, and `before` for older ones."""
    product = product_of(request)
    connection_id = await product.connection_id(request)
    label = request.query_params.get("label")
    if label is not None and label not in LABELS:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    before = request.query_params.get("before")
    return JSONResponse(await screen(product, connection_id, label, before))


async def screen(
    product: ProductContext,
    connection_id: str,
    label: str | None,
    before: str | None = None,
    limit: int = SCREEN,
) -> dict[str, Any]:
    """Return a screen of rows as the page's script takes it. Raises what the client raises."""
    found = await product.postroom.records.screen(
        connection_id, label=label, before=before, limit=limit
    )
    return {"rows": [row(one) for one in found.records], "before": found.before}


async def search(request: Request) -> Response:
    """Return rows that fit the words of `q`, which may be Gmail's operators; `before` goes on.

    What Gmail finds and Postroom does not hold, as mail of before the window, is left out.
    """
    product = product_of(request)
    connection_id = await product.connection_id(request)
    words = request.query_params.get("q", "").strip()[:MOST_WORDS]
    if not words:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "Say what to search for.")
    records = product.postroom.records
    found = await records.search(
        connection_id, q=words, page=request.query_params.get("before") or None
    )
    ids = [one["id"] for one in found.records]
    held = {one["id"]: one for one in await records.get(connection_id, *ids)} if ids else {}
    rows = [row(held[id]) for id in ids if id in held]
    return JSONResponse({"rows": rows, "before": found.next_page})


async def thread(request: Request) -> Response:
    """Return a conversation, oldest first."""
    product = product_of(request)
    connection_id = await product.connection_id(request)
    thread_id = request.path_params["id"]
    found = await product.postroom.records.screen(connection_id, thread_id=thread_id, limit=200)
    return JSONResponse({"messages": [message(one) for one in reversed(found.records)]})


async def change(request: Request) -> Response:
    """Do to a conversation, in Gmail itself, what the reader did here."""
    product = product_of(request)
    chosen = CHANGES.get(str((await body_of(request)).get("change")))
    if chosen is None:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "No such change.")
    action, given = chosen
    connection_id = await product.connection_id(request)
    await product.postroom.actions.run(
        connection_id, action, {"id": request.path_params["id"], **given}
    )
    product.follower(request).nudge()
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def body(request: Request) -> Response:
    """Return a message's HTML as a document that can do nothing (see mail_body)."""
    product = product_of(request)
    id = request.path_params["id"]
    found = await product.postroom.records.get(await product.connection_id(request), id)
    html = found[0].get("html") if found else None
    if not html:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    inline = f"{request.base_url}api/messages/{id}/inline/"
    wanted = request.query_params.get("images") == "1"
    return Response(
        mail_body.document(html, inline, remote_images=wanted),
        media_type="text/html",
        headers={
            "Content-Security-Policy": mail_body.policy(inline, remote_images=wanted),
            "Referrer-Policy": "no-referrer",
            "X-DNS-Prefetch-Control": "off",
        },
    )


async def inline(request: Request) -> Response:
    """Return an image that a message carries within itself."""
    product = product_of(request)
    connection_id, id = await product.connection_id(request), request.path_params["id"]
    files = await parts.attachments_of(product.postroom, connection_id, id)
    found = parts.image(files, request.path_params["content_id"])
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return await parts.passed_on(
        product.postroom,
        connection_id,
        id,
        found["partId"],
        media_type=found["mimeType"].lower(),
        headers={"Cache-Control": "private, max-age=3600"},
    )


async def download(request: Request) -> Response:
    """Return an attachment, always as a file to keep and never as a page to show."""
    product = product_of(request)
    connection_id, id = await product.connection_id(request), request.path_params["id"]
    part_id = request.path_params["part_id"]
    files = await parts.attachments_of(product.postroom, connection_id, id)
    found = next((one for one in files if (one["partId"] or ROOT) == part_id), None)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "This attachment is not there any more.")
    return await parts.passed_on(
        product.postroom,
        connection_id,
        id,
        part_id,
        media_type="application/octet-stream",
        headers={"Content-Disposition": parts.disposition(found["filename"])},
    )


async def send(request: Request) -> Response:
    """Send what was composed, once for its key, and say honestly what is known of it."""
    product = product_of(request)
    given = await body_of(request)
    key = given.pop("key", None)
    if not isinstance(key, str) or not key:
        raise HTTPException(HTTPStatus.BAD_REQUEST, "Send the composer's key.")
    connection_id = await product.connection_id(request)
    try:
        sent = await product.postroom.sends.send(connection_id, cast("Message", given), key)
    except PostroomUnreachableError:
        return _say("unheard", phrase(request, "No answer came."))
    except PostroomApiError as error:
        unclear = error.code in RETRIED or isinstance(error, ServerError)
        return _say("unheard" if unclear else "failed", in_words(request, error))
    product.follower(request).nudge()
    return _say(sent.status, None)


def _say(status: str, message: str | None) -> JSONResponse:
    return JSONResponse({"status": status, "message": message})


def trouble(request: Request, error: Exception) -> Response:
    """Return what went wrong, in words for the reader."""
    if isinstance(error, PageError):
        return _problem(error.status, error.code, phrase(request, str(error)))
    if isinstance(error, PostroomApiError):
        return _problem(HTTPStatus.BAD_GATEWAY, error.code, in_words(request, error))
    text = "Postroom does not answer. Harbor goes on by itself once it is back."
    return _problem(HTTPStatus.BAD_GATEWAY, "unreachable", phrase(request, text))


def _problem(status: int, code: str, message: str) -> JSONResponse:
    error: dict[str, Any] = {"code": code, "message": message}
    return JSONResponse({"error": error}, status_code=status)
