"""Tools as models take them: strict schemas, every field filled, few words."""

import re
from collections.abc import Mapping
from typing import Any

import jsonschema
import pytest

from shared.actions.loading import actions
from shared.actions.tool_choice import DEFAULT, PRESETS
from shared.edge.mcp.arguments import read_arguments
from shared.edge.mcp.continuing import TOOL as CONTINUE
from shared.edge.mcp.offer import tool_of
from shared.edge.mcp.schemas import without_empty
from tests.edge.mcp.agents import BOB, TOOLS, AgentHarness
from tests.edge.mcp.test_tools import error_of, tools_of
from tests.interop.frameworks.filling import filled

MOST_BYTES = 16_000
KEYWORDS = {"type", "description", "items", "enum", "properties", "required"} | {
    "additionalProperties"
}
SCALARS = {"string", "integer", "number", "boolean"}
EVERY = sorted(name for name, action in actions().items() if action.for_agents)
"""Every tool that there is, whatever grant it needs."""
CITED = re.compile(r"\b(FACTS|API|DESIGN|DECISIONS) [\d.]")
REST = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE|HTTP|REST|endpoint|header [A-Z]|/[a-z]+/)")
TOOL_NAME = re.compile(r"(?<![\w./-])[a-z]+(?:-[a-z]+)+(?![\w./-])")
WORDS = frozenset(
    ("base64-encoded", "e-mail", "send-as", "of-office", "out-of-office", "read-only", "utf-8")
)
"""Words with a hyphen that name no tool."""
GIVEN: dict[str, Any] = {
    "ids": ["18c0"],
    "raw": "RnJvbTogYQ",
    "sendAsEmail": "ada@acme.example",
    "forwardingEmail": "bob@acme.example",
    "accessWindow": "allMail",
    "enabled": False,
    "enableAutoReply": False,
    "partId": "1",
    "startHistoryId": "1",
    "displayLanguage": "en",
}
"""A value for each field that some tool needs; "18c0" for any other."""
LABEL = {"addLabelIds": ["INBOX"]}
LETTER = {"to": BOB, "subject": "Hi", "text": "Yes."}
NEEDED: dict[str, Any] = {
    **dict.fromkeys(("create-draft", "send-email", "update-draft"), LETTER),
    **dict.fromkeys(
        ("batch-modify-messages", "modify-message", "modify-messages", "modify-thread"), LABEL
    ),
    "create-filter": {"criteria": {"from": "bob@far.example"}, "action": LABEL},
    "get-attachment": {"partId": "1"},
    "update-label": {"name": "x"},
    "update-send-as-smtp-msa": {
        "smtpMsa": {"host": "mail.acme.example", "port": 465, "securityMode": "ssl"}
    },
}
"""What a tool needs that its schema does not say."""


def strict(schema: Any) -> dict[str, Any]:
    """Return an object schema as OpenAI's strict mode is given it: every field required."""
    made = {**schema, "required": [*schema.get("properties", {})]}
    made["properties"] = {
        name: strict_field(one) for name, one in schema.get("properties", {}).items()
    }
    return made


def strict_field(field: Any) -> Any:
    if field["type"] == "object":
        return strict(field)
    return {**field, "items": strict_field(field["items"])} if field["type"] == "array" else field


def check_plain(schema: Any) -> None:
    """Raise AssertionError for anything that some model's converter does not take."""
    assert schema.keys() <= KEYWORDS, schema
    if schema["type"] == "object":
        assert schema["additionalProperties"] is False
        assert {*schema.get("required", ())} <= schema["properties"].keys()
        for one in schema["properties"].values():
            check_plain(one)
    elif schema["type"] == "array":
        check_plain(schema["items"])
    else:
        assert schema["type"] in SCALARS, schema


@pytest.mark.parametrize("name", EVERY)
def test_every_schema_is_plain_and_stays_valid_when_made_strict(name: str) -> None:
    schema = tool_of(name).input_schema
    check_plain(schema)
    made = strict(schema)
    jsonschema.Draft202012Validator.check_schema(made)
    jsonschema.validate(filled(schema, "typed"), made)


@pytest.mark.parametrize("name", [*EVERY, CONTINUE.name])
def test_no_description_cites_speaks_of_rest_or_names_a_tool_that_is_not_there(name: str) -> None:
    tool = CONTINUE if name == CONTINUE.name else tool_of(name)
    for words in descriptions(tool.model_dump(by_alias=True, exclude_none=True)):
        assert not CITED.search(words), words
        assert not REST.search(words), words
        named = {*TOOL_NAME.findall(words)} - WORDS
        assert named <= {*EVERY, CONTINUE.name}, words


def descriptions(found: Any) -> list[str]:
    """Return every description in a tool."""
    if isinstance(found, list):
        return [one for inner in found for one in descriptions(inner)]
    if not isinstance(found, dict):
        return []
    own = [found["description"]] if isinstance(found.get("description"), str) else []
    return [*own, *(one for inner in found.values() for one in descriptions(inner))]


@pytest.mark.parametrize("empty", ["typed", "", None, [], {}], ids=str)
@pytest.mark.parametrize("name", EVERY)
def test_a_call_with_every_field_filled_with_nothing_is_the_call_without_them(
    name: str, empty: Any
) -> None:
    """Compared as the action reads both; what it needs has a value in both."""
    action, schema = actions()[name], tool_of(name).input_schema
    needed = {one: GIVEN.get(one, "18c0") for one in schema.get("required", ())}
    needed |= NEEDED.get(name, {})
    bare = read_arguments(action, needed)
    full = read_arguments(action, merged(filled(schema, empty), needed))
    expected, found = (action.input.model_validate(one.input) for one in (bare, full))
    assert said(found.model_dump()) == said(expected.model_dump())


def merged(under: Any, over: Mapping[str, Any]) -> dict[str, Any]:
    """Return both; of an object that is in both the fields of both."""
    kept = under if isinstance(under, dict) else {}
    inner = {k: merged(kept.get(k), v) for k, v in over.items() if isinstance(v, dict)}
    return {**kept, **over, **inner}


def said(given: Any) -> Any:
    """Return what arguments say: without null and false, at any depth."""
    if isinstance(given, dict):
        kept = {name: said(one) for name, one in given.items()}
        return {name: one for name, one in kept.items() if one is not None and one is not False}
    return given


def test_what_is_empty_deep_inside_is_not_there_either() -> None:
    given = {"a": [{"b": "", "c": None}], "d": {"e": []}, "f": ["", "x"], "g": 0, "h": False}
    assert without_empty(given) == {"f": ["x"], "g": 0, "h": False}


async def test_the_default_set_is_listed_in_few_words(harness: AgentHarness) -> None:
    async with harness.agent(chosen="") as agent:
        listed = await agent.list_tools()
    names = {tool.name for tool in listed.tools}
    assert names == (DEFAULT & TOOLS) | {CONTINUE.name}
    assert len(listed.model_dump_json(by_alias=True, exclude_none=True)) <= MOST_BYTES


@pytest.mark.parametrize(
    ("chosen", "there", "absent"),
    [
        ("read", {"search-mail", "list-labels"}, {"send-email", "create-draft", "get-message"}),
        ("triage", {"search-mail", "modify-messages", "create-draft"}, {"send-email"}),
        ("write", {"send-email", "cancel-send"}, {"modify-messages"}),
        ("get-message, read-thread", {"get-message", "read-thread"}, {"search-mail"}),
        ("read,create-label", {"search-mail", "create-label"}, {"send-email"}),
        ("nonsense", set[str](), {"search-mail"}),
    ],
)
async def test_a_client_chooses_what_is_listed(
    harness: AgentHarness, chosen: str, there: set[str], absent: set[str]
) -> None:
    async with harness.agent(chosen=chosen) as agent:
        names = {*await tools_of(agent)}
    assert there <= names
    assert not absent & names


async def test_a_key_carries_what_its_agents_are_listed(harness: AgentHarness) -> None:
    """The address chooses otherwise; a name that is no tool is refused when the key is made."""
    body = {"name": "triage", "permissions": ["mcp", "actions"], "tools": "triage, get-message"}
    made = (await harness.system.client.post("/api-keys", json=body)).json()
    assert made["tools"] == "triage,get-message"
    async with harness.agent(key=made["key"], chosen="") as agent:
        own = {*await tools_of(agent)}
        sent = await agent.call_tool("send-email", {**LETTER, "idempotency_key": "k"})
    async with harness.agent(key=made["key"], chosen="read") as agent:
        other = {*await tools_of(agent)}
    assert own == PRESETS["triage"] | {"get-message"}
    assert not sent.is_error
    assert other == PRESETS["read"]
    wrong = await harness.system.client.post("/api-keys", json={**body, "tools": "tirage"})
    assert wrong.status_code == 400
    assert "tirage" in wrong.text


async def test_a_first_call_with_every_field_filled_works(harness: AgentHarness) -> None:
    await harness.deliver("Invoice", "Hello.")
    await harness.system.settle()
    async with harness.agent(chosen="") as agent:
        tools = await tools_of(agent)
        for name in ("search-mail", "list-conversations", "find-contact", "list-labels"):
            given = filled(tools[name].input_schema, "typed")
            answer = await agent.call_tool(name, given)
            assert not answer.is_error, (name, answer)
        letter = filled(tools["send-email"].input_schema, "typed")
        letter |= {"to": BOB, "subject": "Hi", "text": "Yes.", "idempotency_key": "k"}
        sent = await agent.call_tool("send-email", letter)
        nothing = await agent.call_tool("read-messages", {"ids": [""], "whole": None})
    assert sent.structured_content["output"]["status"] == "submitted"
    assert error_of(nothing)["errors"][0]["path"] == ["input", "ids"]
