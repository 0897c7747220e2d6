"""Untrusted data against a pydantic model, with every problem in one of our own errors."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from shared.errors import InvalidRequestError, Problem

M = TypeVar("M", bound=BaseModel)
PROBLEMS = 20
"""Most problems one error lists."""


def validated(
    model: type[M], data: Any, *, code: str = "invalid_body", within: tuple[str, ...] = ()
) -> M:
    """Answer `data` as `model`; `within` is where it stood in the request.

    Raises InvalidRequestError naming every field that is wrong and never what was in it.
    """
    try:
        return model.model_validate(data)
    except ValidationError as refused:
        problems = [
            Problem(one["type"], one["msg"], (*within, *one["loc"]))
            for one in refused.errors(include_url=False, include_context=False, include_input=False)
        ]
    raise InvalidRequestError(_summary(problems), code=code, problems=problems[:PROBLEMS])


def _summary(problems: list[Problem]) -> str:
    first = problems[0]
    where = ".".join(str(step) for step in first.path) or "the whole"
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{where}: {first.message}{more}"
