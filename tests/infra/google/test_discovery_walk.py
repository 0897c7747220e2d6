"""Google's own client calls every method of Gmail's discovery document."""

import pytest
from googleapiclient.errors import HttpError

from infra.local.google.gmail.methods import METHODS
from tests.infra.google.discovery import methods
from tests.infra.google.emulator import CheckedRequest, Google, error_of
from tests.infra.google.walk import ADA, Walker

EVERY = sorted(methods())
CSE = [method_id for method_id in EVERY if ".cse." in method_id]


def test_every_method_of_the_document_is_served_and_no_other() -> None:
    """The table and the document name the same methods."""
    assert sorted(method.id for method in METHODS) == EVERY
    assert (len(EVERY), len(CSE)) == (79, 11)


@pytest.mark.parametrize("method_id", [one for one in EVERY if one not in CSE])
def test_the_official_client_calls_the_method_as_the_document_describes_it(
    google: Google, method_id: str
) -> None:
    """Path, body and answer fit the document; nothing here knows the method."""
    walker = Walker(google)
    CheckedRequest.driven.clear()
    walker.call(method_id)
    assert method_id in CheckedRequest.driven


@pytest.mark.parametrize("method_id", CSE)
def test_an_account_without_client_side_encryption_is_refused(
    google: Google, method_id: str
) -> None:
    """403 although the scope is granted: the service is what is missing."""
    with pytest.raises(HttpError) as refused:
        Walker(google).call(method_id)
    assert refused.value.resp.status == 403
    assert "forbidden" in str(refused.value.error_details)


@pytest.mark.parametrize("method_id", EVERY)
def test_a_token_without_a_scope_of_the_method_is_refused(google: Google, method_id: str) -> None:
    """Whatever the document does not name is too little, and the refusal names the method."""
    google.mailbox(ADA)
    method = next(one for one in METHODS if one.id == method_id)
    path = method.path.replace("{userId}", "me").replace("{", "").replace("}", "")
    answer = google.http.request(
        method.verb, path, headers={"Authorization": f"Bearer {google.token(ADA, ())}"}
    )
    assert answer.status_code == 403
    assert error_of(answer)["errors"][0]["reason"] == "insufficientPermissions"
