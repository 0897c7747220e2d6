"""Typed actions on a mailbox, and Gmail's own API through the connection's token (API 6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

import httpx
from pydantic import Field

from .errors import NotFoundError, WaitingForApprovalError
from .sends import KEY
from .transport import (
    Query,
    Request,
    ResponseModel,
    Transport,
    at,
    json_of,
    parse_response,
    query_of,
)

READING = ("get-", "list-")
"""How the actions that change nothing begin: they may be repeated without a key."""
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Started(ResponseModel):
    """An action in the background; its outcome is an event, too."""

    id: str
    status_url: str = Field(alias="statusUrl")


class _Waiting(ResponseModel):
    approval_id: str


@dataclass(frozen=True, slots=True)
class Actions:
    """`postroom.actions`."""

    transport: Transport

    async def run(
        self,
        connection_id: str,
        action: str,
        input: Mapping[str, Any] | None = None,  # noqa: A002  it is called so in the API
        *,
        idempotency_key: str | None = None,
    ) -> Any:
        """Run an action and answer its output; with a key its effect happens once.

        Raises WaitingForApprovalError besides.
        """
        request = _ask(connection_id, action, input, idempotency_key)
        return json_of(_check_allowed(await self.transport.answer(request)))

    async def begin(
        self,
        connection_id: str,
        action: str,
        input: Mapping[str, Any] | None = None,  # noqa: A002  it is called so in the API
        *,
        idempotency_key: str | None = None,
    ) -> Started:
        """Have an action run in the background; `result` answers its output later."""
        request = _ask(connection_id, action, input, idempotency_key, {"X-Async": "true"})
        return parse_response(_check_allowed(await self.transport.answer(request)), Started)

    async def result(self, started: Started) -> tuple[bool, Any]:
        """Return whether an action begun has ended, and its output; its error is raised.

        One whose result has expired, after days, is called unfinished as well.
        """
        try:
            return True, await self.transport.json(Request("GET", at("action", started.id)))
        except NotFoundError as error:
            if error.code != "not_found":
                raise
            return False, None

    async def catalogue(self) -> Sequence[Mapping[str, Any]]:
        """Return the actions and syncs there are, with their schemas."""
        query = query_of(format="nango")
        found: Sequence[Mapping[str, Any]] = await self.transport.json(
            Request("GET", "/scripts/config", query=query)
        )
        return found

    async def tools(self) -> Sequence[Mapping[str, Any]]:
        """Return the actions as tool definitions for a language model."""
        query = query_of(format="openai")
        found: Mapping[str, Any] = await self.transport.json(
            Request("GET", "/scripts/config", query=query)
        )
        tools: Sequence[Mapping[str, Any]] = found["data"]
        return tools

    async def gmail(
        self,
        connection_id: str,
        method: Method,
        path: str,
        *,
        query: Query | None = None,
        json: Any = None,
    ) -> httpx.Response:
        """Call Gmail itself, `path` being below its version: `users/me/labels`.

        For what no action does: only a GET is repeated, and Gmail's refusals are raised.
        """
        request = Request(
            method,
            f"/proxy/gmail/v1/{path.lstrip('/')}",
            connection_id,
            query=query or {},
            body=json,
            repeatable=method == "GET",
        )
        return await self.transport.answer(request)


def _check_allowed(answer: httpx.Response) -> httpx.Response:
    """Return it again, unless it says that a person has to decide."""
    if answer.status_code != HTTPStatus.ACCEPTED:
        return answer
    raise WaitingForApprovalError(parse_response(answer, _Waiting).approval_id)


def _ask(
    connection_id: str,
    action: str,
    input: Mapping[str, Any] | None,  # noqa: A002  it is called so in the API
    key: str | None,
    headers: Mapping[str, str] | None = None,
) -> Request:
    return Request(
        "POST",
        "/action/trigger",
        connection_id,
        body={"action_name": action, "input": dict(input or {})},
        headers={**(headers or {}), **({KEY: key} if key is not None else {})},
        repeatable=key is not None or (action.startswith(READING) and not headers),
    )
