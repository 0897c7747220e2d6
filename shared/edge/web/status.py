"""The one table from error class to HTTP status; the code comes from the error itself (API 1.3)."""

import math
from dataclasses import dataclass
from typing import Any

from shared import errors
from shared.domain.crash import ActionCrashedError, ActionTimeoutError, ProjectionError
from shared.domain.google.trouble import (
    DeploymentError,
    GrantEndedError,
    MailboxClosedError,
    PreconditionFailedError,
    StoreIndexMissingError,
    UnnamedRefusalError,
)
from shared.domain.keys.approval import ApprovalDecidedError, ApprovedCallFailedError
from shared.domain.own_reach import SecretUnavailableError
from shared.domain.troubles import code_of, docs_of
from shared.ports.google.apis import HttpRefusedError
from shared.ports.outside import OutsideUnavailableError

STATUS: dict[type[errors.PostroomError], int] = {
    errors.PostroomError: 500,
    errors.TransientError: 503,
    errors.RateLimitedError: 429,
    errors.TooManyConcurrentError: 429,
    errors.GmailUnavailableError: 424,
    errors.GoogleOAuthUnavailableError: 424,
    PreconditionFailedError: 424,
    UnnamedRefusalError: 424,
    DeploymentError: 503,
    StoreIndexMissingError: 503,
    MailboxClosedError: 424,
    errors.StoreUnavailableError: 503,
    errors.QueueUnavailableError: 503,
    errors.KeysUnavailableError: 503,
    errors.RepeatNeededError: 503,
    errors.ConflictError: 409,
    errors.AlreadyExistsError: 409,
    errors.PermanentError: 400,
    errors.InvalidRequestError: 400,
    errors.InvalidRecipientError: 422,
    errors.TooLargeError: 413,
    errors.UnauthenticatedError: 401,
    errors.ForbiddenError: 403,
    errors.PolicyRefusedError: 403,
    errors.NotFoundError: 404,
    errors.UnknownConnectionError: 404,
    errors.UnknownActionError: 404,
    errors.UnknownRecordError: 404,
    errors.IdempotencyConflictError: 409,
    errors.IdempotencyInProgressError: 409,
    errors.SendFailedError: 424,
    errors.SendUnderWayError: 409,
    ApprovalDecidedError: 409,
    ApprovedCallFailedError: 424,
    errors.ReauthRequiredError: 424,
    errors.GrantRevokedError: 424,
    errors.SessionPolicyError: 424,
    GrantEndedError: 424,
    errors.MissingScopeError: 403,
    errors.NotGrantedError: 403,
    errors.GmailRefusedError: 424,
    errors.GmailNotFoundError: 424,
    ProjectionError: 424,
    HttpRefusedError: 424,
    OutsideUnavailableError: 424,
    SecretUnavailableError: 424,
    ActionCrashedError: 500,
    ActionTimeoutError: 504,
    errors.ConnectRefusedError: 400,
    errors.CorruptStateError: 500,
    errors.CorruptStoreError: 500,
    errors.FencedOutError: 503,
    errors.HistoryExpiredError: 503,
    errors.ConfigurationError: 500,
}
"""Every class has its own row; a test walks the subclasses."""

UPSTREAM_BODY = 1_000
"""Most characters of Google's answer that we pass on."""
DEFAULT_RETRY_AFTER_S = 5


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """Status, extra headers and JSON body of a refused request."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]


def status_of(error: errors.PostroomError) -> int:
    """Return the HTTP status of the nearest class that has a row."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def answer_to(error: BaseException, trace_id: str) -> ErrorAnswer:
    """Return what the caller is told; an unexpected error tells the trace id and nothing else."""
    answer = _answer(error, trace_id)
    if isinstance(error, errors.InvalidRecipientError) and error.addresses:
        answer.body["error"]["payload"] = {"addresses": list(error.addresses)}
    return answer


def error_record(error: BaseException, trace_id: str = "") -> dict[str, Any]:
    """Return an error as data to be kept for a later look: without what only the caller may see."""
    answer = _answer(error, trace_id)
    return {"status": answer.status, "error": answer.body["error"]}


def _answer(error: BaseException, trace_id: str) -> ErrorAnswer:
    status = status_of(error) if isinstance(error, errors.PostroomError) else 500
    if isinstance(error, ActionCrashedError):
        return ErrorAnswer(status, {}, {"error": _crash(error, trace_id)})
    if not isinstance(error, errors.PostroomError) or status == STATUS[errors.PostroomError]:
        return ErrorAnswer(500, {}, {"error": _internal(trace_id)})
    inner: dict[str, Any] = {"code": error.code, "message": str(error)}
    if docs := docs_of(code_of(error)):
        inner["docs"] = docs
    inner |= _details(error)
    return ErrorAnswer(status, _headers(error, status), {"error": inner})


def unreadable(error: BaseException) -> dict[str, str]:
    """Return which stored document does not read, as a field of the log; nothing for others."""
    return {"reason": error.document} if isinstance(error, errors.CorruptStateError) else {}


def _internal(trace_id: str) -> dict[str, Any]:
    return {
        "code": "internal",
        "message": "Something failed on our side. Quote the trace id when you report it.",
        "payload": {"trace_id": trace_id},
    }


def _crash(error: ActionCrashedError, trace_id: str) -> dict[str, Any]:
    payload = {"trace_id": trace_id, **error.site.as_json()}
    return {"code": error.code, "message": str(error), "payload": payload}


def _details(error: errors.PostroomError) -> dict[str, Any]:
    match error:
        case errors.InvalidRequestError(problems=problems) if problems:
            return {
                "errors": [
                    {"code": one.code, "message": one.message, "path": list(one.path)}
                    for one in problems
                ]
            }
        case errors.MissingScopeError(scope=scope):
            return {"payload": {"scope": scope}}
        case errors.PolicyRefusedError(rule=rule):
            return {"payload": {"rule": rule}}
        case errors.RateLimitedError(scope=limit):
            return {"payload": {"scope": limit}}
    return _upstream(error)


def _upstream(error: errors.PostroomError) -> dict[str, Any]:
    match error:
        case errors.GmailRefusedError(status=status, body=body):
            return {"upstream": {"status": status, "body": body[:UPSTREAM_BODY]}}
        case errors.GmailUnavailableError(status=status):
            return {"upstream": {"status": status, "body": ""}}
        case errors.SendFailedError(upstream=upstream) if upstream:
            return {"upstream": upstream}
    return {}


def _headers(error: errors.PostroomError, status: int) -> dict[str, str]:
    if isinstance(error, errors.RateLimitedError):
        wait = error.retry_after
        seconds = math.ceil(wait.total_seconds()) if wait else DEFAULT_RETRY_AFTER_S
        return {"Retry-After": str(max(seconds, 1))}
    if status == STATUS[errors.TransientError]:
        return {"Retry-After": str(DEFAULT_RETRY_AFTER_S)}
    if isinstance(error, errors.UnauthenticatedError):
        return {"WWW-Authenticate": "Bearer"}
    return {}
