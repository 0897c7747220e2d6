"""A mail room without its endpoints: methods are called straight, on a clock the test moves."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import orjson
from starlette.datastructures import QueryParams

from infra.local.google.gmail.call import Call, Media, Query
from infra.local.google.gmail.methods import METHODS
from infra.local.google.mail.store import MailStore

ANN, BOB = "ann@acme.example", "bob@bolt.example"
BY_ID = {method.id.removeprefix("gmail.users."): method for method in METHODS}


class HandClock:
    """Time that moves by hand."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def advance(self, **delta: float) -> None:
        self.time += timedelta(**delta)


class MemoryWatches:
    """Registrations by mailbox."""

    def __init__(self, store: MailStore) -> None:
        self.store = store
        self.topics: dict[str, tuple[str, list[str], str]] = {}

    def watch(
        self,
        email: str,
        topic: str,
        label_ids: list[str],
        label_filter_behavior: str,
        client_id: str,
    ) -> tuple[int, int]:
        self.topics[email] = (topic, label_ids, label_filter_behavior)
        return self.store.history_id(email), 1_800_000_000_000

    def stop(self, email: str) -> None:
        self.topics.pop(email, None)


@dataclass
class Room:
    """The store with two mailboxes, and a short way to call a method."""

    clock: HandClock = field(default_factory=HandClock)
    faults: list[str] = field(default_factory=list)
    scopes: frozenset[str] = frozenset({"https://mail.google.com/"})

    def __post_init__(self) -> None:
        self.store = MailStore(clock=self.clock)
        self.watches = MemoryWatches(self.store)
        for email in (ANN, BOB):
            self.store.create_mailbox(email)

    def fault(self, name: str) -> str | None:
        if name in self.faults:
            self.faults.remove(name)
            return name
        return None

    def call(
        self,
        method_id: str,
        body: Any = None,
        *,
        query: Any = (),
        email: str = ANN,
        media: Media | None = None,
        **path: str,
    ) -> Any:
        answer = BY_ID[method_id].handler(
            Call(
                email=email,
                caller=email,
                scopes=self.scopes,
                store=self.store,
                watches=self.watches,
                now=self.clock.now(),
                query=cast("Query", QueryParams(query)),
                path=path,
                body=body,
                media=media,
                fault=self.fault,
            )
        )
        return orjson.loads(answer) if isinstance(answer, bytes) else answer

    def deliver(self, *lines: str, email: str = ANN, **options: Any) -> str:
        """Deliver a message made of header lines, a blank one and body lines; return its id."""
        self.clock.advance(seconds=1)
        return self.store.deliver(email, mail(*lines), **options).id

    def found(self, q: str, **query: Any) -> list[str]:
        """Return the ids a search lists."""
        answer = self.call("messages.list", query={"q": q, **query})
        return [entry["id"] for entry in answer.get("messages", [])]

    def labels(self, id: str) -> list[str]:
        """Return a message's labels in alphabetical order."""
        return sorted(self.call("messages.get", id=id).get("labelIds", []))

    def changes(self, start: int, *, email: str = ANN, **query: Any) -> list[dict[str, Any]]:
        """Return all history records after `start`."""
        answer = self.call(
            "history.list", query={"startHistoryId": str(start), **query}, email=email
        )
        records: list[dict[str, Any]] = answer.get("history", [])
        return records


def mail(*lines: str) -> bytes:
    """Return lines as a message; one without a blank line has an empty body."""
    return ("\r\n".join(lines if "" in lines else (*lines, "", "")) + "\r\n").encode()


def encoded(raw: bytes) -> str:
    """Return a message as the API takes it."""
    return urlsafe_b64encode(raw).decode()
