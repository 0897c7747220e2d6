"""GET /openapi.json: OpenAPI 3.1, made from the route table."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode, JsonSchemaValue

from shared.actions.loading import actions
from shared.edge.web.call import Call
from shared.edge.web.deployment import Deployment
from shared.edge.web.routes import Access, Permission, Route, Tenant

DEFINITIONS = "#/components/schemas/{model}"
PARAMETER = re.compile(r"\{([a-z_]+)\}")
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
ERROR_CONTENT: dict[str, Any] = {
    "application/json": {"schema": {"$ref": "#/components/schemas/Error"}}
}
REFUSALS: Mapping[str, dict[str, Any]] = {
    "text/html": {**ERROR_CONTENT, "text/html": {"schema": {"type": "string"}}},
    "*/*": {"*/*": {"schema": {}}},
}
"""By what a route produces: a page says what is wrong; what is passed on may be Gmail's own."""
TRIGGER = "/action/trigger"
ACCEPTED = {
    "type": "object",
    "title": "Accepted",
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

_Key = tuple[Any, JsonSchemaMode]


def document(routes: Sequence[Route], public_url: str) -> dict[str, Any]:
    """Return the OpenAPI document of the documented routes."""
    shown = [route for route in routes if route.documented]
    schemas, definitions = _schemas(shown)
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
        "servers": [{"url": public_url}],
        "paths": paths,
        "components": {
            "schemas": {**definitions, "Error": ERROR_SCHEMA},
            "securitySchemes": {
                "apiKey": {"type": "http", "scheme": "bearer"},
                "connectSession": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _name_actions(operation: dict[str, Any], schemas: Mapping[_Key, JsonSchemaValue]) -> None:
    """Say what each action takes and answers, instead of "anything"."""
    bodies = [
        {
            "type": "object",
            "title": action.name,
            "description": action.summary,
            "required": ["action_name"],
            "properties": {
                "action_name": {"const": action.name},
                "input": schemas[action.input, "validation"],
            },
            "additionalProperties": False,
        }
        for action in actions().values()
    ]
    outputs = [schemas[action.output, "serialization"] for action in actions().values()]
    operation["requestBody"]["content"]["application/json"]["schema"] = {"oneOf": bodies}
    operation["responses"]["200"]["content"]["application/json"]["schema"] = {
        "anyOf": [*{str(one): one for one in outputs}.values(), ACCEPTED]
    }


def _schemas(routes: Sequence[Route]) -> tuple[dict[_Key, JsonSchemaValue], dict[str, Any]]:
    inputs: list[tuple[_Key, JsonSchemaMode, TypeAdapter[Any]]] = []
    for kind, mode in _models(routes):
        inputs.append(((kind, mode), mode, TypeAdapter(kind)))
    schemas, rest = TypeAdapter.json_schemas(inputs, ref_template=DEFINITIONS)
    return {key: value for (key, _), value in schemas.items()}, rest.get("$defs", {})


def _models(routes: Sequence[Route]) -> list[_Key]:
    wanted: dict[_Key, None] = {}
    for action in actions().values():
        wanted[action.input, "validation"] = None
        wanted[action.output, "serialization"] = None
    for route in routes:
        if route.body is not None:
            wanted[route.body, "validation"] = None
        if route.output is not None:
            wanted[route.output, "serialization"] = None
    return list(wanted)


def _operation(route: Route, schemas: dict[_Key, JsonSchemaValue]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.function.__name__,
        "summary": route.summary,
        "description": inspect.getdoc(route.function) or route.summary,
        "tags": [route.path.strip("/").partition("/")[0] or "postroom"],
        "parameters": _parameters(route),
        "responses": _responses(route, schemas),
        **_security(route),
    }
    if route.body is not None:
        schema = schemas[route.body, "validation"]
        content = {"application/json": {"schema": schema}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in PARAMETER.findall(route.documented_path)
    ]
    query = _query(route.query)
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


def _query(model: type[BaseModel] | None) -> list[dict[str, Any]]:
    if model is None:
        return []
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.get("$defs", {})
    required = schema.get("required", ())
    return [
        _parameter(name, _inline(field, definitions), required=name in required)
        for name, field in schema.get("properties", {}).items()
    ]


def _parameter(name: str, schema: Any, *, required: bool) -> dict[str, Any]:
    parameter = {"name": name, "in": "query", "required": required, "schema": schema}
    if schema.get("type") == "object":
        parameter |= {"style": "deepObject", "explode": True}
    return parameter


def _inline(schema: object, definitions: dict[str, Any]) -> object:
    """Write references out: a parameter's schema stands alone."""
    if isinstance(schema, list):
        return [_inline(one, definitions) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inline(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    return {name: _inline(value, definitions) for name, value in schema.items()}


def _responses(route: Route, schemas: dict[_Key, JsonSchemaValue]) -> dict[str, Any]:
    refusal = REFUSALS.get(route.produces, ERROR_CONTENT)
    answers: dict[str, Any] = {
        status: {"description": meaning, "content": refusal}
        for status, meaning in ERRORS.items()
        if route.access is not Access.PUBLIC or status != "401"
    }
    if route.output is None and route.produces == "application/json":
        return {"204": {"description": "Done."}, **answers}
    schema = schemas[route.output, "serialization"] if route.output is not None else {}
    content = {route.produces: {"schema": schema}}
    further = {str(one): _further(one, when, content, refusal) for one, when in route.also.items()}
    done = {"description": route.summary, "content": content}
    return {str(route.status): done, **answers, **further}


def _further(
    status: int | str, when: str, content: dict[str, Any], refusal: dict[str, Any]
) -> dict[str, Any]:
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
        return document(table(), call.use(Deployment).public_url)

    return Route(
        "GET",
        "/openapi.json",
        Access.PUBLIC,
        openapi,
        "This API, described",
    )
