"""The table from error class to status, walked."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared import errors
from shared.edge.web.status import STATUS, answer_to, error_record, status_of


def subclasses(kind: type[errors.PostroomError]) -> Iterator[type[errors.PostroomError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from subclasses(below)


@pytest.mark.parametrize("kind", sorted({*subclasses(errors.PostroomError)}, key=str))
def test_every_error_has_a_row_of_its_own(kind: type[errors.PostroomError]) -> None:
    if kind.__module__ == errors.__name__:
        assert kind in STATUS


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.UnauthenticatedError("x", code="missing_auth_header"), 401, "missing_auth_header"),
        (errors.UnauthenticatedError("x"), 401, "invalid_secret_key"),
        (errors.ForbiddenError("x"), 403, "forbidden"),
        (errors.MissingScopeError("x", scope="gmail.send"), 403, "missing_scope"),
        (errors.UnknownConnectionError("x"), 404, "unknown_connection"),
        (errors.UnknownActionError("x"), 404, "unknown_action"),
        (errors.UnknownRecordError("x"), 404, "unknown_record"),
        (errors.IdempotencyConflictError("x"), 409, "idempotency_conflict"),
        (errors.IdempotencyInProgressError("x"), 409, "idempotency_in_progress"),
        (errors.TooLargeError("x"), 413, "too_large"),
        (errors.InvalidRecipientError("x"), 422, "invalid_recipient"),
        (errors.GmailRefusedError("x", status=400), 424, "upstream_error"),
        (errors.GrantRevokedError("x"), 424, "reauth_required"),
        (errors.RateLimitedError("x"), 429, "rate_limited"),
        (errors.CorruptStateError("x"), 500, "internal"),
    ],
)
def test_the_documented_codes_are_answered(
    error: errors.PostroomError, status: int, code: str
) -> None:
    answer = answer_to(error, "trace")
    assert (answer.status, answer.body["error"]["code"]) == (status, code)


def test_a_new_error_class_answers_as_the_nearest_one_it_belongs_to() -> None:
    class UnknownLabelError(errors.NotFoundError):
        pass

    assert status_of(UnknownLabelError("x")) == 404


def test_a_wait_is_named_in_whole_seconds_and_never_zero() -> None:
    soon = errors.RateLimitedError("x", retry_after=timedelta(milliseconds=10))
    assert answer_to(soon, "trace").headers == {"Retry-After": "1"}


def test_an_address_is_told_to_the_caller_and_never_kept() -> None:
    error = errors.InvalidRecipientError("No.", addresses=("ada@x..example",))
    assert answer_to(error, "").body["error"]["payload"] == {"addresses": ["ada@x..example"]}
    assert "ada" not in f"{error}{error.problems}{error_record(error)}"
