"""Errors, empty lists and odd arguments, answered as Gmail answers them (FACTS 14)."""

from typing import Any

import httpx
import pytest

from tests.infra.google.emulator import FULL, SCOPE, Google, b64, error_of, letter

ADA, BEN = "ada@demo.example", "ben@demo.example"


def with_token(google: Google, path: str, *scopes: str, verb: str = "GET") -> httpx.Response:
    headers = {"Authorization": f"Bearer {google.token(ADA, scopes)}"}
    return google.http.request(verb, f"/gmail/v1/users/{path}", headers=headers)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("me/messages", {"resultSizeEstimate": 0}),
        ("me/threads", {"resultSizeEstimate": 0}),
        ("me/drafts", {"resultSizeEstimate": 0}),
        ("me/messages?q=nothing", {"resultSizeEstimate": 0}),
        ("me/messages?q=from:(", {"resultSizeEstimate": 0}),
    ],
)
def test_an_empty_list_omits_its_key(google: Google, ada: str, path: str, expected: Any) -> None:
    answer = google.call(ADA, "GET", path)
    assert answer.status_code == 200
    assert answer.json() == expected


@pytest.mark.parametrize(
    "wrong", ["xyz", "zz00000000000000", "ffffffffffffffff", "8" * 16, "1" * 40]
)
def test_what_is_no_id_is_a_400(google: Google, ada: str, wrong: str) -> None:
    answer = google.call(ADA, "GET", f"me/messages/{wrong}")
    assert answer.status_code == 400
    assert error_of(answer)["message"] == "Invalid id value"
    assert error_of(answer)["status"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize("resource", ["messages", "threads"])
def test_an_unknown_id_is_a_404(google: Google, ada: str, resource: str) -> None:
    answer = google.call(ADA, "GET", f"me/{resource}/00000000deadbeef")
    error = error_of(answer)
    assert (answer.status_code, error["code"], error["status"]) == (404, 404, "NOT_FOUND")
    assert error["message"] == "Requested entity was not found."
    assert error["errors"][0]["reason"] == "notFound"


@pytest.mark.parametrize("spelled", ["me", "ME", "Me", ADA, ADA.upper()])
def test_me_in_any_case_and_the_own_address_are_the_same(
    google: Google, ada: str, spelled: str
) -> None:
    answer = google.call(ADA, "GET", f"{spelled}/profile")
    assert answer.json()["emailAddress"] == ADA


def test_another_address_is_refused(google: Google, ada: str, ben: str) -> None:
    answer = google.call(ADA, "GET", f"{BEN}/profile")
    assert answer.status_code == 403
    assert error_of(answer)["message"] == f"Delegation denied for {ADA}"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("0", "Invalid maxResults"),
        (str(2**31), "Invalid maxResults"),
    ],
)
def test_max_results_has_a_range(google: Google, ada: str, given: str, message: str) -> None:
    answer = google.call(ADA, "GET", "me/messages", params={"maxResults": given})
    assert answer.status_code == 400
    assert error_of(answer)["message"] == message


@pytest.mark.parametrize("given", ["ten", "-1", "1.5", ""])
def test_max_results_must_be_a_number(google: Google, ada: str, given: str) -> None:
    answer = google.call(ADA, "GET", "me/messages", params={"maxResults": given})
    assert answer.status_code == 400
    assert error_of(answer)["message"].startswith("Invalid value at 'max_results' (TYPE_UINT32)")


def test_more_than_500_is_capped(google: Google) -> None:
    google.mailbox(ADA, messages=510)
    answer = google.call(ADA, "GET", "me/messages?maxResults=1000&includeSpamTrash=true").json()
    assert len(answer["messages"]) == 500
    assert answer["nextPageToken"]


def test_the_default_page_is_100(google: Google) -> None:
    google.mailbox(ADA, messages=130)
    answer = google.call(ADA, "GET", "me/messages?includeSpamTrash=true").json()
    assert len(answer["messages"]) == 100


def test_pages_join_up_to_the_whole(google: Google) -> None:
    google.mailbox(ADA, messages=60)
    found: list[str] = []
    page: dict[str, str] = {}
    while True:
        params = {"maxResults": "25", "includeSpamTrash": "true", **page}
        answer = google.call(ADA, "GET", "me/messages", params=params).json()
        found += [one["id"] for one in answer["messages"]]
        if "nextPageToken" not in answer:
            break
        page = {"pageToken": answer["nextPageToken"]}
    assert found == [one["id"] for one in google.held(ADA)]


@pytest.mark.parametrize("wrong", ["x", "123456", "AAAA"])
def test_a_made_up_page_token_is_refused(google: Google, ada: str, wrong: str) -> None:
    answer = google.call(ADA, "GET", "me/messages", params={"pageToken": wrong})
    assert answer.status_code == 400
    assert error_of(answer)["message"] == "Invalid pageToken"


def test_a_page_token_belongs_to_its_query(google: Google) -> None:
    """FACTS 4.1."""
    google.mailbox(ADA, messages=40)
    token = google.call(ADA, "GET", "me/messages?maxResults=5").json()["nextPageToken"]
    params = {"maxResults": "5", "pageToken": token, "q": "in:sent"}
    assert google.call(ADA, "GET", "me/messages", params=params).status_code == 400


def test_an_unknown_label_is_an_invalid_label(google: Google, ada: str) -> None:
    answer = google.call(ADA, "GET", "me/messages", params={"labelIds": "Label_404"})
    assert answer.status_code == 400
    assert "Invalid label" in error_of(answer)["message"]


@pytest.mark.parametrize("header", [None, "Bearer nonsense", "Basic YTpi", "Bearer"])
def test_a_bad_token_is_a_401_that_says_how_to_sign_in(
    google: Google, ada: str, header: str | None
) -> None:
    headers = {"Authorization": header} if header else {}
    answer = google.http.get("/gmail/v1/users/me/profile", headers=headers)
    assert answer.status_code == 401
    assert error_of(answer)["status"] == "UNAUTHENTICATED"
    assert answer.headers["www-authenticate"].startswith(
        'Bearer realm="https://accounts.google.com/"'
    )
    if header == "Bearer nonsense":
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        assert error_of(answer)["errors"][0]["reason"] == "authError"


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("me/profile", f"{SCOPE}send"),
        ("me/messages", f"{SCOPE}send"),
        ("me/messages", f"{SCOPE}labels"),
        ("me/settings/sendAs", f"{SCOPE}metadata"),
    ],
)
def test_a_missing_scope_is_a_403(google: Google, ada: str, path: str, scope: str) -> None:
    answer = with_token(google, path, scope)
    error = error_of(answer)
    assert (answer.status_code, error["status"]) == (403, "PERMISSION_DENIED")
    assert error["errors"][0]["reason"] == "insufficientPermissions"


def test_modify_may_not_delete_for_ever(google: Google, ada: str) -> None:
    """FACTS 6.11."""
    made = google.deliver(ADA, letter("Keep me"))
    answer = with_token(google, f"me/messages/{made['id']}", f"{SCOPE}modify", verb="DELETE")
    assert answer.status_code == 403
    assert len(google.held(ADA)) == 1
    assert with_token(google, f"me/messages/{made['id']}", FULL, verb="DELETE").is_success


@pytest.mark.parametrize("form", ["full", "raw"])
def test_the_metadata_scope_sees_no_bodies(google: Google, ada: str, form: str) -> None:
    made = google.deliver(ADA, letter("Secret"))
    path = f"me/messages/{made['id']}?format="
    assert with_token(google, path + form, f"{SCOPE}metadata").status_code == 403
    assert with_token(google, path + "metadata", f"{SCOPE}metadata").is_success


def test_what_gmail_does_not_have_is_a_page_that_says_so(google: Google, ada: str) -> None:
    answer = google.call(ADA, "GET", "me/nonsense")
    assert (answer.status_code, answer.headers["content-type"][:9]) == (404, "text/html")


def test_broken_json_is_a_400(google: Google, ada: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = google.call(ADA, "POST", "me/labels", content=b'{"name": ', headers=headers)
    assert answer.status_code == 400
    assert error_of(answer)["status"] == "INVALID_ARGUMENT"


def test_an_unknown_field_in_a_body_is_a_400(google: Google, ada: str) -> None:
    answer = google.call(ADA, "POST", "me/labels", json={"name": "A", "colour": "red"})
    assert answer.status_code == 400
    assert "colour" in error_of(answer)["message"]


def test_a_label_name_is_taken_once(google: Google, ada: str) -> None:
    assert google.call(ADA, "POST", "me/labels", json={"name": "Twice"}).is_success
    answer = google.call(ADA, "POST", "me/labels", json={"name": "twice"})
    assert answer.status_code == 409
    assert error_of(answer)["message"] == "Label name exists or conflicts"


def test_a_system_label_stays(google: Google, ada: str) -> None:
    assert google.call(ADA, "DELETE", "me/labels/INBOX").status_code == 400
    assert google.call(ADA, "PATCH", "me/labels/INBOX", json={"name": "X"}).status_code == 400


@pytest.mark.parametrize("label", ["SENT", "DRAFT"])
def test_sent_and_draft_cannot_be_set(google: Google, ada: str, label: str) -> None:
    made = google.deliver(ADA, letter("One"))
    path = f"me/messages/{made['id']}/modify"
    answer = google.call(ADA, "POST", path, json={"addLabelIds": [label]})
    assert answer.status_code == 400
    assert "Invalid label" in error_of(answer)["message"]


def test_raw_must_be_base64(google: Google, ada: str) -> None:
    answer = google.call(ADA, "POST", "me/messages/send", json={"raw": "***"})
    assert answer.status_code == 400
    assert google.held(ADA) == []


def test_an_unpadded_raw_is_taken(google: Google, ada: str) -> None:
    raw = b64(letter("Unpadded!", sender=ADA, to=BEN)).rstrip("=")
    assert google.call(ADA, "POST", "me/messages/send", json={"raw": raw}).is_success


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        ("status_403_rate", 403, "userRateLimitExceeded"),
        ("status_429", 429, "rateLimitExceeded"),
        ("status_500", 500, "backendError"),
        ("status_503", 503, "backendError"),
        ("too_many_concurrent", 429, "rateLimitExceeded"),
    ],
)
def test_a_scripted_refusal_has_googles_shape(
    google: Google, ada: str, fault: str, status: int, reason: str
) -> None:
    google.fault(fault, email=ADA, method="gmail.users.getProfile", times=1)
    answer = google.call(ADA, "GET", "me/profile")
    assert answer.status_code == status
    assert error_of(answer)["errors"][0]["reason"] == reason
    assert google.call(ADA, "GET", "me/profile").is_success


def test_a_spent_quota_refuses_until_the_minute_is_over(google: Google, ada: str) -> None:
    google.control("POST", "/quota", json={"units_per_minute": 10})
    google.token(ADA)
    answers = [google.call(ADA, "GET", "me/messages") for _ in range(4)]
    assert [one.status_code for one in answers[:2]] == [200, 200]
    assert answers[3].status_code in {403, 429}
    assert error_of(answers[3])["errors"][0]["reason"] in {
        "rateLimitExceeded",
        "userRateLimitExceeded",
    }
    google.advance(minutes=2)
    assert google.call(ADA, "GET", "me/messages").is_success


def test_a_token_dies_with_the_hour(google: Google, ada: str) -> None:
    assert google.call(ADA, "GET", "me/profile").is_success
    google.advance(hours=1, minutes=5)
    assert google.call(ADA, "GET", "me/profile").status_code == 401
