"""`actions.py` without asyncio, made by `python -m infra.blocking_client`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from ..actions import Method, Started, _ask, _check_allowed
from ..errors import NotFoundError
from ..transport import Query, Request, at, json_of, parse_response, query_of
from .transport import Transport


@dataclass(frozen=True, slots=True)
class Actions:
    """`postroom.actions`."""

    transport: Transport

    def run(
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
        return json_of(_check_allowed(self.transport.answer(request)))

    def begin(
        self,
        connection_id: str,
        action: str,
        input: Mapping[str, Any] | None = None,  # noqa: A002  it is called so in the API
        *,
        idempotency_key: str | None = None,
    ) -> Started:
        """Have an action run in the background; `result` answers its output later."""
        request = _ask(connection_id, action, input, idempotency_key, {"X-Async": "true"})
        return parse_response(_check_allowed(self.transport.answer(request)), Started)

    def result(self, started: Started) -> tuple[bool, Any]:
        """Return whether an action begun has ended, and its output; its error is raised.

        One whose result has expired, after days, is called unfinished as well.
        """
        try:
            return True, self.transport.json(Request("GET", at("action", started.id)))
        except NotFoundError as error:
            if error.code != "not_found":
                raise
            return False, None

    def catalogue(self) -> Sequence[Mapping[str, Any]]:
        """Return the actions and syncs there are, with their schemas."""
        query = query_of(format="nango")
        found: Sequence[Mapping[str, Any]] = self.transport.json(
            Request("GET", "/scripts/config", query=query)
        )
        return found

    def tools(self) -> Sequence[Mapping[str, Any]]:
        """Return the actions as tool definitions for a language model."""
        query = query_of(format="openai")
        found: Mapping[str, Any] = self.transport.json(
            Request("GET", "/scripts/config", query=query)
        )
        tools: Sequence[Mapping[str, Any]] = found["data"]
        return tools

    def gmail(
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
        return self.transport.answer(request)
