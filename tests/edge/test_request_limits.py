"""No text of a caller reaches a parser before its length is known to be small."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from shared.actions.gmail.drafts import DraftFields, UpdateDraftInput
from shared.actions.gmail.send_email import SendEmailInput
from shared.actions.loading import actions
from shared.domain.validation import MAX_TEXT
from shared.edge.api.sends import BulkItem
from shared.edge.table import whole_table
from shared.errors import InvalidRecipientError


def request_models() -> dict[str, type[BaseModel]]:
    """Return every model that a request is read into, and those within them."""
    found: dict[str, type[BaseModel]] = {}
    to_see: list[Any] = [action.input for action in actions().values()]
    for route in whole_table():
        to_see += [route.body, route.query]
    while to_see:
        kind = to_see.pop()
        to_see += get_args(kind)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            name = f"{kind.__module__}.{kind.__name__}"
            if name not in found:
                to_see += [field.annotation for field in kind.model_fields.values()]
            found[name] = kind
    return found


def endless(schema: Any, place: str) -> Iterator[str]:
    """Yield where a schema takes lists or objects of any number of strings."""
    kind, free = schema.get("type"), schema.get("additionalProperties")
    items = schema.get("items", {})
    free_text = items.get("type") == "string" and not {"enum", "const"} & {*items}
    if kind == "array" and free_text and "maxItems" not in schema:
        yield place
    closed = "propertyNames" in schema and "maxProperties" not in schema
    if isinstance(free, dict) and "maxProperties" not in schema and not closed:
        yield place
    for inner in (*schema.get("anyOf", ()), free, items):
        if isinstance(inner, dict) and inner:
            yield from endless(inner, place)


@pytest.mark.parametrize("name", sorted(request_models()))
def test_every_string_list_and_object_of_a_request_has_a_limit(name: str) -> None:
    model = request_models()[name]
    assert model.model_config.get("str_max_length") == MAX_TEXT
    schema = model.model_json_schema()
    fields = schema.get("properties", {}).items()
    assert [place for key, field in fields for place in endless(field, key)] == []


RECIPIENTS = ("to", "cc", "bcc", "reply_to")


@pytest.mark.parametrize("field", RECIPIENTS)
@pytest.mark.parametrize("model", [SendEmailInput, DraftFields, UpdateDraftInput, BulkItem])
def test_recipients_are_counted_and_measured_before_they_are_read(
    model: type[BaseModel], field: str
) -> None:
    more = {"id": "r1"} if model is UpdateDraftInput else {}
    more |= {"idempotency_key": "k"} if model is BulkItem else {}
    with pytest.raises(InvalidRecipientError) as refused:
        model.model_validate({field: ["a@b.example"] * 501, **more})
    assert refused.value.code == "too_many_recipients"
    for given in ("a" * 64_001, ["a" * 1_001]):
        with pytest.raises(ValidationError, match="should have at most"):
            model.model_validate({field: given, **more})
    model.model_validate({field: ["a@b.example"] * 500, **more})


def test_headers_are_counted_and_measured_before_they_are_read() -> None:
    for headers in ({f"X-{n}": "x" for n in range(65)}, {"X": "x" * 64_001}, {"X" * 101: "x"}):
        with pytest.raises(ValidationError, match="should have at most"):
            SendEmailInput.model_validate({"headers": headers})


def test_a_message_itself_may_be_long() -> None:
    SendEmailInput.model_validate({"text": "a" * 1_000_000, "html": "a" * 1_000_000})
