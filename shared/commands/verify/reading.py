"""Feeds what Gmail answered to Postroom's own readers: which of it they refuse."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from shared.adapters.gmail.answers import (
    read_draft,
    read_drafts,
    read_history,
    read_ids,
    read_label_ids,
    read_message,
    read_profile,
    read_sent,
    read_watched,
    read_whole_thread,
)
from shared.commands.verify.caller import Exchange, read_json
from shared.commands.verify.run import OTHER_SHAPES
from shared.domain.ids import MessageId

READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "getProfile": read_profile,
    "history.list": read_history,
    "messages.list": read_ids,
    "messages.send": read_sent,
    "drafts.create": read_draft,
    "drafts.update": read_draft,
    "drafts.send": read_sent,
    "drafts.list": read_drafts,
    "labels.list": read_label_ids,
    "threads.get": read_whole_thread,
    "watch": read_watched,
}
FULL: Final = "full"


def unread(exchanges: Iterable[Exchange]) -> list[str]:
    """Return in words each whole answer that a reader of Postroom refuses."""
    found = []
    for one in exchanges:
        read = _reader(one)
        if read is not None and one.answer.is_success and "fields" not in one.query:
            try:
                read(read_json(one.answer))
            except OTHER_SHAPES as error:
                found.append(f"{one.probe}: {one.method} ({type(error).__name__})")
    return found


def _reader(exchange: Exchange) -> Callable[[Any], Any] | None:
    if exchange.method == "messages.get":
        wanted = exchange.query.get("format", FULL)
        id = MessageId(exchange.path.rsplit("/", 1)[1])
        return read_message(id) if wanted == FULL else None
    if exchange.method == "threads.get" and exchange.query.get("format", FULL) != FULL:
        return None
    return READERS.get(exchange.method)
