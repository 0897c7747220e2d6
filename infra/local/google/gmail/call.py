"""What a Gmail method is given, and how it is declared."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from infra.local.google.mail.store import MailStore

Answer = dict[str, Any] | bytes | None
"""A JSON object, an object already serialised as UTF-8 JSON, or nothing (HTTP 204)."""


class Query(Protocol):
    """The query string as a multi mapping; Starlette's `QueryParams` is one."""

    def get(self, key: str, default: Any = None, /) -> Any:
        """Return the last value given for `key`."""

    def getlist(self, key: str, /) -> list[Any]:
        """Return every value given for `key`, in order."""

    def keys(self) -> Any:
        """Return the names given."""


class Watches(Protocol):
    """The state of push registrations."""

    def watch(
        self,
        email: str,
        topic: str,
        label_ids: list[str],
        label_filter_behavior: str,
        client_id: str,
    ) -> tuple[int, int]:
        """Register; return (historyId, expiration in epoch ms). Raise `GmailError`."""

    def stop(self, email: str) -> None:
        """Forget the registration, if any."""


@dataclass(frozen=True, slots=True)
class Media:
    """An upload: the message's bytes and, with uploadType=multipart, its JSON metadata."""

    raw: bytes
    metadata: Mapping[str, Any] = field(default_factory=dict)
    content_type: str = "message/rfc822"


def no_fault(_name: str) -> None:
    """Return that no fault is scripted."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request to one method, after authentication, quota and routing.

    `email` is the mailbox that `userId` names, `caller` the address the access token
    belongs to, `client_id` the OAuth client. `path` holds the parsed path parameters. `fault`
    asks for an active scripted fault by name and consumes it.
    """

    email: str
    caller: str
    scopes: frozenset[str]
    store: MailStore
    watches: Watches
    now: datetime
    query: Query
    path: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    media: Media | None = None
    client_id: str = ""
    fault: Callable[[str], object | None] = no_fault


@dataclass(frozen=True, slots=True)
class Method:
    """One row of the method table.

    `path` is the discovery document's path with a leading slash; `upload` is the path for media
    and multipart uploads, or None. `units` is the quota price (FACTS 1.3). `scopes` are full scope
    names, any one of which suffices. `handler` is synchronous and raises only `GmailError`.
    """

    id: str
    verb: str
    path: str
    units: int
    scopes: frozenset[str]
    handler: Callable[[Call], Answer]
    params: frozenset[str] = frozenset()
    upload: str | None = None
