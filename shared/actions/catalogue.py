"""All actions and syncs as data: for GET /scripts/config and for language models (API 6.1)."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from shared.actions.loading import actions
from shared.actions.projections import NO_ALIAS, projections
from shared.actions.registry import Action
from shared.domain.connect.connection import INTEGRATION
from shared.domain.models.sync import OwnSync, OwnSyncs, adapter_of, models_of
from shared.domain.sync.alias import SyncAliases
from shared.domain.sync.event import MODEL, SYNC_NAME
from shared.domain.sync.frequency import in_words
from shared.domain.sync.records.projection import Projection

IN: Final[JsonSchemaMode] = "validation"
OUT: Final[JsonSchemaMode] = "serialization"
DEPLOYED: Final[Mapping[str, Any]] = {"endpoints": [], "features": [], "sdk_version": None}
"""What the official client's type asks for, and nothing here has."""


def as_integration(
    message: type[BaseModel] | None = None,
    own: OwnSyncs | None = None,
    aliases: SyncAliases = NO_ALIAS,
) -> dict[str, Any]:
    """Return the integration's actions and syncs with their JSON schemas.

    `message` describes the records of the mailbox itself; they are the edge's to shape.
    """
    live = "The live copy of the mailbox inside its window."
    stored = _definitions((message, OUT)) if message else None
    return {
        "providerConfigKey": INTEGRATION,
        "provider": INTEGRATION,
        "syncs": [
            {**_sync(SYNC_NAME, live, MODEL), "json_schema": stored},
            *(_projection(one) for one in projections(aliases).values()),
            *(_own_sync(one) for one in (own.rows if own else ())),
        ],
        "actions": [_action_entry(action) for action in actions().values()],
        "on-events": [],
    }


def as_tools() -> list[dict[str, Any]]:
    """Return the actions as function tools of a language model."""
    return [
        {
            "type": "function",
            "name": action.name,
            "description": action.summary,
            "parameters": _parameters(action),
        }
        for action in actions().values()
        if action.for_agents
    ]


@cache
def _parameters(action: Action[Any, Any]) -> dict[str, Any]:
    """Return a schema in which each field has one type and says what it is for.

    An action takes more spellings than these: one is enough for a model to know.
    """
    schema = schema_of(action.input)
    parts = schema.get("$defs", {})
    fields = {name: _plain(one, parts) for name, one in schema.get("properties", {}).items()}
    return {**schema, "properties": fields, "required": schema.get("required", [])}


def _plain(field: Mapping[str, Any], parts: Mapping[str, Any]) -> dict[str, Any]:
    first = field if "$ref" in field else field.get("anyOf", [{}])[0]
    part = parts[first["$ref"].rpartition("/")[2]] if "$ref" in first else first
    left_out = field.get("default", ...) is None
    own = {key: value for key, value in field.items() if key not in {"anyOf", "$ref"}}
    return {
        **part,
        **{key: value for key, value in own.items() if key != "default" or not left_out},
    }


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return a model's JSON schema, its parts under `$defs`."""
    return model.model_json_schema(mode="validation", by_alias=True)


def _sync(name: str, description: str, model: str) -> dict[str, Any]:
    return {
        **DEPLOYED,
        "name": name,
        "type": "sync",
        "description": description,
        "returns": [model],
        "models": [],
        "runs": "every hour",
        "auto_start": True,
        "track_deletes": True,
        "sync_type": "incremental",
        "enabled": True,
    }


def _projection(one: Projection[Any]) -> dict[str, Any]:
    return {
        **_sync(one.sync, one.summary, one.name),
        "json_schema": _definitions((one.model, OUT)),
    }


def _own_sync(one: OwnSync) -> dict[str, Any]:
    models = models_of(one)
    schemas = {
        name: adapter_of(model).json_schema(mode=OUT, ref_template="#/definitions/{model}")
        for name, model in zip(models, one.models, strict=True)
    }
    inner = [schema.pop("$defs", {}) for schema in schemas.values()]
    return {
        **_sync(one.name, one.summary, models[0]),
        "returns": [*models],
        "runs": in_words(one.frequency) if one.frequency else None,
        "auto_start": one.auto_start,
        "version": str(one.version),
        "scopes": [*one.scopes],
        "json_schema": {
            "definitions": {k: v for part in (*inner, schemas) for k, v in part.items()}
        },
    }


def _action_entry(action: Action[Any, Any]) -> dict[str, Any]:
    return {
        **DEPLOYED,
        "name": action.name,
        "type": "action",
        "description": action.summary,
        "scopes": list(action.scopes),
        "effect": action.effect,
        "input": action.input.__name__,
        "returns": [action.output.__name__],
        "json_schema": _definitions((action.input, IN), (action.output, OUT)),
        "enabled": True,
    }


@cache
def _definitions(*models: tuple[type[BaseModel], JsonSchemaMode]) -> dict[str, Any]:
    """Return the models' definitions; cached, as those of all actions block the loop for 0.1 s."""
    _, schemas = models_json_schema([*models], ref_template="#/definitions/{model}")
    return {"definitions": schemas.get("$defs", {})}
