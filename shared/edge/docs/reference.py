"""The pages that are made of the route table: the reference, actions, events, permissions."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from shared.edge.docs.fields import Schema, cell, kind_of, table, words_of
from shared.edge.web.openapi.requests import Asked, answers, request_of
from shared.edge.web.routes import Permission, Route
from shared.pages.docs.contents import PAGES, REFERENCE

JSON: Final = "application/json"
GROUPS: Final[Mapping[str, str]] = {
    "connect-ui": "connect",
    "connect": "connect",
    "oauth": "connect",
    "connections": "connections",
    "receipts": "connections",
    "records": "records",
    "labels": "records",
    "attachments": "records",
    "signed": "records",
    "sync": "syncs",
    "quarantine": "syncs",
    "explain": "syncs",
    "send": "sends",
    "sends": "sends",
    "action": "actions",
    "scripts": "actions",
    "proxy": "proxy",
    "events": "events",
    "webhook-endpoints": "events",
    "api-keys": "keys",
    "approvals": "keys",
    "operations": "deployment",
    "health": "deployment",
    "openapi.json": "deployment",
    "integrations": "deployment",
    "providers": "deployment",
    "environment-variables": "deployment",
}
"""The page of an operation, by the first segment of its path."""
LONGEST: Final = 92
"""Characters of a printed command's line."""


class Reference:
    """What the pages say that have no file; `description` is the OpenAPI document."""

    def __init__(self, routes: Sequence[Route], description: Mapping[str, Any]) -> None:
        self._routes = [one for one in routes if one.documented]
        self._paths = description["paths"]
        self._webhooks = description["webhooks"]
        self._components = description["components"]["schemas"]
        self._host = description["servers"][0]["url"]

    def page(self, name: str) -> str:
        """Return a page's Markdown. Raises KeyError for a page that has a file."""
        group = name.removeprefix("reference-")
        if group in REFERENCE and group != name:
            parts = [f"# {PAGES[name].title}", PAGES[name].about, *self._operations(group)]
            return "\n\n".join(parts) + "\n"
        made = {
            "reference": self._index,
            "actions": self._actions,
            "event-bodies": self._events,
            "permissions": self._permissions,
        }
        return "\n\n".join([f"# {PAGES[name].title}", *made[name]()]) + "\n"

    def _index(self) -> Iterator[str]:
        yield (
            "Every operation, made from the table that dispatches. Each has a worked request with "
            "the answer that came when a test sent it. `GET /openapi.json` says the same to "
            "programs; [what the API means](api.md) says it in words."
        )
        for group, (title, _) in REFERENCE.items():
            rows = "\n".join(
                f"| [`{one.method} {one.documented_path}`](reference-{group}.md#{_anchor(one)}) "
                f"| {cell(one.summary)} |"
                for one in self._of(group)
            )
            yield f"## {title}\n\n| operation | does |\n|---|---|\n{rows}"

    def _of(self, group: str) -> list[Route]:
        return [one for one in self._routes if GROUPS[one.path.split("/")[1]] == group]

    def _operations(self, group: str) -> Iterator[str]:
        for route in self._of(group):
            yield from self._operation(route)

    def _operation(self, route: Route) -> Iterator[str]:
        described = self._paths[route.documented_path][route.method.lower()]
        yield f"## {route.method} {route.documented_path}"
        yield f"**{route.summary}.** {described['description']}"
        if note := described.get("x-note"):
            yield note
        if parameters := described["parameters"]:
            rows = "\n".join(self._parameter(one) for one in parameters)
            yield f"| parameter | in | type | says |\n|---|---|---|---|\n{rows}"
        body = described.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema")
        if body and (fields := table(body, self._components)):
            yield f"The body:\n\n{fields}"
        yield f"```sh\n{curl(request_of(route), self._host)}\n```"
        if answer := answers().get(route.name):
            yield answer_text(answer)
        done = described["responses"].get(str(route.status), {}).get("content", {})
        schema = done.get(JSON, {}).get("schema", {})
        if route.rendered is None and (fields := table(schema, self._components)):
            yield f"The answer:\n\n{fields}"

    def _parameter(self, one: Schema) -> str:
        needed = " (required)" if one.get("required") else ""
        says = cell(one.get("description", "")) or words_of(one["schema"])
        kind = kind_of(one["schema"], self._components)
        return f"| `{one['name']}`{needed} | {one['in']} | {kind} | {says} |"

    def _actions(self) -> Iterator[str]:
        yield (
            "`POST /action/trigger` runs each by its name, `POST /mcp` offers it as a tool, and "
            "`GET /scripts/config` lists them with their schemas. Names of fields are Gmail's "
            "where they are Gmail's."
        )
        for name, call in sorted(self._components.items()):
            if name.startswith("Call-"):
                takes = table(call["properties"]["input"], self._components)
                yield f"## {name.removeprefix('Call-')}\n\n{call['description']}"
                yield takes or "It takes nothing."

    def _events(self) -> Iterator[str]:
        yield "What a receiver is sent, one example of each type, and its fields."
        for type, operations in self._webhooks.items():
            content = operations["post"]["requestBody"]["content"][JSON]
            yield f"## {type}\n\n{operations['post']['summary']}"
            yield f"```json\n{pretty(content['example'])}\n```"
            yield table(content["schema"], self._components)

    def _permissions(self) -> Iterator[str]:
        yield (
            "What each permission of an API key opens; `*` is all of them. "
            "[How keys work](api.md#11-keys-and-permissions); a key's policy takes away from it "
            "([which](api.md#83-policies))."
        )
        for permission in Permission:
            opened = [one for one in self._routes if one.access is permission]
            rows = "\n".join(
                f"* [`{one.method} {one.documented_path}`]"
                f"(reference-{GROUPS[one.path.split('/')[1]]}.md#{_anchor(one)}): {one.summary}"
                for one in opened
            )
            yield f"## {permission}\n\n{rows or MORE[permission]}"


MORE: Final[Mapping[Permission, str]] = {
    Permission.MCP: "`POST /mcp`: the tools that read; with `send` or `actions` more of them.",
    Permission.CONNECTIONS_CREDENTIALS: (
        "Nothing by itself: beside `connections:read` it shows a connection's tokens."
    ),
}
"""What those open that no documented operation asks for."""


def _anchor(route: Route) -> str:
    kept = f"{route.method} {route.documented_path}".lower().replace(" ", "-")
    return "".join(one for one in kept if one.isalnum() or one in "-_")


def curl(asked: Asked, host: str) -> str:
    """Return the command that sends a request; keys come from the environment."""
    parts = [f"curl -s {_quote(host + asked.target)}"]
    if asked.method != ("GET" if asked.body is asked.text is None else "POST"):
        parts.append(f"-X {asked.method}")
    parts += [f"-H {_quote(f'{name}: {value}')}" for name, value in asked.headers.items()]
    if asked.body is not None:
        parts.append("-H 'Content-Type: application/json'")
        parts.append(f"-d {shlex.quote(json.dumps(asked.body, ensure_ascii=False))}")
    if asked.text is not None:
        parts.append(f"--data-binary $'{asked.text.encode('unicode_escape').decode()}'")
    return _wrap(parts)


def _quote(text: str) -> str:
    return f'"{text}"' if "$" in text else shlex.quote(text)


def _wrap(parts: Sequence[str]) -> str:
    lines = [parts[0]]
    for part in parts[1:]:
        if len(lines[-1]) + len(part) < LONGEST:
            lines[-1] += f" {part}"
        else:
            lines.append(f"  {part}")
    return " \\\n".join(lines)


def answer_text(answer: Mapping[str, Any]) -> str:
    """Return an answer as a page shows it."""
    status = f"Answers {answer['status']}"
    if "body" in answer:
        return f"{status}:\n\n```json\n{pretty(answer['body'])}\n```"
    if "location" in answer:
        return f"{status}, with `Location: {answer['location']}`."
    kind = f", `{answer['type']}`" if answer.get("type") else ", without a body"
    return f"{status}{kind}."


def pretty(value: Any) -> str:
    """Return JSON for readers."""
    return json.dumps(value, indent=2, ensure_ascii=False)
