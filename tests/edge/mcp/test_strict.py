"""Tools as models take them: strict schemas, every field filled, few words."""

import json
from typing import Any

import jsonschema
import pytest

from shared.actions.loading import actions
from shared.edge.mcp.arguments import read_arguments
from shared.edge.mcp.continuing import TOOL as CONTINUE
from shared.edge.mcp.offer import DEFAULT
from shared.edge.mcp.schemas import without_empty
from shared.edge.mcp.tools import tool_of
from tests.edge.mcp.agents import BOB, TOOLS, AgentHarness
from tests.edge.mcp.test_tools import error_of, tools_of

MOST_BYTES = 16_000
KEYWORDS = {"type", "description", "items", "enum", "properties", "required"} | {
    "additionalProperties"
}
SCALARS = {"string", "integer", "number", "boolean"}
EMPTY: dict[str, Any] = {"string": "", "array": [], "boolean": False, "integer": 0, "number": 0}
FOREIGN = ("GET /", "POST /", "DELETE /", "FACTS", "API ", "DESIGN")


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


def filled(schema: Any, empty: Any) -> dict[str, Any]:
    """Return a first call as models make it that must fill every field."""
    return {
        name: nothing_of(one) if empty == "typed" else empty
        for name, one in schema["properties"].items()
    }


def nothing_of(field: Any) -> Any:
    """Return what a model fills in that may not leave a field out: of an enumeration the first."""
    if "enum" in field:
        return field["enum"][0]
    return filled(field, "typed") if field["type"] == "object" else EMPTY[field["type"]]


def said(schema: Any) -> set[Any]:
    """Return what of such a call says something."""
    return {False, *(one["enum"][0] for one in schema["properties"].values() if "enum" in one)}


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_every_schema_is_plain_and_stays_valid_when_made_strict(name: str) -> None:
    schema = tool_of(name).input_schema
    check_plain(schema)
    made = strict(schema)
    jsonschema.Draft202012Validator.check_schema(made)
    jsonschema.validate(filled(schema, "typed"), made)
    words = json.dumps(tool_of(name).model_dump(by_alias=True))
    assert not [one for one in FOREIGN if one in words]


@pytest.mark.parametrize("empty", ["typed", None, [], {}], ids=str)
@pytest.mark.parametrize("name", sorted(TOOLS))
def test_a_field_that_is_filled_with_nothing_is_not_there(name: str, empty: Any) -> None:
    action = actions()[name]
    given = filled(tool_of(name).input_schema, empty) | {"idempotency_key": "k"}
    if "idempotency_key" not in tool_of(name).input_schema["properties"]:
        del given["idempotency_key"]
    arguments = dict(read_arguments(action, given).input)
    kept = said(tool_of(name).input_schema)
    assert all(value in kept for value in arguments.values() if not isinstance(value, dict))
    needed = {
        one["loc"][0]
        for one in _problems(action, {k: v for k, v in arguments.items() if v is not False})
    }
    assert {one["loc"][0] for one in _problems(action, arguments) if one["loc"]} == needed


def _problems(action: Any, given: Any) -> Any:
    try:
        action.input.model_validate(given)
    except ValueError as wrong:
        return [one for one in wrong.errors() if one["loc"]]  # type: ignore[attr-defined]
    return []


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
