"""Recorded refusals of Gmail and the token endpoint, as the adapters read and raise them."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import orjson
import pytest

from shared.adapters.gmail.errors import read_refusal, refusal_error, scope_for
from shared.adapters.google.oauth import token_error, token_refusal
from shared.domain.google.refusals import Concern
from shared.domain.google.trouble import (
    DeploymentError,
    GrantEndedError,
    MailboxClosedError,
    PreconditionFailedError,
    UnnamedRefusalError,
)
from shared.edge.web.status import answer_to
from shared.errors import (
    GmailRefusedError,
    GmailUnavailableError,
    GoogleOAuthUnavailableError,
    GrantRevokedError,
    MissingScopeError,
    PostroomError,
    RateLimitedError,
    ReauthRequiredError,
    SessionPolicyError,
    TooManyConcurrentError,
    TransientError,
)

NOW: Final = datetime(2026, 11, 28, 12, tzinfo=UTC)
CASES: Final = json.loads((Path(__file__).parents[2] / "cases" / "refusals.json").read_text())
READ: Final = {
    "gmail": (lambda response: read_refusal(response).meaning),
    "token": token_refusal,
}
RAISES: Final[dict[str, dict[str, type[PostroomError]]]] = {
    "gmail": {
        "call": GmailRefusedError,
        "passing": GmailUnavailableError,
        "passing, then call": PreconditionFailedError,
        "grant": ReauthRequiredError,
        "scope": MissingScopeError,
        "rate": RateLimitedError,
        "concurrency": TooManyConcurrentError,
        "mailbox": MailboxClosedError,
        "deployment": DeploymentError,
    },
    "token": {
        "passing": GoogleOAuthUnavailableError,
        "grant": ReauthRequiredError,
        "grant revoked": GrantRevokedError,
        "grant session_policy": SessionPolicyError,
        "deployment": DeploymentError,
    },
}


@dataclass(frozen=True)
class Case:
    api: str
    response: httpx.Response
    concerns: str

    @classmethod
    def of(cls, case: dict[str, Any]) -> "Case":
        body = case["body"]
        content = body.encode() if isinstance(body, str) else orjson.dumps(body)
        response = httpx.Response(
            case["status"], content=content, headers=case.get("headers") or {}
        )
        return cls(case["api"], response, case["concerns"])

    def error(self) -> PostroomError:
        if self.api == "token":
            return token_error(self.response)
        return refusal_error(self.response, "the scope", NOW)


GIVEN: Final = [Case.of(one) for one in CASES]


def gmail(status: int, message: str = "", *reasons: str, info: str = "", **limit: str) -> Case:
    details = [{"@type": "ErrorInfo", "reason": info, "metadata": limit}] if info else []
    error = {
        "code": status,
        "message": message,
        "errors": [{"reason": one} for one in reasons],
        "details": details,
    }
    return Case("gmail", httpx.Response(status, json={"error": error}), "")


def token(status: int, **body: object) -> Case:
    return Case("token", httpx.Response(status, json=body), "")


@pytest.mark.parametrize("case", GIVEN, ids=lambda case: f"{case.api} {case.concerns}")
def test_each_recorded_refusal_concerns_what_it_does(case: Case) -> None:
    assert str(READ[case.api](case.response)) == case.concerns


@pytest.mark.parametrize("case", GIVEN, ids=lambda case: f"{case.api} {case.concerns}")
def test_each_recorded_refusal_is_raised_as_its_class_and_never_answered_500(case: Case) -> None:
    kinds = RAISES[case.api]
    error = case.error()
    assert isinstance(error, kinds.get(case.concerns) or kinds[case.concerns.split()[0]])
    assert answer_to(error, "trace").status != 500
    detail = case.concerns.partition(" ")[2]
    if isinstance(error, DeploymentError | MailboxClosedError):
        assert error.code == detail
    if isinstance(error, GrantEndedError):
        assert error.cause == detail
    if isinstance(error, RateLimitedError):
        assert error.scope in case.concerns


@pytest.mark.parametrize(
    ("case", "concerns"),
    [
        (gmail(403, "", info="SERVICE_DISABLED"), "deployment gmail_api_disabled"),
        (gmail(403, "", info="CONSUMER_SUSPENDED"), "deployment gmail_api_disabled"),
        (gmail(403, "", info="ACCESS_TOKEN_SCOPE_INSUFFICIENT"), "scope"),
        (gmail(403, "", info="RATE_LIMIT_EXCEEDED", quota_unit="1/min/{project}"), "rate project"),
        (
            gmail(403, "", info="RATE_LIMIT_EXCEEDED", quota_unit="1/min/{project}/{user}"),
            "rate user",
        ),
        (gmail(429, "", info="RATE_LIMIT_EXCEEDED", quota_unit="1/d/{project}"), "rate daily"),
        (gmail(429, "User-rate limit exceeded. (Mail sending)"), "rate sending"),
        (gmail(403, "", "userRateLimitExceeded"), "rate user"),
        (gmail(403, "", "quotaExceeded"), "rate user"),
        (gmail(403, "x", "forbidden", "domainPolicy"), "mailbox domain_policy"),
        (gmail(400, "Precondition check failed.", "failedPrecondition"), "passing, then call"),
        (gmail(400, "Cannot do that to a chat.", "failedPrecondition"), "call"),
        (gmail(400, "Mail service not enabled"), "mailbox mail_not_enabled"),
        (gmail(401, "", "accountDeleted"), "grant account_deleted"),
        (gmail(403, "Metadata scope does not support 'q' parameter", "forbidden"), "scope"),
        (
            gmail(
                404,
                "Error sending test message to Cloud PubSub projects/p/topics/t : "
                "Resource not found (resource=t).",
                "notFound",
            ),
            "deployment topic_forbidden",
        ),
        (gmail(404, "Requested entity was not found.", "notFound"), "call"),
        (gmail(409, "The operation was aborted.", info="ABORTED"), "passing"),
        (gmail(504, "Deadline expired", "backendError"), "passing"),
        (token(400, error="policy_enforced"), "grant policy_enforced"),
        (token(400, error="invalid_rapt"), "grant session_policy"),
        (token(400, error="unauthorized_client"), "deployment oauth_client_refused"),
        (token(401, error="disabled_client"), "deployment oauth_client_refused"),
        (token(400, error="temporarily_unavailable"), "passing"),
        (token(429, error="invalid_grant"), "passing"),
        (token(503, error="invalid_client"), "passing"),
        (token(400, error="invalid_token"), "grant revoked"),
        (token(418, error="brand_new"), "passing"),
    ],
)
def test_others_of_each_kind_concern_the_same(case: Case, concerns: str) -> None:
    assert str(READ[case.api](case.response)) == concerns


@pytest.mark.parametrize(
    "error", [{"errors": "x"}, {"errors": [None, 3]}, {"details": {"reason": "x"}}, {"message": 7}]
)
def test_a_body_of_another_shape_is_judged_by_its_status(error: object) -> None:
    response = httpx.Response(503, json={"error": error})
    assert read_refusal(response).meaning.concern is Concern.PASSING


def test_what_refuses_the_deployment_tells_the_operator_what_helps() -> None:
    answer = answer_to(gmail(403, "", "accessNotConfigured").error(), "trace")
    assert (answer.status, answer.body["error"]["code"]) == (503, "gmail_api_disabled")
    assert "enable the Gmail API" in answer.body["error"]["message"]
    refused = answer_to(token(401, error="deleted_client").error(), "trace")
    assert (refused.status, refused.body["error"]["code"]) == (503, "oauth_client_refused")
    assert "deleted_client" in refused.body["error"]["message"]


def test_nothing_was_done_by_a_call_whose_precondition_failed() -> None:
    error = gmail(400, "Precondition check failed.", "failedPrecondition").error()
    assert isinstance(error, PreconditionFailedError)
    assert not error.sent


def test_an_unknown_word_of_the_token_endpoint_is_told_from_a_hiccup() -> None:
    assert isinstance(token(400, error="brand_new").error(), UnnamedRefusalError)
    for passing in (token(500, error="brand_new"), token(400, error="internal_failure")):
        assert type(passing.error()) is GoogleOAuthUnavailableError
    page = Case("token", httpx.Response(403, content=b"<html>"), "")
    assert isinstance(page.error(), TransientError)
    assert not isinstance(page.error(), UnnamedRefusalError)


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("DELETE", "/messages/1", "https://mail.google.com/"),
        ("DELETE", "/threads/1", "https://mail.google.com/"),
        ("POST", "/messages/batchDelete", "https://mail.google.com/"),
        ("POST", "/messages/1/trash", "https://www.googleapis.com/auth/gmail.modify"),
        ("DELETE", "/labels/1", "https://www.googleapis.com/auth/gmail.modify"),
        ("DELETE", "/drafts/1", "https://www.googleapis.com/auth/gmail.compose"),
        ("GET", "/messages", "https://www.googleapis.com/auth/gmail.readonly"),
    ],
)
def test_a_missing_scope_is_the_one_that_helps(method: str, path: str, scope: str) -> None:
    assert scope_for(method, path) == scope
