"""`actions.py` without asyncio, made by `python -m infra.blocking_client`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from ..actions import Method, Started, _allowed, _ask
from ..errors import NotFoundError
from ..wire import Ask, Query, at, given, json_of, understood
from .wire import Wire


@dataclass(frozen=True, slots=True)
class Actions:
    """`postroom.actions`."""

    wire: Wire

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
        ask = _ask(connection_id, action, input, idempotency_key)
        return json_of(_allowed(self.wire.answer(ask)))

    def begin(
        self,
        connection_id: str,
        action: str,
        input: Mapping[str, Any] | None = None,  # noqa: A002  it is called so in the API
        *,
        idempotency_key: str | None = None,
    ) -> Started:
        """Have an action run in the background; `result` answers its output later."""
        ask = _ask(connection_id, action, input, idempotency_key, {"X-Async": "true"})
        return understood(_allowed(self.wire.answer(ask)), Started)

    def result(self, started: Started) -> tuple[bool, Any]:
        """Return whether an action begun has ended, and its output; its error is raised.

        One whose result has expired, after days, is called unfinished as well.
        """
        try:
            return True, self.wire.json(Ask("GET", at("action", started.id)))
        except NotFoundError as error:
            if error.code != "not_found":
                raise
            return False, None

    def catalogue(self) -> Sequence[Mapping[str, Any]]:
        """Return the actions and syncs there are, with their schemas."""
        query = given(format="nango")
        found: Sequence[Mapping[str, Any]] = self.wire.json(
            Ask("GET", "/scripts/config", query=query)
        )
        return found

    def tools(self) -> Sequence[Mapping[str, Any]]:
        """Return the actions as tool definitions for a language model."""
        query = given(format="openai")
        found: Mapping[str, Any] = self.wire.json(Ask("GET", "/scripts/config", query=query))
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
        ask = Ask(
            method,
            f"/proxy/gmail/v1/{path.lstrip('/')}",
            connection_id,
            query=query or {},
            body=json,
            repeatable=method == "GET",
        )
        return self.wire.answer(ask)
