"""Faults that say what Google says: refusals in any words, of the API and of the token endpoint."""

from typing import Any

import pytest

from tests.infra.google.endpoints.visitor import ADA, SCOPE, Visitor

DETAILS = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED"}]


async def test_a_refusal_says_what_the_script_says_as_often_as_it_says(
    visitor: Visitor, token: str
) -> None:
    """Status, reason, message and details come out in Gmail's envelope."""
    script: dict[str, Any] = {
        "fault": "refuse",
        "method": "messages.list",
        "status": 403,
        "reason": "rateLimitExceeded",
        "message": "Quota exceeded for quota metric 'Queries'",
        "details": DETAILS,
        "times": 1,
    }
    shown = await visitor.control("/faults", script)
    answers = [await visitor.gmail("GET", "me/messages", token) for _ in range(2)]
    inner = {"message": script["message"], "domain": "usageLimits", "reason": script["reason"]}
    assert shown.items() >= script.items()
    assert [answer.status_code for answer in answers] == [403, 200]
    assert answers[0].json() == {
        "error": {
            "code": 403,
            "message": script["message"],
            "errors": [inner],
            "status": "PERMISSION_DENIED",
            "details": DETAILS,
        }
    }


@pytest.mark.parametrize(
    ("status", "reason", "text", "domain"),
    [
        (400, "failedPrecondition", "FAILED_PRECONDITION", "global"),
        (404, "notFound", "NOT_FOUND", "global"),
        (409, "aborted", "ABORTED", "global"),
        (429, "userRateLimitExceeded", "RESOURCE_EXHAUSTED", "usageLimits"),
        (599, "strange", "UNKNOWN", "global"),
    ],
)
async def test_a_refusal_without_a_message_is_whole_all_the_same(
    visitor: Visitor, token: str, status: int, reason: str, text: str, domain: str
) -> None:
    """The envelope's other words follow from status and reason."""
    await visitor.control("/faults", {"fault": "refuse", "status": status, "reason": reason})
    answer = await visitor.gmail("GET", "me/profile", token)
    error = answer.json()["error"]
    assert (answer.status_code, error["status"]) == (status, text)
    assert (error["errors"][0]["domain"], error["errors"][0]["reason"]) == (domain, reason)
    assert error["message"]


@pytest.mark.parametrize(
    "script",
    [
        {"error": "invalid_grant", "error_subtype": "rapt_required"},
        {"error": "policy_enforced", "status": 401, "message": "Advanced Protection"},
    ],
)
async def test_the_token_endpoint_refuses_with_the_words_of_the_script(
    visitor: Visitor, script: dict[str, Any]
) -> None:
    """Error, subtype and status are those asked for, at a refresh and at an exchange alike."""
    refresh_token = (await visitor.sign_in())["refresh_token"]
    code = await visitor.code()
    await visitor.control("/faults", {"fault": "token_error", "email": ADA, **script})
    answers = [await visitor.refresh(refresh_token), await visitor.exchange(code)]
    await visitor.http.delete("/_control/faults")
    for answer in answers:
        assert answer.status_code == script.get("status", 400)
        assert answer.json()["error"] == script["error"]
        assert answer.json().get("error_subtype") == script.get("error_subtype")
    assert (await visitor.refresh(refresh_token)).status_code == 200


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ({"fault": "refuse"}, "refuse needs status"),
        ({"fault": "refuse", "status": 200}, "status"),
        ({"fault": "refuse", "status": 403, "error": "x"}, "not error"),
        ({"fault": "token_error", "status": 400}, "token_error needs error"),
        ({"fault": "token_error", "error": "x", "reason": "y"}, "not reason"),
        ({"fault": "status_500", "message": "x"}, "has its own words"),
    ],
)
async def test_words_that_a_fault_has_no_use_for_are_refused(
    visitor: Visitor, script: dict[str, Any], says: str
) -> None:
    """A script that could not do what it says is a 400 with the reason."""
    answer = await visitor.http.post("/_control/faults", json=script)
    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]


async def test_a_deleted_client_gets_neither_tokens_nor_consent(visitor: Visitor) -> None:
    """The user meets an error page, the product a 401, and both name the deleted client."""
    refresh_token = (await visitor.sign_in())["refresh_token"]
    await visitor.control("/faults", {"fault": "client_deleted"})
    page, refused = await visitor.authorize(), await visitor.refresh(refresh_token)
    assert (page.status_code, refused.status_code) == (401, 401)
    assert "deleted_client" in page.text
    assert refused.json() == {
        "error": "deleted_client",
        "error_description": "The OAuth client was deleted.",
    }


async def test_a_consent_comes_without_a_refresh_token_once(visitor: Visitor) -> None:
    """As Google answers an account that consented before and was not asked again (FACTS 6.2)."""
    await visitor.control("/faults", {"fault": "consent_without_refresh_token", "times": 1})
    first, second = await visitor.sign_in(), await visitor.sign_in()
    assert "refresh_token" not in first
    assert first["access_token"]
    assert second["refresh_token"]


async def test_a_disabled_api_names_the_project_and_the_way_out(
    visitor: Visitor, token: str
) -> None:
    """Both forms of the reason are there: errors[] and ErrorInfo (FACTS 18.9)."""
    await visitor.control("/faults", {"fault": "api_disabled"})
    error = (await visitor.gmail("GET", "me/profile", token)).json()["error"]
    assert error["errors"][0]["reason"] == "accessNotConfigured"
    assert error["errors"][0]["extendedHelp"]
    assert [one.get("reason") for one in error["details"]] == [None, "SERVICE_DISABLED"]


async def test_history_runs_backwards_where_asked(visitor: Visitor, token: str) -> None:
    """The id told lies below the checkpoint it was asked from, and nothing is listed."""
    start = visitor.google.store.history_id(ADA)
    await visitor.control("/faults", {"fault": "history_backwards", "times": 1})
    query = {"startHistoryId": str(start)}
    told = [
        (await visitor.gmail("GET", "me/history", token, params=query)).json() for _ in range(2)
    ]
    assert "history" not in told[0]
    assert [int(one["historyId"]) < start for one in told] == [True, False]


@pytest.mark.parametrize("scripted", [True, False])
async def test_the_metadata_scope_narrows_a_wider_one(visitor: Visitor, scripted: bool) -> None:
    """Q and whole messages are refused (FACTS 18.10), headers are not."""
    scopes = f"{SCOPE}modify" if scripted else f"{SCOPE}modify {SCOPE}metadata"
    token = (await visitor.sign_in(scope=scopes))["access_token"]
    if scripted:
        await visitor.control("/faults", {"fault": "metadata_scope", "email": ADA})
    searched = await visitor.gmail("GET", "me/messages", token, params={"q": "tea"})
    whole = await visitor.gmail("GET", "me/messages/18f00000000000ff", token)
    listed = await visitor.gmail("GET", "me/messages", token)
    assert [searched.status_code, whole.status_code, listed.status_code] == [403, 403, 200]
    assert "Metadata scope" in searched.json()["error"]["message"]
