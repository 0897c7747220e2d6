"""OpenAPI 3.1, made from the route table."""

import inspect
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from pydantic.json_schema import JsonSchemaValue

from shared.actions.loading import Catalogue, actions, catalogue
from shared.edge.web.call import Call
from shared.edge.web.deployment import Deployment
from shared.edge.web.openapi.requests import answers, request_of, values_of
from shared.edge.web.openapi.schemas import Schemas, schemas_of
from shared.edge.web.openapi.webhooks import BODIES, webhooks
from shared.edge.web.routes import WITHOUT_BODY, Access, Permission, Route, Tenant

JSON = "application/json"
OCTETS = "application/octet-stream"
ERRORS = {
    "400": "The request is wrong; `errors` names each field.",
    "401": "No key, an unknown one, or an expired one.",
    "403": "The key may not do this, or the end user did not grant the scope.",
    "404": "What the request names does not exist.",
    "409": "The Idempotency-Key was used with another body, or its first request still runs.",
    "413": "More than is taken here, or by Gmail.",
    "422": "A recipient or a message that no mail can be sent to or made of.",
    "424": "Google refused or did not answer, or the end user must connect again.",
    "429": "Google asks to slow down; wait `Retry-After` seconds.",
    "500": "Something failed here; quote the trace id.",
    "503": "The store, the queue or the keys did not answer; try again.",
}
ERROR_SCHEMA = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string", "description": "Says what to do."},
                "errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "code": {"type": "string"},
                            "message": {"type": "string"},
                            "path": {"type": "array", "items": {"type": ["string", "integer"]}},
                        },
                    },
                },
                "payload": {"type": "object"},
                "upstream": {"type": "object"},
                "docs": {"type": "string", "description": "Below /docs: what to do about it."},
            },
        }
    },
}
ERROR_CONTENT: dict[str, Any] = {JSON: {"schema": {"$ref": "#/components/schemas/Refusal"}}}
PAGE: dict[str, Any] = {"text/html": {"schema": {"type": "string"}}}
BYTES = {"type": "string", "format": "binary"}
PASSED_ON: dict[str, Any] = {JSON: {"schema": {}}, **PAGE}
"""What Gmail may answer: its own errors are not shaped as ours, and some are pages."""
TRIGGER = "/action/trigger"
ACCEPTED = {
    "type": "object",
    "description": "With `X-Async: true`: where the output will be.",
    "required": ["id", "statusUrl"],
    "properties": {"id": {"type": "string"}, "statusUrl": {"type": "string"}},
}
TENANT = (
    ("Connection-Id", "The connection to work on."),
    (
        "Provider-Config-Key",
        "`google-mail` or an alias of it; may be left out.",
    ),
)

IN_QUERY = ("connection_id", "provider_config_key")
"""What TENANT is called in a query."""


def document(table: Callable[[], Sequence[Route]], public_url: str) -> dict[str, Any]:
    """Return the OpenAPI document of the documented routes, which is not the caller's to change."""
    return {**_made_of(table, catalogue()), "servers": [{"url": public_url}]}


@lru_cache(maxsize=4)
def _made_of(
    table: Callable[[], Sequence[Route]],
    served: Catalogue,  # noqa: ARG001  with other actions it is another document
) -> dict[str, Any]:
    """Return the document without its servers; cached, as it blocks the loop for 0.1 s."""
    shown = [route for route in table() if route.documented]
    schemas = schemas_of(shown, BODIES.values())
    schemas.add("Refusal", ERROR_SCHEMA)
    paths: dict[str, dict[str, Any]] = {}
    for route in shown:
        paths.setdefault(route.documented_path, {})[route.method.lower()] = _operation(
            route, schemas
        )
    if TRIGGER in paths:
        _name_actions(paths[TRIGGER]["post"], schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Postroom",
            "version": "1",
            "description": "Gmail inside your product: connect, sync, send, act.",
        },
        "servers": [],
        "paths": paths,
        "webhooks": webhooks(schemas),
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "apiKey": {"type": "http", "scheme": "bearer"},
                "connectSession": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _name_actions(operation: dict[str, Any], schemas: Schemas) -> None:
    """Say what each action takes and answers, instead of "anything"."""
    bodies = {
        action.name: schemas.add(
            f"Call-{action.name}",
            {
                "type": "object",
                "description": action.summary,
                "required": ["action_name"],
                "properties": {
                    "action_name": {"const": action.name},
                    "input": schemas.taken[action.input],
                },
                "additionalProperties": False,
            },
        )
        for action in actions().values()
    }
    outputs = [schemas.returned[action.output] for action in actions().values()]
    accepted = schemas.add("Accepted", ACCEPTED)
    operation["requestBody"]["content"][JSON]["schema"] = {
        "oneOf": [*bodies.values()],
        "discriminator": {
            "propertyName": "action_name",
            "mapping": {name: body["$ref"] for name, body in bodies.items()},
        },
    }
    operation["responses"]["200"]["content"][JSON]["schema"] = {
        "anyOf": [*{str(one): one for one in outputs}.values(), accepted]
    }


def _operation(route: Route, schemas: Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.function.__name__,
        "summary": route.summary,
        "description": inspect.getdoc(route.function) or route.summary,
        "tags": [route.path.strip("/").partition("/")[0] or "postroom"],
        "parameters": _parameters(route, schemas),
        "responses": _responses(route, schemas),
        **_security(route),
    }
    if route.body is not None:
        content = {JSON: {"schema": schemas.taken[route.body], **_example(route)}}
        operation["requestBody"] = {"required": True, "content": content}
    elif route.takes:
        kinds = {kind: {} if kind == JSON else BYTES for kind in route.takes}
        content = {kind: {"schema": one, **_example(route)} for kind, one in kinds.items()}
        operation["requestBody"] = {"required": False, "content": content}
    return operation


def _example(route: Route) -> dict[str, Any]:
    body = request_of(route).body
    return {} if body is None else {"example": body}


def _answer_descriptions(route: Route) -> dict[str, dict[str, Any]]:
    """Return the example of an answer by its status."""
    came = answers().get(route.name, {})
    return {str(came["status"]): {"example": came["body"]}} if "body" in came else {}


def _parameters(route: Route, schemas: Schemas) -> list[dict[str, Any]]:
    text = {"schema": {"type": "string"}}
    path = [
        {"name": name, "in": "path", "required": True, **text, "example": value}
        for name, value in values_of(route).items()
    ]
    query = _query(schemas.queries[route.query]) if route.query is not None else []
    own = {one["name"] for one in query}
    tenant = [one for one in _tenant_query(route) if one["name"] not in own]
    return [*path, *_headers(route), *query, *tenant]


def _headers(route: Route) -> list[dict[str, Any]]:
    tenant = TENANT if route.tenant is not Tenant.NONE else ()
    return [
        {
            "name": name,
            "in": "header",
            "required": name == TENANT[0][0] and route.tenant is Tenant.REQUIRED,
            "description": description,
            "schema": {"type": "string"},
        }
        for name, description in (*tenant, *route.request_headers.items())
    ]


def _tenant_query(route: Route) -> list[dict[str, Any]]:
    """Return the headers' other form, as the official client writes it where it may."""
    if route.tenant is not Tenant.OPTIONAL:
        return []
    return [
        _parameter(name, {"type": "string", "description": description}, required=False)
        for name, (_, description) in zip(IN_QUERY, TENANT, strict=True)
    ]


def _query(schema: JsonSchemaValue) -> list[dict[str, Any]]:
    required = schema.get("required", ())
    return [
        _parameter(name, field, required=name in required)
        for name, field in schema.get("properties", {}).items()
    ]


def _parameter(name: str, schema: Any, *, required: bool) -> dict[str, Any]:
    parameter = {"name": name, "in": "query", "required": required, "schema": schema}
    if schema.get("type") == "object":
        parameter |= {"style": "deepObject", "explode": True}
    return parameter


def _responses(route: Route, schemas: Schemas) -> dict[str, Any]:
    refusal = _refusal(route)
    refusals: dict[str, Any] = {
        status: {"description": meaning, "content": refusal}
        for status, meaning in ERRORS.items()
        if route.access is not Access.PUBLIC or status != "401"
    }
    if route.output is None and route.produces == JSON:
        return {"204": {"description": "Done."}, **refusals}
    known = BYTES if route.produces == OCTETS else {}
    schema = schemas.returned[route.output] if route.output is not None else known
    content = {route.produces: {"schema": schema}}
    further = {str(one): _further(one, when, content, refusal) for one, when in route.also.items()}
    done = {"description": route.summary, "content": content}
    told = {str(route.status): done, **refusals, **further}
    for status, shown in _answer_descriptions(route).items():
        told[status] = {**told[status], "content": {JSON: {"schema": schema, **shown}}}
    return told


def _refusal(route: Route) -> dict[str, Any]:
    """Return how an error may come: a page says what is wrong, Gmail's own is passed on."""
    if route.raw_query:
        return PASSED_ON
    return {**ERROR_CONTENT, **PAGE} if route.produces in PAGE else ERROR_CONTENT


def _further(
    status: int | str, when: str, content: dict[str, Any], refusal: dict[str, Any]
) -> dict[str, Any]:
    if status in WITHOUT_BODY:
        return {"description": when}
    if isinstance(status, str) or status < 300:  # noqa: PLR2004  the border of successes
        return {"description": when, "content": content}
    if status < 400:  # noqa: PLR2004  the border of errors
        return {"description": when}
    return {"description": when, "content": refusal}


def _security(route: Route) -> dict[str, Any]:
    if isinstance(route.access, Permission):
        needed = f"The API key needs the permission `{route.access}`."
        return {"security": [{"apiKey": []}], "x-permission": route.access, "x-note": needed}
    if route.access is Access.CONNECT_SESSION:
        return {"security": [{"connectSession": []}]}
    return {"security": []}


def description_of(table: Callable[[], Sequence[Route]]) -> Route:
    """Return the route that serves the description of `table`, which holds this route too."""

    async def openapi(call: Call) -> dict[str, Any]:
        """Return this document."""
        return document(table, call.use(Deployment).public_url)

    return Route(
        "GET",
        "/openapi.json",
        Access.PUBLIC,
        openapi,
        "This API, described",
    )
