"""One worked request of each operation: what its address, its headers and its body say.

The ids in them are stand-ins; a test puts real ones in their place, sends every request as it is
printed, and holds the printed answer to what came (`answers.json`).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from shared.edge.web.openapi.examples import BODIES
from shared.edge.web.routes import Access, Permission, Route, Tenant

PARAMETER: Final = re.compile(r"\{([a-z_]+)(?::path)?\}")
ANSWERS: Final = Path(__file__).with_name("answers.json")

CONNECTION: Final = "c-1"
MESSAGE: Final = "19a4c1f0b2d3e4f5"
NAMES: Final[Mapping[str, str]] = {
    "connection_id": CONNECTION,
    "message_id": MESSAGE,
    "part_id": "1",
    "key": "order-17",
    "integration_id": "google-mail",
    "name": "google-mail",
    "token": "sealed-link",
    "path": "users/me/labels",
}
"""What a parameter of a path says, by its name."""
IDS: Final[Mapping[str, str]] = {
    "action": "act-1",
    "api-keys": "key-1",
    "approvals": "apr-1",
    "events": "evt-1",
    "send": "bulk-1",
    "webhook-endpoints": "whe-1",
}
"""What `id` says, by the resource."""
PATHS: Final[Mapping[str, str]] = {
    "PUT /proxy/gmail/v1/{path:path}": "users/me/labels/Label_1",
    "PATCH /proxy/gmail/v1/{path:path}": "users/me/labels/Label_1",
    "DELETE /proxy/gmail/v1/{path:path}": "users/me/labels/Label_1",
    "POST /proxy/upload/gmail/v1/{path:path}": "users/me/messages/send",
    "PUT /proxy/upload/gmail/v1/{path:path}": "users/me/drafts/draft-1",
}
"""What Gmail's own path is."""
QUERIES: Final[Mapping[str, Mapping[str, str]]] = {
    "GET /connect-ui": {"session_token": "session-1"},
    "GET /oauth/start": {"session_token": "session-1"},
    "GET /oauth/callback": {
        "state": "state-1",
        "code": "code-1",
        "iss": "https://accounts.google.com",
    },
    "GET /connections": {"endUserId": "u1"},
    "GET /connections/{connection_id}": {"provider_config_key": "google-mail"},
    "GET /records": {"model": "EmailMessage", "limit": "1"},
    "GET /records/search": {"from": "grace@acme.example", "limit": "1"},
    "GET /sync/status": {
        "provider_config_key": "google-mail",
        "syncs": "*",
        "connection_id": CONNECTION,
    },
    "GET /explain": {"message_id": MESSAGE},
    "GET /sends": {"state": "submitted", "limit": "1"},
    "GET /send/bulk/{id}": {"limit": "1"},
    "GET /scripts/config": {"format": "openai"},
    "GET /operations": {"type": "sync", "limit": "1"},
    "GET /events": {"state": "pending", "limit": "1"},
    "GET /approvals": {"state": "pending", "limit": "1"},
    "POST /proxy/upload/gmail/v1/{path:path}": {"uploadType": "media"},
    "PUT /proxy/upload/gmail/v1/{path:path}": {"uploadType": "media"},
}
HEADERS: Final[Mapping[str, Mapping[str, str]]] = {
    "POST /send": {"Idempotency-Key": "order-17"},
    "POST /action/trigger": {"Idempotency-Key": "label-orders"},
    "GET /attachments/{message_id}/{part_id}": {"Range": "bytes=0-99"},
}
LETTER: Final = (
    "From: ada@acme.example\r\nTo: grace@acme.example\r\nSubject: Order 17\r\n\r\nIt is on its way."
)
PASSED_ON: Final[Mapping[str, Any]] = {
    "POST /proxy/gmail/v1/{path:path}": {"name": "Orders/Open"},
    "PUT /proxy/gmail/v1/{path:path}": {"id": "Label_1", "name": "Orders/Paid"},
    "PATCH /proxy/gmail/v1/{path:path}": {"name": "Orders/Done"},
    "POST /proxy/upload/gmail/v1/{path:path}": LETTER,
    "PUT /proxy/upload/gmail/v1/{path:path}": LETTER,
}
"""Bodies that go to Gmail as they are: JSON, or the text of a message."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: `path` has its parameters in it, `body` is JSON, `text` a message."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any = None
    text: str | None = None

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{urlencode(self.query, safe='*')}" if self.query else self.path


def values_of(route: Route) -> Mapping[str, str]:
    """Return what each parameter of the path says. Raises KeyError for an unknown one."""
    named = PARAMETER.findall(route.path)
    resource = route.path.split("/")[1]
    known = {**NAMES, "id": IDS.get(resource, "")}
    own = {"path": PATHS[route.name]} if route.name in PATHS else {}
    return {name: own.get(name) or known[name] for name in named}


def request_of(route: Route) -> Asked:
    """Return the worked request of an operation."""
    values = values_of(route)
    path = PARAMETER.sub(lambda found: quote(values[found[1]]), route.path)
    passed = PASSED_ON.get(route.name)
    text = passed if isinstance(passed, str) else None
    return Asked(
        route.method,
        path,
        QUERIES.get(route.name, {}),
        _headers(route, text),
        BODIES.get(route.name) if passed is None or text else passed,
        text,
    )


def _headers(route: Route, text: str | None) -> dict[str, str]:
    headers = {}
    if isinstance(route.access, Permission):
        headers["Authorization"] = "Bearer $POSTROOM_KEY"
    elif route.access is Access.CONNECT_SESSION:
        headers["Authorization"] = "Bearer $SESSION_TOKEN"
    if route.tenant is Tenant.REQUIRED:
        headers["Connection-Id"] = CONNECTION
    if text:
        headers["Content-Type"] = "message/rfc822"
    return {**headers, **HEADERS.get(route.name, {})}


@cache
def answers() -> Mapping[str, Mapping[str, Any]]:
    """Return what came of each request when it was sent, by the route's name.

    Each has `status`, and `body` (JSON), or `type` and `text`, or `location`.
    """
    found: dict[str, dict[str, Any]] = json.loads(ANSWERS.read_text("utf-8"))
    return found
