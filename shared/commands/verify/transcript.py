"""The exchanges of a run as recordings: files that the tests replay against the emulated Google."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import orjson

from shared.commands.verify.caller import Exchange, read_json
from shared.commands.verify.made_up import MESSAGE_ID, NUMBER, MadeUp
from shared.commands.verify.redaction import redact

HEADERS: Final = (
    "content-type", "vary", "server", "cache-control", "content-encoding", "transfer-encoding",
    "retry-after", "www-authenticate",
)  # fmt: skip
AFTER: Final = re.compile(r"\bafter:(\d+)")
OLD_ENOUGH: Final = 3
"""Digits from which on a history id that was asked for may be a real one."""
MOMENTS: Final = frozenset({"internalDate", "expiration"})
HOW_KNOWN: Final = (
    "Recorded by make verify-google; every value is made up, in the form of the real one."
)


def recordings(
    exchanges: Sequence[Exchange], own: str, at: datetime
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and content of a recording for each call to a method of Gmail."""
    made = learn(exchanges, own)
    for number, one in enumerate(exchanges, 1):
        name = f"verify.{number:03}.{one.probe}.{one.method}"
        yield name, _recording(one, made, at)


def write_recordings(folder: Path, exchanges: Sequence[Exchange], own: str, at: datetime) -> int:
    """Write a file for each; return how many."""
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for name, content in recordings(exchanges, own, at):
        text = orjson.dumps(content, option=orjson.OPT_INDENT_2)
        (folder / f"{name}.json").write_bytes(text)
        written += 1
    return written


def learn(exchanges: Sequence[Exchange], own: str) -> MadeUp:
    """Read what has a place among others: ids, moments, history ids."""
    ids: set[str] = set()
    moments: set[int] = set()
    histories: set[str] = set()
    for one in exchanges:
        for name, text in _texts(read_json(one.answer)):
            if name in {"id", "threadId"} and MESSAGE_ID.fullmatch(text):
                ids.add(text)
            elif name in {"id", "historyId"} and NUMBER.fullmatch(text):
                histories.add(text)
            elif name in MOMENTS and NUMBER.fullmatch(text):
                moments.add(int(text))
        moments |= {int(found) * 1000 for found in AFTER.findall(one.query.get("q", ""))}
        start = one.query.get("startHistoryId", "")
        if NUMBER.fullmatch(start) and len(start) >= OLD_ENOUGH:
            histories.add(start)
    return MadeUp.of(own, ids, moments, histories)


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text of an answer under its field's name."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _texts(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, name)
    elif isinstance(value, str):
        yield name, value


def _recording(one: Exchange, made: MadeUp, at: datetime) -> dict[str, Any]:
    request: dict[str, Any] = {"verb": one.verb}
    response = redact(read_json(one.answer), made)
    body = redact(one.body, made)
    request["path"] = "/".join(_segment(part, made) for part in one.path.split("/"))
    if one.query:
        request["query"] = {name: _ask(name, text, made) for name, text in one.query.items()}
    if body is not None:
        request["body"] = body
    return {
        "method": one.method,
        "case": one.probe,
        "recorded": True,
        "source": "make verify-google",
        "date": f"{at:%Y-%m-%d}",
        "how_known": HOW_KNOWN,
        "request": request,
        "status": one.answer.status_code,
        "headers": {
            name: made.words(one.answer.headers[name])
            for name in HEADERS
            if name in one.answer.headers
        },
        "response": response,
    }


def _segment(part: str, made: MadeUp) -> str:
    """Return a part of a path; what is not known here is the path's own word or the probe's."""
    text = unquote(part)
    for kind in ("draft", "label"):
        text = made.replace_known(kind, text)
    if "@" in text:
        return made.address(text)
    if text in made.ids:
        return made.ids[text]
    return text if len(text) <= LONGEST_SEGMENT else "attachment"


LONGEST_SEGMENT: Final = 40
"""Longer ones are ids of attachments."""


def _ask(name: str, text: str, made: MadeUp) -> str:
    if name == "startHistoryId":
        return made.history_ids.get(text, text)
    if name == "pageToken":
        return made.replace_known("token", text)
    if name == "labelIds":
        return made.replace_known("label", text)
    if name == "q":
        return AFTER.sub(lambda found: f"after:{made.moments[int(found[1]) * 1000] // 1000}", text)
    return text
