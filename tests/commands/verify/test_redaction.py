"""What a transcript leaves of a mailbox: its forms, and nothing that is its own."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.commands.verify.caller import Exchange, read_json
from shared.commands.verify.made_up import MadeUp
from shared.commands.verify.probes import PROBES
from shared.commands.verify.redaction import ENCODINGS, HEADERS, MIME_TYPES, redact
from shared.commands.verify.transcript import learn, recordings, write_recordings
from tests.commands.verify.asked import ADA, AT, EVERYTHING, SCOPES, Asked, ask, furnish
from tests.commands.verify.known import NOT_REPLAYED
from tests.contracts.google.recording import Recording
from tests.contracts.google.test_recordings import found
from tests.infra.google.emulator import Google

MARK = "quokka"
"""Stands in everything that is the mailbox's own."""
KEPT_AS_IT_IS = re.compile(
    r"(messages?|threads?|labels?|user|system|show|hide|labelShow\w*|labelHide)"
)
MADE_UP = re.compile(
    r"18b[0-9a-f]{13}|r-?1\d{18}|\d{1,20}|Label_\d+|Name \d+|token-\d+|Some text\.|file\.png"
    r"|(?:user|person\d*)@example\.com|X-Other|<(?:base64url, )?\d+ chars(?:, (?:un)?padded)?>"
    r"|Wed, 29 Apr 2026 11:25:43 -0700|<CAx+@mail\.gmail\.com>|[\d.]*|1\.0"
    r"|from 100000000000 named unknown by gmailapi\.google\.com with HTTPREST; Wed, 29 Apr .*"
    r"|projects/demo/topics/gmail|#[0-9a-f]{6}"
    r'|[a-z]+/[a-z-]+(?:; (?:charset="UTF-8"|boundary="x"|name="file\.png"))?'
)
SYSTEM = re.compile(r"[A-Z][A-Z_]{2,30}")


def own_mail() -> EmailMessage:
    """Compose a mail whose every value is marked."""
    mail = EmailMessage()
    mail["From"] = f"{MARK} Person <{MARK}.person@{MARK}.example>"
    mail["To"] = ADA
    mail["Cc"] = f"other.{MARK}@{MARK}.example"
    mail["Subject"] = f"{MARK} subject"
    mail["Message-ID"] = f"<{MARK}-1@{MARK}.example>"
    mail[f"X-{MARK}-Header"] = f"{MARK} value"
    mail["List-Unsubscribe"] = f"<https://{MARK}.example/?u=ada>"
    mail.set_content(f"{MARK} body\n")
    content = f"{MARK} content".encode()
    mail.add_attachment(content, "application", f"x-{MARK}", filename=f"{MARK}.pdf")
    return mail


@pytest.fixture(scope="module")
def asked(google: Google) -> Asked:
    google.reset()
    furnish(google)
    google.call(ADA, "POST", "me/labels", json={"name": f"{MARK} label"})
    google.deliver(ADA, own_mail())
    return asyncio.run(ask(google, PROBES, EVERYTHING))


@pytest.fixture(scope="module")
def transcript(asked: Asked) -> dict[str, dict[str, Any]]:
    return dict(recordings(asked.exchanges, ADA, AT))


def leaves(value: Any) -> Iterator[str]:
    """Yield every text, that of names too."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield key
            yield from leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one)
    elif isinstance(value, str):
        yield value


def test_nothing_of_the_mailbox_is_left(
    google: Google, asked: Asked, transcript: dict[str, dict[str, Any]]
) -> None:
    told = "\n".join(one.answer.text for one in asked.exchanges)
    assert MARK in told
    written = orjson.dumps(transcript).decode()
    assert MARK not in written.lower()
    assert ADA not in written
    assert google.token(ADA, SCOPES) not in written
    own = set(re.findall(r'"((?:[0-9a-f]{16}|r-?\d{17,19}|\d{13,20}|[\w-]{60,}))"', told))
    assert len(own) > 50
    assert not {one for one in own if one in written}


def test_what_is_left_is_a_word_of_googles_or_made_up(
    transcript: dict[str, dict[str, Any]],
) -> None:
    words = {one.lower() for one in HEADERS} | MIME_TYPES | ENCODINGS
    for name, recording in transcript.items():
        if recording["status"] < 300:
            for text in leaves(values(recording["response"])):
                known = text.lower() in words or KEPT_AS_IT_IS.fullmatch(text)
                assert known or SYSTEM.fullmatch(text) or MADE_UP.fullmatch(text), (name, text)


def values(answer: Any) -> Any:
    """Return an answer without its fields' names."""
    if isinstance(answer, Mapping):
        return [values(one) for one in answer.values()]
    return [values(one) for one in answer] if isinstance(answer, list) else answer


def test_a_refusal_keeps_googles_words_and_loses_values() -> None:
    exchange = refused(
        {
            "error": {
                "code": 403,
                "message": f"Delegation denied for {ADA}. Retry after 2026-11-29T12:00:01.123Z",
                "errors": [{"message": "Delegation denied", "reason": "forbidden"}],
                "status": "PERMISSION_DENIED",
                "details": [
                    {
                        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                        "metadata": {"consumer": "projects/123456789012"},
                    }
                ],
            }
        }
    )
    (made,) = (one for _, one in recordings([exchange], ADA, AT))
    error = made["response"]["error"]
    told = "Delegation denied for user@example.com. Retry after 2026-01-01T00:00:00.000Z"
    assert error["message"] == told
    assert error["errors"] == [{"message": "Delegation denied", "reason": "forbidden"}]
    assert error["details"][0]["metadata"] == {"consumer": "projects/000000000000"}


def refused(body: Any) -> Exchange:
    answer = httpx.Response(403, json=body)
    return Exchange("getProfile", "P22", "GET", "/gmail/v1/users/me/profile", {}, None, answer)


JSON = st.recursive(
    st.text(alphabet="abc:/ ä", min_size=1).map(lambda text: MARK + text),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["other", "snippet", "name", "headers", "id", MARK]), inner
        )
    ),
)


@given(JSON)
def test_a_field_that_is_not_known_loses_its_value(value: Any) -> None:
    kept = orjson.dumps(values(redact({"found": value}, MadeUp(ADA)))).decode()
    assert MARK not in kept


def test_the_order_of_ids_moments_and_history_ids_is_kept(asked: Asked) -> None:
    made = learn(asked.exchanges, ADA)
    assert len(made.ids) > 40
    for learnt in (made.ids, made.moments):
        assert list(learnt.values()) == sorted(learnt.values())
    numbers = [int(one) for one in made.history_ids.values()]
    assert numbers == sorted(numbers)
    for real, other in made.moments.items():
        assert (real % 1000 == 0) == (other % 1000 == 0)
    for id, substitute in made.ids.items():
        assert int(substitute, 16) >> 20 == made.moments[int(id, 16) >> 20]


@pytest.fixture(scope="module")
def written(asked: Asked, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("out") / "recordings"
    assert write_recordings(folder, asked.exchanges, ADA, AT) == len(asked.exchanges)
    return sorted(folder.iterdir())


def test_the_transcript_replays_as_recordings_do(google: Google, written: list[Path]) -> None:
    for path in written:
        google.reset()
        google.reset_tokens()
        recording = Recording(path.stem, orjson.loads(path.read_bytes()))
        name = path.stem.split(".", 2)[2]
        assert bool(found(google, recording)) == (name in NOT_REPLAYED), path.stem


def test_a_changed_answer_is_seen_when_the_transcript_is_replayed(
    google: Google, transcript: dict[str, dict[str, Any]]
) -> None:
    name, profile = next(iter(transcript.items()))
    google.reset()
    google.reset_tokens()
    changed = {**profile, "response": {**profile["response"], "historyId": 5, "more": "x"}}
    assert len(found(google, Recording(name, changed))) == 2


def test_what_was_read_is_json(asked: Asked) -> None:
    empty = [one.method for one in asked.exchanges if read_json(one.answer) is None]
    assert set(empty) == {"messages.batchModify", "labels.delete", "stop"}
