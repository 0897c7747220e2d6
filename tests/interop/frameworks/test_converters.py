"""Every tool's schema through the converters of four frameworks, as their models are given it."""

import re
from typing import Any

import jsonschema
import pytest

from shared.actions.loading import actions
from shared.edge.mcp.continuing import TOOL as CONTINUE
from shared.edge.mcp.offer import tool_of
from tests.interop.frameworks.environment import ran
from tests.interop.frameworks.filling import filled

FRAMEWORKS = ("openai", "langchain", "anthropic", "gemini")
NAMES = {
    "openai": re.compile(r"[a-zA-Z0-9_-]{1,64}"),
    "langchain": re.compile(r"[a-zA-Z0-9_-]{1,64}"),
    "anthropic": re.compile(r"[a-zA-Z0-9_-]{1,64}"),
    "gemini": re.compile(r"[a-zA-Z_][a-zA-Z0-9_.-]{0,63}"),
}
"""What each vendor's documentation says of a function's name."""
FIELD = re.compile(r"[a-zA-Z0-9_.-]{1,64}")
"""What Anthropic's API takes as a property's name."""
Converted = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def converted() -> Converted:
    """Return every tool that there is, whatever grant it needs, by framework and name."""
    tools = [tool_of(name) for name, action in actions().items() if action.for_agents]
    given = [
        one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in (*tools, CONTINUE)
    ]
    found: Converted = ran("convert.py", given=given)
    assert all(len(found[one]) == len(given) for one in FRAMEWORKS)
    return found


def shape(schema: Any) -> Any:
    """Return a schema's fields, their types and choices, nested; whatever else it says is left."""
    kind = schema["type"].lower()
    if kind == "object":
        return {name: shape(one) for name, one in schema.get("properties", {}).items()}
    return [shape(schema["items"])] if kind == "array" else (kind, *schema.get("enum", ()))


def objects(schema: Any) -> list[Any]:
    """Return every object schema in a schema."""
    inner = [
        *schema.get("properties", {}).values(),
        *([schema["items"]] if "items" in schema else ()),
    ]
    own = [schema] if schema["type"].lower() == "object" else []
    return [*own, *(found for one in inner for found in objects(one))]


def of(name: str) -> Any:
    return CONTINUE.input_schema if name == CONTINUE.name else tool_of(name).input_schema


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_no_tool_is_refused_renamed_or_loses_a_field(converted: Converted, framework: str) -> None:
    for name, made in converted[framework].items():
        assert "refused" not in made, (name, made)
        assert made["name"] == name
        assert NAMES[framework].fullmatch(name)
        assert shape(made["schema"]) == shape(of(name)), name


def test_every_tool_is_strict_as_openai_asks(converted: Converted) -> None:
    """Each object closed, each of its fields required, and a call filled with nothing fits it."""
    for name, made in converted["openai"].items():
        assert made["strict"] is True, name
        for one in objects(made["schema"]):
            assert one["additionalProperties"] is False, name
            assert {*one["required"]} == one["properties"].keys(), name
        jsonschema.validate(filled(made["schema"]), made["schema"])


def test_every_schema_is_one_that_anthropic_takes(converted: Converted) -> None:
    for name, made in converted["anthropic"].items():
        jsonschema.Draft202012Validator.check_schema(made["schema"])
        assert made["schema"]["type"] == "object"
        assert all(
            FIELD.fullmatch(one) for found in objects(made["schema"]) for one in found["properties"]
        ), name


def test_every_schema_is_one_that_gemini_takes(converted: Converted) -> None:
    """No empty choice, items for each array, and what is required is there."""
    for name, made in converted["gemini"].items():
        for one in objects(made["schema"]):
            assert {*one.get("required", ())} <= one.get("properties", {}).keys(), name
            for field in one.get("properties", {}).values():
                assert all(field.get("enum", ["x"])), name
                assert field["type"] != "ARRAY" or field["items"]["type"], name
