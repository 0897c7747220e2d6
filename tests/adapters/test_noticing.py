"""What is a surprise in Gmail's answers: nothing that was ever recorded of the methods called."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local.google.gmail.methods import METHODS
from shared.adapters.gmail.noticing import FIELDS, note_refusal, shape_of, unknown_keys
from shared.domain.google.observations import Kinds, Sightings

RECORDED = Path(__file__).parents[1] / "contracts" / "google" / "recordings"
NOW = datetime(2026, 11, 29, tzinfo=UTC)
NOT_CALLED = ("settings", "filter", "forwarding", "imap", "pop", "language", "vacation")


def answers() -> Iterator[tuple[str, Any]]:
    for path in sorted(RECORDED.glob("gmail.*.json")):
        if not any(word in path.stem for word in NOT_CALLED):
            yield path.stem, json.loads(path.read_text())["response"]


@pytest.mark.parametrize(("name", "answer"), answers())
def test_no_recorded_answer_is_a_surprise(name: str, answer: Any) -> None:
    assert list(unknown_keys(answer)) == []


@pytest.mark.parametrize(
    "answer",
    [
        {"historyId": "1", "newField": 1},
        {"historyId": "1", "history": [{"id": "1", "newField": []}]},
        {"id": "1", "payload": {"newField": ""}},
        {"messages": [{"newField": "1"}]},
    ],
)
def test_a_field_that_is_not_known_is_named(answer: Any) -> None:
    assert list(unknown_keys(answer)) == ["newField"]


@pytest.mark.parametrize("answer", [None, [], "text", {"messages": []}, {"payload": None}])
def test_an_answer_of_any_shape_is_looked_at(answer: Any) -> None:
    assert list(unknown_keys(answer)) == []


def refused(status: int, **error: Any) -> Sightings:
    seen = Sightings()
    note_refusal(seen, httpx.Response(status, json={"error": error}), "GET/profile", NOW)
    return seen


def test_a_refusal_that_a_row_names_is_counted_only() -> None:
    seen = refused(403, message="Quota", errors=[{"reason": "rateLimitExceeded"}])
    assert dict(seen.kinds[Kinds.REFUSALS]) == {"403.rateLimitExceeded.rate": 1}
    assert seen.surprises == []


@pytest.mark.parametrize(
    ("status", "reason", "told"),
    [(403, "brandNew", "403.brandNew"), (451, "", "451.none")],
)
def test_a_refusal_that_no_row_names_is_a_surprise(status: int, reason: str, told: str) -> None:
    seen = refused(status, message="ada@demo.example", errors=[{"reason": reason}])
    assert [(one.kind, one.method, one.told) for one in seen.surprises] == [
        ("refusal", "GET/profile", told)
    ]


def test_what_is_said_of_a_call_is_no_surprise() -> None:
    assert refused(400, message="Bad", errors=[{"reason": "invalid"}]).surprises == []


def test_a_method_is_named_without_ids() -> None:
    for method in METHODS:
        path = method.path.removeprefix("/gmail/v1/users/{userId}")
        if "settings" not in path:
            shape = shape_of(method.verb, path.replace("{id}", "18f00000000000ff"))
            assert "{" not in shape
            assert "18f00000000000ff" not in shape
    assert shape_of("GET", "/messages/18f/attachments/x?a=b") == "GET/messages/*/attachments/*"
    assert "attachmentId" in FIELDS
