"""Input in other spellings: case, underscores, one value for a list, a user who is `me`."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import Field, ValidationError

from shared.actions.loading import built_in_actions
from shared.actions.registry import ActionInput
from tests.harness.acting import ActionHarness

FULL: Mapping[str, Mapping[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "cases" / "template_inputs.json").read_text()
)
"""Of each template action whatever its schema names, filled in."""


def in_snake_case(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def in_camel_case(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def renamed(given: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(given, dict):
        return {rename(name): renamed(value, rename) for name, value in given.items()}
    return given


def changed_values(given: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(given, dict):
        return {name: changed_values(value, change) for name, value in given.items()}
    return change(given)


def as_text(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, bool | int) else value


def as_one(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def in_gmails_own_shape(given: Any) -> Any:
    inner = {name: given[name] for name in ("raw", "threadId") if name in given}
    beside = {name: value for name, value in given.items() if name not in inner}
    return {**beside, "message": inner}


def variants() -> Iterator[Any]:
    for name, given in FULL.items():
        forms = {
            "as described": given,
            "snake case": renamed(given, in_snake_case),
            "camel case": renamed(given, in_camel_case),
            "text": changed_values(given, as_text),
            "one for a list": changed_values(given, as_one),
            "of a user": {**given, "userId": "me"},
        }
        if name in {"create-draft", "update-draft"}:
            forms["Gmail's own shape"] = in_gmails_own_shape(given)
        for kind, form in forms.items():
            yield pytest.param(name, given, form, id=f"{name}, {kind}")


@pytest.mark.parametrize(("name", "given", "form"), variants())
def test_another_spelling_says_the_same(name: str, given: Any, form: Any) -> None:
    model = built_in_actions()[name].input
    assert model.model_validate(form) == model.model_validate(given)


def test_every_template_action_is_tried() -> None:
    recorded = Path(__file__).parents[1] / "cases" / "template_actions.json"
    named = {one["action"] for one in json.loads(recorded.read_text()) if "action" in one}
    assert named <= set(FULL)


class Spelled(ActionInput):
    labelIds: list[str] = Field(default_factory=list)  # noqa: N815  Gmail's spelling
    to: str | list[str] | None = None
    max_size: int | None = None


@pytest.mark.parametrize(
    "given",
    [
        {"labelIds": ["A"], "label_ids": ["B"]},
        {"label_ids": ["A"], "LABELIDS": ["B"]},
        {"labels": ["A"]},
        {"labelIds": [1]},
        {"userId": "ben@demo.example"},
        {"user": "me"},
    ],
)
def test_what_says_something_else_is_refused(given: Any) -> None:
    with pytest.raises(ValidationError):
        Spelled.model_validate(given)


def test_a_field_that_takes_one_or_many_is_given_what_came() -> None:
    found = Spelled.model_validate({"label_ids": "A", "to": "a@b.example", "maxSize": "5"})
    assert (found.labelIds, found.to, found.max_size) == (["A"], "a@b.example", 5)


def test_no_schema_shows_a_further_spelling() -> None:
    assert set(Spelled.model_json_schema()["properties"]) == {"labelIds", "to", "max_size"}


@pytest.mark.parametrize("given", [None, [], "text", 5])
def test_what_is_no_object_is_refused_as_such(given: Any) -> None:
    with pytest.raises(ValidationError):
        Spelled.model_validate(given)


async def test_what_is_spelled_otherwise_runs(harness: ActionHarness) -> None:
    label = await harness.ran("create-label", {"name": "Vip", "type": "user", "userId": "me"})
    message = harness.deliver("Hello")
    changed = await harness.ran(
        "modify-message", {"message_id": message, "add_label_ids": label["id"]}
    )
    assert label["id"] in changed["labelIds"]
    listed = await harness.ran("list-messages", {"label_ids": label["id"], "max_results": "5"})
    assert [one["id"] for one in listed["messages"]] == [message]


async def test_a_watch_is_armed_for_the_deployments_own_topic_alone(harness: ActionHarness) -> None:
    own = harness.container.settings.gmail_topic
    assert (await harness.ran("watch-mailbox", {"topicName": own}))["expiration"]
    refused = await harness.run("watch-mailbox", {"topic_name": "projects/x/topics/y"})
    assert refused.status_code == 400
    assert "own topic" in refused.json()["error"]["message"]
