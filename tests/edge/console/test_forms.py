"""A form made from a schema says again exactly what was typed into it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.actions.catalogue import schema_of
from shared.actions.loading import actions
from shared.pages.console.form_values import FormValues
from shared.pages.console.schema_form import Field, Kind, fields_of

ALL_KINDS = {
    "$defs": {
        "Inner": {
            "type": "object",
            "properties": {"deep": {"type": "string"}, "many": {"$ref": "#/$defs/Tags"}},
        },
        "Tags": {"type": "array", "items": {"type": "string"}},
        "Loop": {"type": "object", "properties": {"again": {"$ref": "#/$defs/Loop"}}},
    },
    "type": "object",
    "required": ["line"],
    "properties": {
        "line": {"type": "string", "maxLength": 50, "pattern": "^a"},
        "body": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "whole": {"type": "integer", "minimum": 1, "maximum": 9},
        "real": {"type": "number"},
        "flag": {"type": "boolean", "default": False},
        "on": {"type": "boolean", "default": True},
        "maybe": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
        "one": {"enum": ["a", 2, None]},
        "fixed": {"const": 7},
        "some": {"type": "array", "items": {"enum": ["x", "y"]}},
        "numbers": {"type": "array", "items": {"type": "integer"}},
        "headers": {"type": "object", "additionalProperties": {"type": "string"}},
        "at": {"type": "string", "format": "date-time"},
        "free": {},
        "lists": {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
        "group": {"anyOf": [{"$ref": "#/$defs/Inner"}, {"type": "null"}]},
        "groups": {"type": "array", "items": {"$ref": "#/$defs/Inner"}},
        "mixed": {"anyOf": [{"type": "integer"}, {"type": "object"}]},
        "loop": {"$ref": "#/$defs/Loop"},
    },
}


def kinds(schema: Mapping[str, Any]) -> dict[str, Kind]:
    return {one.name: one.kind for one in fields_of(schema)}


def read(schema: Mapping[str, Any], **typed: str | Sequence[str]) -> tuple[Any, dict[str, str]]:
    texts = {
        f"in.{path.replace('__', '.')}": [text] if isinstance(text, str) else text
        for path, text in typed.items()
    }
    form = FormValues(texts)
    return form.read(fields_of(schema)), form.problems


def test_every_schema_has_a_field_of_its_kind() -> None:
    found = kinds(ALL_KINDS)
    assert found.pop("loop") is Kind.GROUP
    assert found == {
        "line": Kind.LINE,
        "body": Kind.TEXT,
        "whole": Kind.NUMBER,
        "real": Kind.NUMBER,
        "flag": Kind.SWITCH,
        "on": Kind.SWITCH,
        "maybe": Kind.CHOICE,
        "one": Kind.CHOICE,
        "fixed": Kind.CHOICE,
        "some": Kind.CHOICES,
        "numbers": Kind.LINES,
        "headers": Kind.PAIRS,
        "at": Kind.MOMENT,
        "free": Kind.JSON,
        "lists": Kind.JSON,
        "group": Kind.GROUP,
        "groups": Kind.LIST,
        "mixed": Kind.JSON,
    }


@pytest.mark.parametrize("name", sorted(actions()))
def test_no_action_of_ours_needs_json_typed(name: str) -> None:
    for field in fields_of(schema_of(actions()[name].input)):
        assert field.kind is not Kind.JSON, field.name


def test_what_a_group_needs_is_not_asked_for_where_the_group_may_be_left_out() -> None:
    inner = {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}
    for required in ([], ["group"]):
        schema = {"properties": {"group": inner}, "required": required}
        (group,) = fields_of(schema)
        assert [one.required for one in group.fields] == [bool(required)]


def test_a_field_left_empty_is_left_out() -> None:
    assert read(ALL_KINDS, line="", body="  ", whole="", groups__size="1") == ({"on": False}, {})


def test_what_cannot_be_read_is_named_at_its_field() -> None:
    value, problems = read(
        ALL_KINDS, whole="ten", numbers="1\ntwo", headers="no colon", free="{", one="z"
    )
    assert value == {"on": False}
    assert set(problems) == {"in.whole", "in.numbers", "in.headers", "in.free", "in.one"}


def test_a_moment_is_utc_unless_it_says_otherwise() -> None:
    assert read(ALL_KINDS, at="2026-03-01T10:00")[0]["at"] == "2026-03-01T10:00Z"
    assert read(ALL_KINDS, at="2026-03-01T10:00+02:00")[0]["at"] == "2026-03-01T10:00+02:00"


def test_lines_come_from_browsers_with_two_characters_at_their_end() -> None:
    assert read(ALL_KINDS, body="a\r\nb", numbers="1\r\n2\r\n")[0] == {
        "body": "a\nb",
        "numbers": [1, 2],
        "on": False,
    }


def test_a_list_is_never_longer_than_a_page_can_show() -> None:
    assert read(ALL_KINDS, groups__size="99999999999999999999999")[0] == {"on": False}


# What a form can say: no blanks at the ends of a line, and no line breaks inside.
LINE = (
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20)
    .map(str.strip)
    .filter(bool)
)
NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,10}", fullmatch=True)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | LINE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAME, inner, max_size=3),
    max_leaves=5,
)


def values(field: Field) -> st.SearchStrategy[Any]:  # noqa: C901, PLR0911  a row a kind
    match field.kind:
        case Kind.NUMBER:
            return st.integers() if field.type == "integer" else st.floats(-9, 9)
        case Kind.SWITCH:
            return st.booleans() if field.default is True else st.just(True)  # noqa: FBT003
        case Kind.CHOICE:
            return st.sampled_from([value for _, value in field.options])
        case Kind.CHOICES:
            every = [value for _, value in field.options]
            return st.sets(st.sampled_from(every), min_size=1).map(
                lambda some: [one for one in every if one in some]
            )
        case Kind.LINES:
            item = LINE if field.type == "string" else st.integers()
            return st.lists(item, min_size=1, max_size=3)
        case Kind.PAIRS:
            return st.dictionaries(NAME, LINE, min_size=1, max_size=3)
        case Kind.MOMENT:
            return st.datetimes().map(lambda at: at.isoformat() + "Z")
        case Kind.JSON:
            return ANYTHING
        case Kind.GROUP:
            return inputs(field.fields).filter(bool)
        case Kind.LIST:
            return st.lists(inputs(field.fields).filter(bool), min_size=1, max_size=3)
    return LINE


def inputs(fields: Sequence[Field]) -> st.SearchStrategy[dict[str, Any]]:
    always = {one.name: values(one) for one in fields if _always_said(one)}
    maybe = {one.name: values(one) for one in fields if not _always_said(one)}
    return st.fixed_dictionaries(always, optional=maybe)


def _always_said(field: Field) -> bool:
    return field.kind is Kind.SWITCH and field.default is True


def typed(fields: Sequence[Field], value: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the form as a person fills it in to say `value`."""
    form: dict[str, list[str]] = {}
    for field in fields:
        if field.name in value:
            form |= _typed(field, value[field.name])
    return form


def _typed(field: Field, value: Any) -> dict[str, list[str]]:  # noqa: PLR0911  a row a kind
    match field.kind:
        case Kind.GROUP:
            return typed(field.fields, value)
        case Kind.LIST:
            form = {field.size_path: [str(len(value))]}
            for index, item in enumerate(value):
                form |= typed(field.item(index), item)
            return form
        case Kind.SWITCH:
            return {field.path: ["on"]} if value else {}
        case Kind.CHOICES:
            return {field.path: [str(one) for one in value]}
        case Kind.CHOICE:
            return {field.path: [next(text for text, one in field.options if one == value)]}
        case Kind.LINES:
            return {field.path: ["\r\n".join(map(str, value))]}
        case Kind.PAIRS:
            return {field.path: ["\r\n".join(f"{name}: {one}" for name, one in value.items())]}
        case Kind.JSON:
            return {field.path: [json.dumps(value)]}
    return {field.path: [str(value)]}


@given(st.data())
def test_a_form_of_any_kind_says_what_was_meant(data: st.DataObject) -> None:
    fields = fields_of(ALL_KINDS)
    meant = data.draw(inputs(fields))
    form = FormValues(typed(fields, meant))
    assert (form.read(fields), form.problems) == (meant, {})


@pytest.mark.parametrize("name", ["send-email", "create-label", "list-watch-history"])
@given(data=st.data())
def test_an_actions_form_says_what_was_meant(name: str, data: st.DataObject) -> None:
    fields = fields_of(schema_of(actions()[name].input))
    meant = data.draw(inputs(fields))
    form = FormValues(typed(fields, meant))
    assert (form.read(fields), form.problems) == (meant, {})
