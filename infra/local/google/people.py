"""People API, people.connections.list alone: pages, sync tokens, deletions, expiry.

A change of a contact has a number; a sync token is the last number its holder has seen.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.google.parts import Google

SCOPE: Final = "https://www.googleapis.com/auth/contacts.readonly"
MOST: Final = 1_000
DEFAULT_PAGE: Final = 100


@dataclass
class Contacts:
    """The contacts of one user; a deleted one stays as a mark."""

    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    number: int = 0
    oldest: int = 0
    """The first token that is still good."""

    def put(self, person: dict[str, Any]) -> None:
        """Store a person as the API shows it, by its resourceName."""
        self.number += 1
        self.people[person["resourceName"]] = person
        self.changed[person["resourceName"]] = self.number

    def delete(self, name: str) -> None:
        """Leave the mark that holders of a sync token are told of."""
        self.put({"resourceName": name, "metadata": {"deleted": True}})

    def expire(self) -> None:
        """Make every token given so far expire, as a week does."""
        self.number += 1
        self.oldest = self.number


class PeopleDoor:
    """GET /v1/people/me/connections."""

    def __init__(self, google: Google) -> None:
        self._google = google
        self.contacts: dict[str, Contacts] = {}

    def of(self, email: str) -> Contacts:
        """Return a user's contacts."""
        return self.contacts.setdefault(email, Contacts())

    def routes(self) -> list[Route]:
        """Return the one route."""
        return [Route("/v1/people/me/connections", self.list)]

    async def list(self, request: Request) -> Response:
        """Return a page: all live people, or what changed since a token."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        token = self._google.grants.access(text) if scheme.lower() == "bearer" else None
        if token is None:
            return _refusal(401, "UNAUTHENTICATED")
        if SCOPE not in token.scopes:
            return _refusal(403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT")
        query, held = request.query_params, self.of(token.email)
        since = int(query.get("syncToken") or -1)
        if "syncToken" in query and since < held.oldest:
            return _refusal(400, "FAILED_PRECONDITION", "EXPIRED_SYNC_TOKEN")
        if "personFields" not in query:
            return _refusal(400, "INVALID_ARGUMENT")
        return JSONResponse(_page(held, since, query.get("pageToken"), query.get("pageSize")))


def _page(held: Contacts, since: int, at: str | None, size: str | None) -> dict[str, Any]:
    names = sorted(name for name, number in held.changed.items() if number > since)
    if since < 0:
        names = [one for one in names if "deleted" not in held.people[one].get("metadata", {})]
    start, most = int(at or 0), min(int(size or DEFAULT_PAGE), MOST)
    people = [held.people[name] for name in names[start : start + most]]
    if start + most < len(names):
        return {"connections": people, "nextPageToken": str(start + most)}
    return {"connections": people, "nextSyncToken": str(held.number)}


def _refusal(status: int, code: str, reason: str = "") -> Response:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]
    words = "Sync token is expired. Clear local cache and retry call without the sync token."
    message = words if reason == "EXPIRED_SYNC_TOKEN" else "Request refused."
    error = {"code": status, "message": message, "status": code}
    return JSONResponse({"error": {**error, "details": details if reason else []}}, status)
