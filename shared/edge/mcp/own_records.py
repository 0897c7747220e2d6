"""The tool that reads records of own syncs: offered where there is a sync for agents to read."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import orjson
from mcp_types import CallToolResult, Tool, ToolAnnotations
from pydantic import BaseModel, ConfigDict, Field

from shared.actions.loading import READ_RECORDS
from shared.actions.tool_choice import is_listed
from shared.domain.connect.connection import Connection
from shared.domain.connect.scopes import implied_scopes
from shared.domain.cursor import sequence_of
from shared.domain.ids import SequenceNumber
from shared.domain.models.sync import OwnSync, OwnSyncs, models_of
from shared.domain.packed import ObjectList, PlainText
from shared.domain.sync.records.record import LastAction
from shared.domain.validation import validate
from shared.edge.mcp.continuing import Place, Reading
from shared.edge.mcp.results.envelope import Frame, done_result
from shared.edge.mcp.schemas import plain_schema, without_empty, without_unset_numbers
from shared.edge.mcp.trail import log_call
from shared.edge.web.call import Call
from shared.edge.web.deployment import Deployment
from shared.errors import InvalidRequestError, MissingScopeError, PostroomError
from shared.ports.clock import Clock
from shared.ports.model_store import ModelQuery, ModelRecords
from shared.usecases.sync.own_records import OwnRecords

MOST: Final = 50
IDS: Final = 50


class ReadRecordsInput(BaseModel):
    """A page of one model, in the order of its changes."""

    model_config = ConfigDict(extra="forbid")

    model: Annotated[str, Field(max_length=64)]
    cursor: Annotated[str, Field(max_length=200)] | None = Field(
        None, description="`next_cursor` of the page before."
    )
    limit: int = Field(20, ge=1, le=MOST)
    ids: list[Annotated[str, Field(max_length=512)]] | None = Field(
        None, max_length=IDS, description="Only these records."
    )
    filter: list[LastAction] | None = Field(
        None, max_length=3, description="Only records that were last added, updated or deleted."
    )


SCHEMA: Final = ReadRecordsInput.model_json_schema()


def records_tool(call: Call, connection: Connection, chosen: str) -> Sequence[Tool]:
    """Return the tool, where own syncs have records that this mailbox's agents may read.

    `chosen` are the tools to list, as `offered_actions` takes them.
    """
    if not is_listed(READ_RECORDS, chosen):
        return ()
    granted = implied_scopes(connection.scopes)
    rows = [one for one in _for_agents(call) if granted.issuperset(one.scopes)]
    if not rows:
        return ()
    schema = plain_schema(SCHEMA, {})
    names = [model for one in rows for model in models_of(one)]
    told = [f"{', '.join(models_of(one))}: {one.summary}" for one in rows]
    properties = {**schema["properties"], "model": {"type": "string", "enum": names}}
    return (
        Tool(
            name=READ_RECORDS,
            title="Read records",
            description=" ".join(("Read stored records that own syncs keep current.", *told)),
            input_schema={**schema, "properties": properties},
            annotations=ToolAnnotations(
                read_only_hint=True,
                destructive_hint=False,
                idempotent_hint=True,
                open_world_hint=True,
            ),
        ),
    )


async def read_records(
    call: Call, connection: Connection, given: Mapping[str, Any], place: Place
) -> CallToolResult:
    """Return a page of records, or its part from `place` on, logged as an action is.

    Raises InvalidRequestError, MissingScopeError, StoreUnavailableError.
    """
    started_at = call.use(Clock).now()
    filled = without_unset_numbers(SCHEMA, without_empty(dict(given)))
    try:
        result = await _page(call, connection, filled, place)
    except PostroomError as error:
        await log_call(call, connection, READ_RECORDS, started_at, error)
        raise
    await log_call(call, connection, READ_RECORDS, started_at)
    return result


async def _page(
    call: Call, connection: Connection, given: dict[str, Any], place: Place
) -> CallToolResult:
    asked = validate(ReadRecordsInput, given)
    _require_readable(call, connection, asked.model)
    records = OwnRecords(call.use(ModelRecords), connection.id)
    after = SequenceNumber(0)
    if asked.cursor:
        after = sequence_of(connection.id, asked.cursor, asked.model)
    actions = None if asked.filter is None else frozenset(asked.filter)
    rows = ObjectList(PlainText())
    query = ModelQuery(asked.model, after, asked.limit, actions, ids=asked.ids)
    last = await records.changes(query, rows)
    output = {
        "records": orjson.loads(b"[%b]" % rows.text.end()),
        "next_cursor": None if last is None else records.cursor(last, asked.model),
    }
    limit = call.use(Deployment).mcp_result_bytes
    frame = Frame(connection.email, Reading(READ_RECORDS, given))
    return done_result(output, place, limit, frame)


def _for_agents(call: Call) -> Sequence[OwnSync]:
    return [one for one in call.use(OwnSyncs).rows if one.agents]


def _require_readable(call: Call, connection: Connection, model: str) -> None:
    """Raise InvalidRequestError for another model, MissingScopeError where Google's is not given.

    What was synced under a scope is not read by agents once that is taken back.
    """
    rows = _for_agents(call)
    row = next((one for one in rows if model in models_of(one)), None)
    if row is None:
        names = ", ".join(model for one in rows for model in models_of(one))
        raise InvalidRequestError(f"model: the models here are {names or 'none'}.")
    granted = implied_scopes(connection.scopes)
    for scope in row.scopes:
        if scope not in granted:
            raise MissingScopeError(f"{model} needs the scope {scope}.", scope=scope)
