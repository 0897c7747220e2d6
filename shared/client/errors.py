"""What can go wrong with a call.

PostroomError
├── PostroomUnreachableError     no answer came: whether the request had an effect is unknown
├── WaitingForApprovalError      a person has to say yes first; come back with the same key
└── PostroomApiError             Postroom said no; the message says what to do
    ├── InvalidRequestError      400, 413, 422: the request itself; `problems` say where
    ├── NotAuthenticatedError    401: the API key
    ├── ForbiddenError           403: the key, or a scope that the end user did not grant (`scope`)
    ├── NotFoundError            404
    ├── ConflictError            409
    │   └── InProgressError      the first request with this idempotency key still runs
    ├── UpstreamError            424: Google refused or did not answer
    │   └── ReauthRequiredError  nothing works until the end user connects again
    ├── RateLimitedError         429: wait `retry_after`
    └── ServerError              5xx: something failed there, or between here and there
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

import httpx

REAUTH: Final = frozenset({"reauth_required", "invalid_credentials"})
IN_PROGRESS: Final = "idempotency_in_progress"


class PostroomError(Exception):
    """Any of them."""


class PostroomUnreachableError(PostroomError):
    """No answer came: repeat a read, or a send with the same key; nothing is done twice."""


class WaitingForApprovalError(PostroomError):
    """The key's policy wants a person's word first: repeat the call with its key afterwards."""

    def __init__(self, approval_id: str) -> None:
        super().__init__(f"Waiting for approval: {approval_id}.")
        self.approval_id = approval_id


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a request; `path` leads to it."""

    code: str
    message: str
    path: tuple[str | int, ...]


class PostroomApiError(PostroomError):
    """Postroom answered with an error (API 1.3)."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.problems: Sequence[Problem] = ()
        self.payload: Mapping[str, Any] = {}
        self.upstream: Mapping[str, Any] = {}
        """`status` and `body` of Google's answer, trimmed."""
        self.retry_after: timedelta | None = None
        self.request_id: str | None = None

    @property
    def scope(self) -> str | None:
        """The scope that is missing, where that is what is wrong."""
        return self.payload.get("scope") if self.code == "missing_scope" else None


class InvalidRequestError(PostroomApiError):
    """The request cannot be done as it is."""


class NotAuthenticatedError(PostroomApiError):
    """The API key is missing, unknown, expired or revoked."""


class ForbiddenError(PostroomApiError):
    """The API key may not do this, or the end user did not grant the scope."""


class NotFoundError(PostroomApiError):
    """What the request names does not exist, or is not this key's to see."""


class ConflictError(PostroomApiError):
    """Something else was done with this idempotency key, or it is too late."""


class InProgressError(ConflictError):
    """The first request with this idempotency key still runs: come back with the key."""


class UpstreamError(PostroomApiError):
    """Google refused or did not answer."""


class ReauthRequiredError(UpstreamError):
    """The end user must connect again."""


class RateLimitedError(PostroomApiError):
    """Too many calls; nothing was done."""


class ServerError(PostroomApiError):
    """Something failed there, or between here and there."""


_BY_STATUS: Final[Mapping[int, type[PostroomApiError]]] = {
    HTTPStatus.UNAUTHORIZED: NotAuthenticatedError,
    HTTPStatus.FORBIDDEN: ForbiddenError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.CONFLICT: ConflictError,
    HTTPStatus.FAILED_DEPENDENCY: UpstreamError,
    HTTPStatus.TOO_MANY_REQUESTS: RateLimitedError,
}


def error_of(answer: httpx.Response) -> PostroomApiError:
    """Read an answer that is no success; what is not ours came from something in between."""
    try:
        body = answer.json()["error"]
        error = _kind(answer.status_code, body["code"])(
            answer.status_code, body["code"], body["message"]
        )
        error.problems = [_problem(one) for one in body.get("errors") or ()]
        error.payload, error.upstream = body.get("payload") or {}, body.get("upstream") or {}
    except (ValueError, KeyError, TypeError):
        error = unreadable(answer)
    wait = answer.headers.get("Retry-After", "")
    error.retry_after = timedelta(seconds=int(wait)) if wait.isdecimal() else None
    error.request_id = answer.headers.get("X-Request-Id")
    return error


def unreadable(answer: httpx.Response) -> PostroomApiError:
    """Return the error for what is not Postroom's; a success that is not is a failure there."""
    kind = ServerError if answer.is_success else _kind(answer.status_code, "")
    text = f"Postroom answered {answer.status_code} with something else than expected."
    return kind(answer.status_code, "unreadable", text)


def _kind(status: int, code: str) -> type[PostroomApiError]:
    if code in REAUTH:
        return ReauthRequiredError
    if code == IN_PROGRESS:
        return InProgressError
    other = ServerError if status >= HTTPStatus.INTERNAL_SERVER_ERROR else InvalidRequestError
    return _BY_STATUS.get(status, other)


def _problem(given: Mapping[str, Any]) -> Problem:
    return Problem(given["code"], given["message"], tuple(given["path"]))
