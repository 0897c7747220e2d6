"""The JSON schemas of the document, as code generators take them whole.

A generator names its types by titles, and drops what it cannot name twice: only components have a
title, which is their key. A default of null says nothing that leaving the field out does not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core.core_schema import WithDefaultSchema

from shared.actions.loading import actions
from shared.edge.web.routes import Route

DEFINITIONS: Final = "#/components/schemas/{model}"
REFERENCE: Final = "$ref"

_Key = tuple[Any, JsonSchemaMode]


class _Generator(GenerateJsonSchema):
    """Gives no field a title, and none a default of null."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  pydantic's
        return False

    def default_schema(self, schema: WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        if made.get("default", ...) is None:
            del made["default"]
        return made


@dataclass(frozen=True, slots=True)
class Schemas:
    """What every model looks like; `components` are what the schemas refer to."""

    taken: Mapping[Any, JsonSchemaValue]
    """By the model of a request."""
    returned: Mapping[Any, JsonSchemaValue]
    """By the model of an answer."""
    queries: Mapping[type[BaseModel], JsonSchemaValue]
    """Written out: each field becomes a parameter, and the model no component."""
    components: dict[str, JsonSchemaValue]

    def add(self, name: str, schema: JsonSchemaValue) -> JsonSchemaValue:
        """Add a component. Return a reference to it."""
        self.components[name] = {"title": name, **schema}
        return {REFERENCE: DEFINITIONS.format(model=name)}


def schemas_of(routes: Sequence[Route], told: Iterable[type[BaseModel]]) -> Schemas:
    """Return what these routes and every action take and return, and what the models `told` say."""
    wanted = dict.fromkeys([*_models(routes), *((one, "serialization") for one in told)])
    inputs: list[tuple[_Key, JsonSchemaMode, TypeAdapter[Any]]] = [
        ((kind, mode), mode, TypeAdapter(kind)) for kind, mode in wanted
    ]
    made, rest = TypeAdapter.json_schemas(
        inputs, ref_template=DEFINITIONS, schema_generator=_Generator
    )
    of = {key: schema for (key, _), schema in made.items()}
    components = {name: {**one, "title": name} for name, one in rest.get("$defs", {}).items()}
    asked = {route.query for route in routes if route.query is not None}
    names = {model: _name(of[model, "validation"]) for model in asked}
    return Schemas(
        taken={kind: one for (kind, mode), one in of.items() if mode == "validation"},
        returned={kind: one for (kind, mode), one in of.items() if mode == "serialization"},
        queries={model: components.pop(name) for model, name in names.items()},
        components=components,
    )


def _name(schema: JsonSchemaValue) -> str:
    return str(schema[REFERENCE]).rpartition("/")[2]


def _models(routes: Sequence[Route]) -> Iterable[_Key]:
    for action in actions().values():
        yield action.input, "validation"
        yield action.output, "serialization"
    for route in routes:
        for asked in (route.body, route.query):
            if asked is not None:
                yield asked, "validation"
        if route.output is not None:
            yield route.output, "serialization"
