"""The official client drives every method; every answer fits the discovery document."""

import pytest

from infra.local.google.gmail.methods import METHODS
from tests.infra.google.discovery import document, methods
from tests.infra.google.emulator import CheckedRequest, Google
from tests.infra.google.scenes import ADA, SCENES, Stage, get_profile, messages_list

# fmt: off
UNITS = {  # FACTS 1.3
    "gmail.users.getProfile": 1, "gmail.users.watch": 100, "gmail.users.stop": 50,
    "gmail.users.history.list": 2, "gmail.users.messages.list": 5, "gmail.users.messages.get": 20,
    "gmail.users.messages.send": 100, "gmail.users.messages.insert": 25,
    "gmail.users.messages.import": 25, "gmail.users.messages.modify": 5,
    "gmail.users.messages.batchModify": 50, "gmail.users.messages.batchDelete": 50,
    "gmail.users.messages.trash": 20, "gmail.users.messages.untrash": 5,
    "gmail.users.messages.delete": 10, "gmail.users.messages.attachments.get": 20,
    "gmail.users.threads.list": 10, "gmail.users.threads.get": 40,
    "gmail.users.threads.modify": 10, "gmail.users.threads.trash": 20,
    "gmail.users.threads.delete": 20, "gmail.users.drafts.create": 10,
    "gmail.users.drafts.list": 5, "gmail.users.drafts.get": 20, "gmail.users.drafts.update": 15,
    "gmail.users.drafts.send": 100, "gmail.users.drafts.delete": 10, "gmail.users.labels.list": 1,
    "gmail.users.labels.get": 1, "gmail.users.labels.create": 5, "gmail.users.labels.update": 5,
    "gmail.users.labels.delete": 5, "gmail.users.settings.sendAs.list": 1,
    "gmail.users.settings.sendAs.get": 1,
}
# fmt: on
BY_ID = {method.id: method for method in METHODS}
ROWS = sorted(BY_ID)


@pytest.mark.parametrize("method_id", sorted(SCENES))
def test_the_official_client_drives_the_method_and_its_answers_fit_the_document(
    google: Google, method_id: str
) -> None:
    CheckedRequest.driven.clear()
    SCENES[method_id](Stage(google))
    assert method_id in CheckedRequest.driven


@pytest.mark.parametrize("method_id", ROWS)
def test_the_method_table_repeats_the_document(method_id: str) -> None:
    """Verb, path, parameters, upload path and accepted scopes are Google's, not ours."""
    told, ours = methods()[method_id], BY_ID[method_id]
    assert (ours.verb, ours.path) == (told["httpMethod"], f"/{told['path']}")
    assert ours.scopes == frozenset(told["scopes"])
    simple = told.get("mediaUpload", {}).get("protocols", {}).get("simple", {})
    assert ours.upload == simple.get("path")
    in_query = {k for k, v in told["parameters"].items() if v["location"] == "query"}
    assert in_query <= ours.params <= in_query | set(document()["parameters"])


@pytest.mark.parametrize("method_id", sorted(UNITS))
def test_a_method_costs_what_google_charges(method_id: str) -> None:
    if method_id in BY_ID:
        assert BY_ID[method_id].units == UNITS[method_id]


def test_calls_and_units_are_counted_per_mailbox(google: Google) -> None:
    stage = Stage(google)
    get_profile(stage)
    messages_list(stage)
    counted = str(google.control("GET", "/stats"))
    assert ADA in counted
    assert "gmail.users.messages.list" in counted
