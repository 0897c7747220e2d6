"""The calls a product's server makes: connect, read, follow, send, disconnect.

Every method raises PostroomApiError where Postroom says no, and PostroomUnreachableError where
no answer came. After the latter a read may simply be repeated, and a send with the same key too.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import httpx

from shared.client.answers import (
    Connection,
    ConnectSession,
    EmailMessage,
    RecordsPage,
    Screen,
    Sent,
    SyncStatus,
)

INTEGRATION: Final = "google-mail"
NOT_FOUND: Final = 404
TIMEOUT: Final = timedelta(seconds=60)


class PostroomApiError(Exception):
    """Postroom answered with an error; the message says what to do, `problems` where."""

    def __init__(self, status: int, code: str, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.problems = tuple(problems)


class PostroomUnreachableError(Exception):
    """No answer came: whether the request had an effect is unknown."""


@dataclass(frozen=True, slots=True)
class Postroom:
    """Postroom's HTTP API, as one product with one API key sees it."""

    http: httpx.AsyncClient

    @classmethod
    @asynccontextmanager
    async def open(cls, address: str, api_key: str) -> AsyncIterator["Postroom"]:
        """Open a client of the Postroom at `address` for the block's length."""
        headers = {"Authorization": f"Bearer {api_key}", "Provider-Config-Key": INTEGRATION}
        async with httpx.AsyncClient(
            base_url=address, headers=headers, timeout=TIMEOUT.total_seconds()
        ) as http:
            yield cls(http)

    async def connect_session(
        self, tags: Mapping[str, str], *, reconnect: str | None = None
    ) -> ConnectSession:
        """Begin to connect a mailbox; `reconnect` is the id of a connection to authorise anew.

        Tag the end user with `end_user_id` and `end_user_email`: the page shows the address, and
        warns where Google's is another one.
        """
        body: dict[str, Any] = {"tags": dict(tags)}
        if reconnect is None:
            body["allowed_integrations"] = [INTEGRATION]
            data = (await self._call("POST", "/connect/sessions", body=body))["data"]
        else:
            body |= {"connection_id": reconnect, "integration_id": INTEGRATION}
            data = (await self._call("POST", "/connect/sessions/reconnect", body=body))["data"]
        return ConnectSession(data["token"], data["connect_link"])

    async def connections(self, end_user_id: str) -> Sequence[Connection]:
        """Answer the connections of one end user, newest first."""
        found = await self._call("GET", "/connections", query={"endUserId": end_user_id})
        return [Connection.read(one) for one in found["connections"]]

    async def disconnect(self, connection_id: str) -> None:
        """Remove a connection, its grant at Google and its records; it ends in the background.

        A connection that is gone already counts as removed.
        """
        path = f"/connections/{connection_id}"
        try:
            await self._call("DELETE", path, query={"provider_config_key": INTEGRATION})
        except PostroomApiError as error:
            if error.status != NOT_FOUND:
                raise

    async def records(
        self, connection_id: str, cursor: str | None, *, limit: int = 100
    ) -> RecordsPage:
        """Answer what changed after `cursor`, each record once, at its latest; None: all."""
        query = _given(cursor=cursor, limit=limit)
        found = await self._call("GET", "/records", connection_id, query=query)
        return RecordsPage.read(found, cursor)

    async def screen(
        self,
        connection_id: str,
        *,
        label: str | None = None,
        thread_id: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Screen:
        """Answer records newest first: those of a label, of a thread, or all."""
        query = _given(
            order="date_desc", label=label, thread_id=thread_id, before=before, limit=limit
        )
        found = await self._call("GET", "/records", connection_id, query=query)
        return Screen(found["records"], found.get("next_before"))

    async def record(self, connection_id: str, message_id: str) -> EmailMessage | None:
        """Answer one record, None where there is none."""
        query = {"ids": message_id}
        found = (await self._call("GET", "/records", connection_id, query=query))["records"]
        return found[0] if found else None

    async def sync_status(self, connection_id: str) -> SyncStatus | None:
        """Answer how the mailbox's sync is doing; None before it has begun."""
        query = {"syncs": "*", "connection_id": connection_id, "provider_config_key": INTEGRATION}
        found = (await self._call("GET", "/sync/status", query=query))["syncs"]
        return SyncStatus.read(found[0]) if found else None

    async def send(
        self, connection_id: str, message: Mapping[str, Any], idempotency_key: str
    ) -> Sent:
        """Send a message as the end user (API 6, `send-email`); the same key sends once.

        A PostroomApiError with code `idempotency_in_progress` asks to come back with that key.
        """
        headers = {"Idempotency-Key": idempotency_key}
        answer = await self._request("POST", "/send", connection_id, body=message, headers=headers)
        body = answer.json()
        return Sent(
            status=body["status"],
            message_id=body.get("id"),
            thread_id=body.get("threadId"),
            error=body.get("error"),
            replayed=answer.headers.get("Idempotent-Response") == "true",
        )

    async def act(self, connection_id: str, action: str, given: Mapping[str, Any]) -> Any:
        """Run an action that may be repeated, such as `modify-thread`; answer its output."""
        body = {"action_name": action, "input": dict(given)}
        return await self._call("POST", "/action/trigger", connection_id, body=body)

    async def _call(
        self,
        method: str,
        path: str,
        connection_id: str | None = None,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        answer = await self._request(method, path, connection_id, query=query, body=body)
        return answer.json()

    async def _request(
        self,
        method: str,
        path: str,
        connection_id: str | None = None,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        named = {**(headers or {}), **_given(connection_id=connection_id)}
        named = {name.replace("_", "-"): value for name, value in named.items()}
        try:
            answer = await self.http.request(
                method, path, params=dict(query or {}), json=body, headers=named
            )
        except httpx.TransportError as problem:
            raise PostroomUnreachableError("Postroom did not answer.") from problem
        if not answer.is_success:
            raise _error(answer)
        return answer


def _given(**values: str | int | None) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if value is not None}


def _error(answer: httpx.Response) -> PostroomApiError:
    """Read API 1's error; anything else came from something in between."""
    try:
        error = answer.json()["error"]
        problems = [one["message"] for one in error.get("errors") or []]
        return PostroomApiError(answer.status_code, error["code"], error["message"], problems)
    except (ValueError, KeyError, TypeError):
        text = f"Postroom answered {answer.status_code}."
        return PostroomApiError(answer.status_code, "unreadable", text)
