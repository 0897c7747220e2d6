"""An action's request as code to copy: curl, Python and TypeScript; pure.

Each runs as it stands with the API key in POSTROOM_API_KEY; no snippet holds a key.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from shlex import quote
from typing import Any, Final

from shared.domain.connect.connection import INTEGRATION

KEY_VARIABLE: Final = "POSTROOM_API_KEY"


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """POST /action/trigger at `address`, as the playground makes it."""

    address: str
    connection_id: str
    action: str
    input: Mapping[str, Any]
    idempotency_key: str | None = None


def curl(request: ActionRequest) -> str:
    """Return the request as a shell command."""
    body = {"action_name": request.action, "input": request.input}
    headers = {"Connection-Id": request.connection_id, "Provider-Config-Key": INTEGRATION}
    headers["Content-Type"] = "application/json"
    if request.idempotency_key:
        headers["Idempotency-Key"] = request.idempotency_key
    lines = [
        f"curl -sS {quote(f'{request.address}/action/trigger')}",
        f'-H "Authorization: Bearer ${KEY_VARIABLE}"',
        *(f"-H {quote(f'{name}: {value}')}" for name, value in headers.items()),
        f"--data-binary {quote(_json(body))}",
    ]
    return " \\\n  ".join(lines) + "\n"


def python(request: ActionRequest) -> str:
    """Return the request through Postroom's Python client."""
    lines = [
        _text(request.connection_id),
        _text(request.action),
        _python(request.input, 3),
    ]
    if request.idempotency_key:
        lines.append(f"idempotency_key={_text(request.idempotency_key)}")
    arguments = "".join(f"            {line},\n" for line in lines)
    opened = f'Postroom.open({_text(request.address)}, os.environ["{KEY_VARIABLE}"])'
    return f"""import asyncio
import os

from postroom_client import Postroom


async def main() -> None:
    async with {opened} as postroom:
        output = await postroom.actions.run(
{arguments}        )
        print(output)


asyncio.run(main())
"""


def typescript(request: ActionRequest) -> str:
    """Return the request through Nango's own Node client, with another host."""
    config = f"{{ host: {_json(request.address)}, secretKey: process.env['{KEY_VARIABLE}'] ?? '' }}"
    names = [INTEGRATION, request.connection_id, request.action]
    given = _json(request.input, 4)
    return f"""import {{ Nango }} from '@nangohq/node';

const nango = new Nango({_typescript_arguments(config, request.idempotency_key)});
const output = await nango.triggerAction({", ".join(map(_json, names))}, {given});
console.log(output);
"""


def _typescript_arguments(config: str, key: str | None) -> str:
    """Add the key's header by an interceptor: the client has no argument for it."""
    if key is None:
        return config
    return f"""{config}, {{
    interceptors: {{
        request: (config) => {{
            config.headers.set('Idempotency-Key', {_json(key)});
            return config;
        }}
    }}
}}"""


def _json(value: Any, indent: int = 2) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _python(value: Any, depth: int) -> str:
    """Write a literal the way a formatter would: what holds something, one entry a line."""
    if isinstance(value, Mapping) and value:
        entries = [f"{_text(name)}: {_python(one, depth + 1)}" for name, one in value.items()]
        return _bracket("{", entries, "}", depth)
    if isinstance(value, list) and value:
        return _bracket("[", [_python(one, depth + 1) for one in value], "]", depth)
    return _text(value) if isinstance(value, str) else repr(value)


def _bracket(opening: str, entries: list[str], closing: str, depth: int) -> str:
    inner = "".join(f"{'    ' * (depth + 1)}{entry},\n" for entry in entries)
    return f"{opening}\n{inner}{'    ' * depth}{closing}"
