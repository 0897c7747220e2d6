"""What Nango's API has and this one does not: 404, with what serves instead in the payload."""

from dataclasses import dataclass

from starlette.responses import Response

from shared.edge.web.answers import json_response
from shared.edge.web.call import Call
from shared.edge.web.routes import Access, Method, Route
from shared.errors import NotFoundError

NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Absent:
    """A path of Nango's API that is not served, and what is instead."""

    path: str
    methods: tuple[Method, ...]
    instead: str


@dataclass(frozen=True, slots=True)
class SayWhatServes:
    """The function of such a path."""

    instead: str

    async def __call__(self, _: Call) -> Response:
        """Return 404 with what serves instead."""
        error = {
            "code": NotFoundError.code,
            "message": f"Nango's API has this path, Postroom does not. Instead: {self.instead}.",
            "payload": {"instead": self.instead},
        }
        return json_response({"error": error}, NOT_FOUND)


CONNECTING = "POST /connect/sessions"
SETTINGS = "the deployment's settings"
CODE = "a module in shared/actions/custom"
CATALOGUE = "GET /scripts/config"

ELSEWHERE = (
    Absent("/integrations", ("POST",), SETTINGS),
    Absent("/integrations/quickstart", ("POST",), SETTINGS),
    Absent("/integrations/{name}", ("PATCH", "DELETE"), SETTINGS),
    Absent("/integrations/{name}/functions", ("GET",), CATALOGUE),
    Absent("/integrations/{name}/functions/{id}", ("GET",), CATALOGUE),
    Absent("/integrations/{name}/functions/{id}", ("DELETE",), CODE),
    Absent("/integrations/{name}/functions/{id}/code", ("GET",), CODE),
    Absent("/config", ("GET",), "GET /integrations"),
    Absent("/config", ("POST", "PUT"), SETTINGS),
    Absent("/config/{name}", ("GET",), "GET /integrations/{integration_id}"),
    Absent("/config/{name}", ("DELETE",), SETTINGS),
    Absent("/providers/{name}/templates", ("GET",), CATALOGUE),
    Absent("/sync/{name}/variant/{id}", ("POST", "PUT", "DELETE"), "PATCH /connections/{id}"),
    Absent("/sync/deploy", ("POST",), CODE),
    Absent("/sync/deploy/confirmation", ("POST",), CODE),
    Absent("/functions/{path:path}", ("GET", "POST"), CODE),
    Absent("/v1/{path:path}", ("GET", "POST", "PUT", "PATCH", "DELETE"), "POST /action/trigger"),
    Absent("/sessions", ("POST",), "POST /mcp"),
    Absent("/sessions/{id}", ("DELETE",), "POST /mcp"),
    Absent("/session/{id}/mcp", ("GET", "POST"), "POST /mcp"),
    Absent("/auth/{path:path}", ("POST",), CONNECTING),
    Absent("/api-auth/{path:path}", ("POST",), CONNECTING),
    Absent("/webhook/{name}/{id}", ("POST",), "POST /push/gmail"),
    Absent("/environments", ("GET", "POST"), "one deployment for each environment"),
    Absent("/environments/{id}", ("DELETE",), "one deployment for each environment"),
    Absent("/environments/{id}/api-keys", ("GET", "POST"), "/api-keys"),
    Absent("/environments/{id}/api-keys/{name}", ("GET", "DELETE"), "/api-keys/{id}"),
    Absent(
        "/environment/webhook-signing-key/rotate",
        ("POST",),
        "POST /webhook-endpoints/{id}/rotate-secret",
    ),
)


def _routes(table: tuple[Absent, ...]) -> tuple[Route, ...]:
    """Return rows that anyone may ask, as any other path that does not exist."""
    return tuple(
        Route(
            method,
            one.path,
            Access.PUBLIC,
            SayWhatServes(one.instead),
            one.instead,
            raw_body=True,
            raw_query=True,
            documented=False,
        )
        for one in table
        for method in one.methods
    )


ROUTES = _routes(ELSEWHERE)
