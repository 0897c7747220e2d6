"""The ready syncs have the fields that readers of the hosted service's five syncs know."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest

from infra.archives import ROOT
from shared.actions.loading import ready_sync
from shared.actions.ready.filters import GmailFilter, filter_of
from shared.actions.ready.threads import thread_of
from shared.domain.mail.reading.email_message import EmailMessage, read_message
from shared.domain.models.record import saved_row
from shared.domain.models.sync import adapter_of
from shared.edge.api.mail.record_models import EmailMessage as Described

THEIRS: Mapping[str, Any] = json.loads((ROOT / "tests/cases/nango-models.json").read_text())
"""By sync, each field with its type, or with the fields within it."""
DEEPEST = 4
NOT_KEPT = {
    "threads": {"messages.payload.mimeType"},
    "messages": {"payload", "payload.mimeType", "payload.headers", "payload.headers.name",
                 "payload.headers.value"},
}  # fmt: skip
"""The outermost MIME type is not kept of a message; a message itself comes read, not as parts:
`from`, `to`, `subject`, `text`, `html`, `attachments` and `headers` are what `payload` holds."""


def named(fields: Mapping[str, Any], within: str = "") -> Iterator[str]:
    """Yield the path of every field."""
    for name, kind in fields.items():
        yield within + name
        inner = kind[0] if isinstance(kind, list) else kind
        if isinstance(inner, dict):
            yield from named(inner, f"{within}{name}.")


def described(schema: Mapping[str, Any], root: Mapping[str, Any], within: str = "") -> set[str]:
    """Return the path of every field that a JSON schema has."""
    found: set[str] = set()
    if within.count(".") > DEEPEST:
        return found
    if reference := schema.get("$ref"):
        return described(root["$defs"][reference.rpartition("/")[2]], root, within)
    for name, one in schema.get("properties", {}).items():
        found |= {within + name} | described(one, root, f"{within}{name}.")
    return found.union(
        *(described(one, root, within) for one in schema.get("anyOf", ())),
        described(schema["items"], root, within) if isinstance(schema.get("items"), dict) else (),
    )


@pytest.mark.parametrize("sync", sorted({*THEIRS} - {"messages"}))
def test_a_ready_sync_has_at_least_these_fields(sync: str) -> None:
    row = ready_sync(sync)
    schema = adapter_of(row.models[0]).json_schema(mode="serialization")
    ours = described(schema, schema) | {"id"}  # shown of each record, whatever its key is called
    assert {*named(THEIRS[sync])} - ours == NOT_KEPT.get(sync, set())


def test_messages_have_them_too_read_instead_of_in_parts() -> None:
    schema = Described.model_json_schema(mode="serialization")
    assert {*named(THEIRS["messages"])} - described(schema, schema) == NOT_KEPT["messages"]
    assert {"from", "to", "subject", "text", "headers"} <= schema["properties"].keys()


def test_a_filters_sender_is_called_from_in_its_record() -> None:
    found = {"id": "f1", "criteria": {"from": "a@far.example"}, "action": {"addLabelIds": ["L"]}}
    row = adapter_of(GmailFilter).dump_python(filter_of(found), mode="json", by_alias=True)
    assert (row["from"], row["addLabelIds"]) == ("a@far.example", ["L"])
    assert adapter_of(GmailFilter).validate_python(row) == filter_of(found)
    assert saved_row("GmailFilter", row, "id").id == "f1"


def test_a_threads_messages_have_headers_and_no_text() -> None:
    mail = read_message(
        {
            "id": "m1",
            "threadId": "t1",
            "historyId": "1200",
            "labelIds": ["INBOX", "UNREAD"],
            "snippet": "Hello",
            "internalDate": "1790000000000",
            "sizeEstimate": 321,
            "payload": {
                "mimeType": "text/plain",
                "headers": [
                    {"name": "From", "value": "Eve <eve@far.example>"},
                    {"name": "To", "value": "ada@acme.example, bob@acme.example"},
                    {"name": "Subject", "value": "Plans"},
                    {"name": "List-Id", "value": "<plans.far.example>"},
                ],
                "body": {"data": "c2VjcmV0", "size": 6},
            },
        }
    )
    older = cast("EmailMessage", {**mail, "id": "m0", "historyId": "999"})
    (thread,) = thread_of([older, mail])
    assert (thread.historyId, thread.count, thread.unread) == ("1200", 2, 2)
    headers = {one.name: one.value for one in thread.messages[1].payload.headers}
    assert headers["From"] == "Eve <eve@far.example>"
    assert headers["To"] == "ada@acme.example, bob@acme.example"
    assert headers["list-id"] == "<plans.far.example>"
    assert "Cc" not in headers
    assert "secret" not in repr(thread)
