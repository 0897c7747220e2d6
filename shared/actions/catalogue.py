"""All actions and syncs as data: for GET /scripts/config and for language models (API 6)."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.actions.registry import Action, actions, projections
from shared.domain.connection import INTEGRATION
from shared.domain.projection import Projection
from shared.domain.sync_event import MODEL, SYNC_NAME


def as_integration() -> dict[str, Any]:
    """Answer the integration's actions and syncs with their JSON schemas."""
    return {
        "providerConfigKey": INTEGRATION,
        "provider": INTEGRATION,
        "syncs": [
            _sync(SYNC_NAME, "The live copy of the mailbox inside its window.", MODEL),
            *(_projection(one) for one in projections().values()),
        ],
        "actions": [_described(action) for action in actions().values()],
        "on-events": [],
    }


def as_tools() -> list[dict[str, Any]]:
    """Answer the actions as tool definitions of the OpenAI form."""
    return [
        {
            "type": "function",
            "function": {
                "name": action.name,
                "description": action.summary,
                "parameters": schema_of(action.input),
            },
        }
        for action in actions().values()
    ]


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """Answer a model's JSON schema, its parts under `$defs`."""
    return model.model_json_schema(mode="validation", by_alias=True)


def _sync(name: str, description: str, model: str) -> dict[str, Any]:
    return {
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
    _, schemas = models_json_schema(
        [(one.model, "serialization")], ref_template="#/definitions/{model}"
    )
    return {
        **_sync(one.sync, one.summary, one.name),
        "json_schema": {"definitions": schemas.get("$defs", {})},
    }


def _described(action: Action[Any, Any]) -> dict[str, Any]:
    _, schemas = models_json_schema(
        [(action.input, "validation"), (action.output, "serialization")],
        ref_template="#/definitions/{model}",
    )
    return {
        "name": action.name,
        "type": "action",
        "description": action.summary,
        "scopes": list(action.scopes),
        "effect": action.effect,
        "input": action.input.__name__,
        "returns": [action.output.__name__],
        "json_schema": {"definitions": schemas.get("$defs", {})},
        "enabled": True,
    }
