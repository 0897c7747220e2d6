"""Messages as a model can read them: text and names instead of Gmail's base64 and MIME trees."""

from collections.abc import Mapping
from typing import Any

from shared.domain.mail.reading.email_message import read_message
from shared.domain.mail.reading.markup.hidden_text import without_hidden
from shared.usecases.sync.work.reading import weight

ALWAYS = frozenset({"text", "labelIds"})


def readable(found: object) -> object:
    """Return JSON data with every whole message in it (format=full) as API 4.3 shows messages.

    Its HTML and its snippet are left out, since `text` says the same; so are what is empty and a
    `replyText` that says what `text` does. Messages in another format stay as Gmail
    gave them.
    """
    if isinstance(found, list):
        return [readable(one) for one in found]
    if not isinstance(found, dict):
        return found
    if _is_whole(found.get("payload")):
        return _message(found)
    return {name: readable(value) for name, value in found.items()}


def weight_of(found: Any) -> int:
    """Return how many bytes of mail JSON data holds, by what Gmail says of each message."""
    messages = found.get("messages", [found]) if isinstance(found, dict) else []
    whole = [one for one in messages if isinstance(one, dict) and "payload" in one]
    return sum(map(weight, whole))


def _is_whole(payload: Any) -> bool:
    """Whether it has a body: with format=metadata it has headers alone (FACTS 14.3)."""
    return isinstance(payload, dict) and bool({"body", "parts"} & payload.keys())


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    shown = without_hidden(read_message(message))
    del shown["html"], shown["snippet"]
    if shown["replyText"] == shown["text"]:
        del shown["replyText"]
    return {name: value for name, value in shown.items() if value or name in ALWAYS}
