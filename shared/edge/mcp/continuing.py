"""`continue-reading`: the one way on in a result that was cut.

Nothing is kept between calls: a continuation is the reading call itself and a place in what it
answers. It names nothing but calls that read, so that one a mail made up can do nothing more.
"""

from dataclasses import dataclass
from typing import Any, Final

import orjson
from mcp_types import Tool, ToolAnnotations

from shared.domain.base64url import decode_base64url, encode_base64url
from shared.errors import InvalidRequestError, Problem

NAME: Final = "continue-reading"
FIELD: Final = "continuation"
LONGEST: Final = 4_000
"""Characters of a continuation; a call whose arguments are longer cannot be read on."""
TOOL: Final = Tool(
    name=NAME,
    title="Continue reading",
    description="Read the next part of a result whose status is partial.",
    input_schema={
        "type": "object",
        "properties": {
            FIELD: {"type": "string", "description": "The `continuation` of the part before."}
        },
        "required": [FIELD],
        "additionalProperties": False,
    },
    annotations=ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a long result to read on: a character, of the text with this digest."""

    start: int = 0
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A call that reads."""

    name: str
    arguments: dict[str, Any]


def continuation_of(reading: Reading, place: Place) -> str | None:
    """Return what brings the piece that begins at `place`; None where it would be too long."""
    whole = [reading.name, reading.arguments, place.start, place.digest]
    text = encode_base64url(orjson.dumps(whole))
    return text if len(text) <= LONGEST else None


def read_continuation(given: Any) -> tuple[Reading, Place]:
    """Return the call and the place. Raises InvalidRequestError for what no result gave."""
    if not isinstance(given, str):
        raise _refusal()
    try:
        whole = orjson.loads(decode_base64url(given[:LONGEST]))
        name, arguments, start, digest = whole
    except (ValueError, TypeError):
        raise _refusal() from None
    kinds = (str, dict, int, str)
    if not all(map(isinstance, whole, kinds)) or start < 0:
        raise _refusal()
    return Reading(name, arguments), Place(start, digest)


def _refusal() -> InvalidRequestError:
    message = f"{FIELD} is what a partial result gave, unchanged."
    return InvalidRequestError(message, problems=[Problem("invalid", message, (FIELD,))])
