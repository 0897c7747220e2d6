"""The emulated Google held to recorded answers of the real one, field by field.

What still differs stands in `known_differences`, with its reason and its date: a new difference
fails, and so does an entry for one that is gone.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from infra.local.google.settings import GoogleSettings
from tests.contracts.google.known_differences import DIFFERENCES, NOT_GMAIL
from tests.contracts.google.recording import Recording, recordings
from tests.contracts.google.refusals import provoke
from tests.contracts.google.replay import replay
from tests.contracts.google.shapes import differences
from tests.infra.google.emulator import SCOPE, Google, running

RECORDINGS = {one.name: one for one in recordings()}
CALLS = [name for name, one in RECORDINGS.items() if name not in NOT_GMAIL]
COMPARED_HEADERS = ("content-type", "vary")
"""The others are the front end's: server, alt-svc, date, chunks."""


def all_differences(recording: Recording, answer: httpx.Response) -> Iterator[str]:
    if answer.status_code != recording.status:
        yield f"status: {recording.status} recorded, {answer.status_code} here"
    given = answer.json() if answer.content else None
    yield from differences(recording.answer, given)
    for name, value in recording.headers.items():
        if value == "absent" and name in answer.headers:
            yield f"header {name}: not recorded"
        if name in COMPARED_HEADERS and answer.headers.get(name) != value:
            yield f"header {name}: {value} recorded, {answer.headers.get(name)} here"


def exchanged(recording: Recording) -> httpx.Response:
    """Exchange a code as an app in testing, without asking who signed in."""
    settings = GoogleSettings(push_endpoint=None, refresh_token_days=7)
    with running(settings) as url:
        google = Google(url)
        google.mailbox("ada@demo.example")
        google.control(
            "POST", "/consent", json={"email": "ada@demo.example", "decision": "approve"}
        )
        tokens = google.exchange(google.authorize([f"{SCOPE}readonly"], identity=()))
        return httpx.Response(200, json=tokens)


def found(google: Google, recording: Recording) -> set[str]:
    if recording.method.endswith("/token"):
        answer = exchanged(recording)
    elif recording.refusal is not None:
        answer = provoke(google, recording)
    else:
        answer = replay(google, recording)
    return set(all_differences(recording, answer))


@pytest.mark.parametrize("name", CALLS)
def test_an_answer_differs_from_the_recorded_one_only_where_it_is_known(
    google: Google, name: str
) -> None:
    assert found(google, RECORDINGS[name]) == set(DIFFERENCES.get(name, {}))


ANSWERED = [name for name, one in RECORDINGS.items() if isinstance(one.answer, dict)]


@pytest.mark.parametrize("name", ANSWERED)
def test_the_comparison_sees_what_is_missing_new_moved_or_of_another_type(name: str) -> None:
    answer = RECORDINGS[name].answer
    assert not list(differences(answer, answer))
    for inner in objects(answer):
        changed = [{**inner, "extra": 1}, dict(list(inner.items())[1:])]
        changed += [{**inner, field: {"other": 1}} for field in inner]
        changed += [dict(reversed(inner.items()))] if len(inner) > 1 else []
        for other in changed:
            assert list(differences(inner, other))


def objects(answer: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of an answer, the outermost first."""
    if isinstance(answer, dict):
        yield answer
    for inner in answer.values() if isinstance(answer, dict) else answer:
        if isinstance(inner, dict | list):
            yield from objects(inner)


def test_the_table_names_recordings_there_are_and_gives_reasons_with_dates() -> None:
    assert {*DIFFERENCES, *NOT_GMAIL} <= set(RECORDINGS)
    told = [one for known in DIFFERENCES.values() for one in known.values()]
    for reason in (*told, *NOT_GMAIL.values()):
        assert reason[:4] == "2026"
        assert len(reason) > 20
