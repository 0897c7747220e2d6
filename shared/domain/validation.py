"""Untrusted data against a pydantic model, with every problem in one of our own errors."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ValidationError
from pydantic_core import ErrorDetails

from shared.errors import InvalidRequestError, Problem

M = TypeVar("M", bound=BaseModel)
DEEPEST = 64
"""Objects and lists within each other: more than any request has, less than any recursion takes."""
HOLDS = (dict, list, tuple)
MAX_TEXT = 64_000
"""Characters of a string that a request model takes where the field says nothing else."""
MAX_CONTENT = 50_000_000
"""Characters of a field that holds what a message consists of, in base64 or as text."""
PROBLEMS = 20
"""Most problems one error lists."""
ENUM_MEMBER = re.compile(r"<\w+\.\w+: ('[^']*')>")
BARE_NUMBER = re.compile(r"\s*[-+]?[\d._]+(?:e[-+]?\d+)?\s*", re.IGNORECASE)


def _dated(value: Any) -> Any:
    """Refuse a number, of which pydantic would guess whether it means seconds or milliseconds."""
    if isinstance(value, int | float) or (isinstance(value, str) and BARE_NUMBER.fullmatch(value)):
        raise ValueError(
            "a bare number names no time: write the date, the time and the zone, "
            "as in 2030-01-31T09:00:00Z"
        )
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_dated)]
"""A moment in a request: ISO 8601 with its zone, and never a number."""


def validated(
    model: type[M], data: Any, *, code: str = "invalid_body", within: tuple[str, ...] = ()
) -> M:
    """Return `data` as `model`; `within` is where it stood in the request.

    Raises InvalidRequestError naming every field that is wrong and never what was in it.
    """
    if is_deep(data):
        raise InvalidRequestError(
            f"This is nested deeper than {DEEPEST} levels, the most taken here.", code=code
        )
    try:
        return model.model_validate(data)
    except ValidationError as refused:
        problems = [
            Problem(one["type"], _message(one), (*within, *_path(data, one)))
            for one in refused.errors(include_url=False, include_context=False, include_input=False)
        ]
    raise InvalidRequestError(_summary(problems), code=code, problems=problems[:PROBLEMS])


def is_deep(data: Any) -> bool:
    """Whether it holds more than DEEPEST objects or lists within each other."""
    level = [data]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, HOLDS)]
        if not level:
            return False
    return True


def _inside(data: Any) -> Iterable[Any]:
    if isinstance(data, dict):
        return data.values()
    return data if isinstance(data, HOLDS) else ()


def placed(error: InvalidRequestError, *path: str | int) -> list[Problem]:
    """Return what is wrong with a part of a request as problems of the whole, under `path`."""
    inner = error.problems or (Problem(error.code, str(error)),)
    return [Problem(one.code, one.message, (*path, *one.path)) for one in inner]


def _message(one: ErrorDetails) -> str:
    """Return pydantic's words without those that speak of Python."""
    if one["type"] in {"model_type", "dict_type", "dataclass_type"}:
        return "Input should be an object"
    return ENUM_MEMBER.sub(r"\1", one["msg"].removeprefix("Value error, "))


def _path(data: Any, one: ErrorDetails) -> tuple[str | int, ...]:
    """Return where in `data` it is; pydantic also names the members of a union that it tried."""
    *above, last = one["loc"] or (None,)
    path: list[str | int] = []
    for step in above:
        if _has(data, step):
            path.append(step)
            data = data[step]
    if last is not None and (one["type"] == "missing" or _has(data, last)):
        path.append(last)
    return tuple(path)


def _has(data: Any, step: str | int) -> bool:
    if isinstance(data, Mapping):
        return step in data
    return isinstance(step, int) and isinstance(data, list | tuple) and step < len(data)


def _summary(problems: list[Problem]) -> str:
    first = problems[0]
    where = ".".join(str(step) for step in first.path) or "the whole"
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{where}: {first.message}{more}"
