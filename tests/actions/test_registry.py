"""The one table of actions: complete, described, and open to a deployment's own."""

from types import SimpleNamespace
from typing import Any

import httpx
import jsonschema
import pytest

from shared.actions.catalogue import as_integration, as_tools
from shared.actions.gmail.messages import ACTIONS
from shared.actions.loading import actions, exports_of
from shared.actions.registry import Action, Effect
from shared.edge.api.mail.record_models import EmailMessage
from shared.edge.table import whole_table
from shared.edge.web.openapi.document import document
from shared.errors import ConfigurationError

NAMES = """
send-email send-message
create-draft update-draft get-draft list-drafts send-draft delete-draft
get-message list-messages modify-message batch-modify-messages trash-message untrash-message
get-thread list-threads modify-thread trash-thread untrash-thread
list-labels get-label create-label update-label delete-label
get-attachment get-profile
watch-mailbox stop-watch list-watch-history
delete-message batch-delete-messages delete-thread
list-send-as-aliases get-send-as-alias create-send-as-alias update-send-as-alias
update-send-as-smtp-msa verify-send-as-alias delete-send-as-alias
list-filters get-filter create-filter delete-filter
list-forwarding-addresses get-forwarding-address delete-forwarding-address
get-auto-forwarding-settings update-auto-forwarding-settings
get-vacation-settings update-vacation-settings get-imap-settings update-imap-settings
get-pop-settings update-pop-settings get-language-settings update-language-settings
search-mail list-conversations read-messages read-thread find-contact modify-messages
read-attachment list-scheduled cancel-send
"""


def test_every_action_of_the_contract_is_there() -> None:
    assert {*actions()} == {*NAMES.split()}


def test_what_an_action_takes_and_answers_is_described_in_valid_schemas() -> None:
    for one in as_integration(EmailMessage)["actions"]:
        definitions = one["json_schema"]["definitions"]
        assert {one["input"], *one["returns"]} <= {*definitions}
        for schema in definitions.values():
            jsonschema.Draft7Validator.check_schema(schema)
    for tool in as_tools():
        parameters = tool["parameters"]
        jsonschema.Draft202012Validator.check_schema(parameters)
        assert parameters["type"] == "object"
        assert tool["description"]


def test_names_that_only_read_have_no_effect_and_all_others_have_one() -> None:
    for name, action in actions().items():
        reads = name.startswith(("get-", "list-", "read-", "search-", "find-"))
        assert (action.effect is Effect.NONE) == reads, name


def test_the_description_names_every_action_with_its_fields() -> None:
    made = document(whole_table, "http://127.0.0.1:8080")
    trigger = made["paths"]["/action/trigger"]["post"]
    schema = trigger["requestBody"]["content"]["application/json"]["schema"]
    schemas = made["components"]["schemas"]
    bodies = [schemas[one["$ref"].rpartition("/")[2]] for one in schema["oneOf"]]
    assert {one["properties"]["action_name"]["const"] for one in bodies} == {*actions()}
    calls = schema["discriminator"]["mapping"]
    assert {*calls.values()} == {one["$ref"] for one in schema["oneOf"]}
    call = schemas[calls["modify-message"].rpartition("/")[2]]["properties"]
    assert call["action_name"]["const"] == "modify-message"
    named = call["input"]["$ref"].rpartition("/")[2]
    assert "addLabelIds" in schemas[named]["properties"]


def test_what_is_no_action_is_refused() -> None:
    module: Any = SimpleNamespace(__name__="mine", ACTION="get-message")
    with pytest.raises(ConfigurationError, match="mine"):
        exports_of(module, "ACTION", Action)
    assert [*exports_of(SimpleNamespace(ACTIONS=ACTIONS), "ACTION", Action)] == [*ACTIONS]  # type: ignore[arg-type]


async def test_the_listing_for_language_models_is_served(harness: Any) -> None:
    api: httpx.AsyncClient = harness.api
    tools = (await api.get("/scripts/config?format=openai")).json()["data"]
    assert {one["name"] for one in tools} == {n for n, one in actions().items() if one.for_agents}
