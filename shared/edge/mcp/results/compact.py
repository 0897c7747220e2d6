"""Output in the fewest words that keep its sense: people as text, lists as columns and rows."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mcp_types import ImageContent

from shared.domain.mail.reading.address_list import format_addresses
from shared.domain.mail.reading.email_message import read_message
from shared.domain.mail.reading.markup.hidden_text import without_hidden
from shared.edge.mcp.schemas import is_empty
from shared.usecases.sync.work.reading import weight

LISTINGS: Final[Mapping[str, str]] = {
    "search-mail": "records",
    "list-conversations": "conversations",
    "find-contact": "contacts",
    "list-scheduled": "sends",
    "list-labels": "labels",
}
"""Tools that answer a list of things alike, and its name."""
READINGS: Final = frozenset({"read-messages", "read-thread"})
SEPARATED: Final = frozenset({"labelIds"})
"""Lists of words that hold no space."""
AS_USUAL: Final[Mapping[str, object]] = {"units": 0, "complete": True, "source": "store"}
"""What a reading of stored mail says of itself; only what is otherwise is told."""
OF_SCREENS: Final = frozenset({"messageListVisibility", "labelListVisibility"})
"""What a label looks like in Gmail's own list."""
LONGEST_SNIPPET: Final = 100
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d):\d\d(?:\.\d{1,9})?Z")


def compact(name: str, output: Any, mailbox: str) -> object:
    """Return a tool's output in its compact form; that of any other tool as it is.

    Left out are a `threadId` or a `name` that is the `id`, a `to` that is the mailbox alone,
    `isUnread`, which the labels say, and what is as usual.
    """
    listed = LISTINGS.get(name)
    if listed is not None and isinstance(output, dict):
        return {**_telling(output), listed: _table(output.get(listed, []), mailbox)}
    if name in READINGS and isinstance(output, dict):
        messages = [_present(_flat(one, mailbox)) for one in output.get("messages", ())]
        return {**_telling(output), "messages": messages}
    return _without_again(output)


def without_image(name: str, output: Any) -> tuple[Any, ImageContent | None]:
    """Return an output without the image in it, and the image as the protocol carries one."""
    if name != "read-attachment" or not isinstance(output, dict) or not output.get("image"):
        return output, None
    image = ImageContent(data=output["image"], mime_type=output["mimeType"])
    return {key: value for key, value in output.items() if key != "image"}, image


def _table(rows: Sequence[Mapping[str, Any]], mailbox: str) -> dict[str, Any]:
    """Return the columns that say something, and the rows of their values.

    Columns that most rows fill come first, and a row ends with its last value that says something.
    """
    flat = [_flat(row, mailbox) for row in rows]
    filled = Counter(name for row in flat for name, value in row.items() if value)
    known = dict.fromkeys(name for row in flat for name in row if filled[name])
    names = sorted(known, key=lambda name: -filled[name])
    return {"columns": names, "rows": [_row(row, names) for row in flat]}


def _row(row: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    last = max((at for at, name in enumerate(names, 1) if row.get(name)), default=0)
    return [row.get(name) for name in names[:last]]


def _without_again(output: Any) -> object:
    """Return a draft's answer without the message in it that says its ids once more."""
    again = output.get("message") if isinstance(output, dict) else None
    if isinstance(again, dict) and again.get("id") and again["id"] == output.get("messageId"):
        return {name: value for name, value in output.items() if name != "message"}
    return output


def _flat(row: Mapping[str, Any], mailbox: str) -> dict[str, Any]:
    return {
        name: " ".join(value) if name in SEPARATED else _short(name, _people(value))
        for name, value in row.items()
        if not _says_again(name, value, row, mailbox)
    }


def _says_again(name: str, value: Any, row: Mapping[str, Any], mailbox: str) -> bool:
    """Whether a field says what another of the row, or the envelope, says."""
    if name in {"threadId", "name"}:
        return bool(value == row.get("id"))
    if name in OF_SCREENS:
        return True
    if name == "isUnread":
        return "labelIds" in row
    return (
        name == "to" and isinstance(value, list) and [_address(one) for one in value] == [mailbox]
    )


def _address(person: Any) -> object:
    return person.get("email") if isinstance(person, dict) else None


def _short(name: str, value: object) -> object:
    """Return a moment to the minute, and the beginning of a snippet."""
    if not isinstance(value, str):
        return value
    if name == "snippet" and len(value) > LONGEST_SNIPPET:
        return f"{value[:LONGEST_SNIPPET].rstrip()}…"
    moment = _MOMENT.fullmatch(value)
    return f"{moment[1]}Z" if moment else value


def _people(value: Any) -> object:
    """Return people as `Name <address>`; anything else as it is."""
    if _is_person(value):
        return format_addresses([value])
    if isinstance(value, list) and value and all(map(_is_person, value)):
        return format_addresses(value)
    return value


def _is_person(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"name", "email"}


def _present(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in fields.items() if value is not False and not is_empty(value)
    }


def _telling(output: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of an output is not as usual: that a search is not complete, what it cost."""
    told = {name: value for name, value in output.items() if AS_USUAL.get(name, ...) != value}
    incomplete = {"complete": False} if told.get("complete") is False else {}
    return {**_present(told), **incomplete}


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
