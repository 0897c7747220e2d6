"""Untrusted data against a pydantic model, with every problem in one of our own errors."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ValidationError
from pydantic_core import ErrorDetails

from shared.domain.union_problems import Found, has, meant_problems
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
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)
ENUM_MEMBER = re.compile(r"<\w+\.\w+: ('[^']*')>")
BARE_NUMBER = re.compile(r"\s*[-+]?[\d._]+(?:e[-+]?\d+)?\s*", re.IGNORECASE)


def _refuse_bare_number(value: Any) -> Any:
    """Refuse a number, of which pydantic would guess whether it means seconds or milliseconds."""
    if isinstance(value, int | float) or (isinstance(value, str) and BARE_NUMBER.fullmatch(value)):
        raise ValueError(
            "a bare number names no time: write the date, the time and the zone, "
            "as in 2030-01-31T09:00:00Z"
        )
    return value


def within_reach(at: datetime) -> datetime:
    """Return the moment, or the first or last that Gmail and every store can be asked for."""
    return min(max(at, FIRST), LAST)


Instant = Annotated[
    AwareDatetime, BeforeValidator(_refuse_bare_number), AfterValidator(within_reach)
]
"""A moment in a request: ISO 8601 with its zone, and never a number."""


def in_utc(at: datetime) -> datetime:
    """Return the moment within reach; one without a zone is meant in UTC."""
    return within_reach(at if at.tzinfo else at.replace(tzinfo=UTC))


def _in_utc(at: datetime | None) -> datetime | None:
    return None if at is None else in_utc(at)


Moment = Annotated[
    datetime | None,
    BeforeValidator(lambda given: _refuse_bare_number(given) if given else None),
    AfterValidator(_in_utc),
]
"""A date or a moment in a filter, in UTC where it names no zone; "" is none, a number refused."""


def validate(
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
        errors = refused.errors(include_url=False, include_context=False, include_input=False)
    found = [Found(one["type"], one["loc"], _message(one)) for one in errors]
    problems = [
        Problem(one.type, one.message, (*within, *_path(data, one)))
        for one in meant_problems(data, found)
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


def place_problems(error: InvalidRequestError, *path: str | int) -> list[Problem]:
    """Return what is wrong with a part of a request as problems of the whole, under `path`."""
    inner = error.problems or (Problem(error.code, str(error)),)
    return [Problem(one.code, one.message, (*path, *one.path)) for one in inner]


def _message(one: ErrorDetails) -> str:
    """Return pydantic's words without those that speak of Python."""
    if one["type"] in {"model_type", "dict_type", "dataclass_type"}:
        return "Input should be an object"
    if one["type"] == "tuple_type":
        return "Input should be a valid list"
    return ENUM_MEMBER.sub(r"\1", one["msg"].removeprefix("Value error, "))


def _path(data: Any, found: Found) -> tuple[str | int, ...]:
    """Return where in `data` it is: the steps that are no branches of a union."""
    *above, last = found.loc or (None,)
    path: list[str | int] = []
    for step in above:
        if has(data, step):
            path.append(step)
            data = data[step]
    if last is not None and (found.type == "missing" or has(data, last)):
        path.append(last)
    return tuple(path)


def _summary(problems: list[Problem]) -> str:
    first = problems[0]
    where = ".".join(str(step) for step in first.path) or "the whole"
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{where}: {first.message}{more}"
