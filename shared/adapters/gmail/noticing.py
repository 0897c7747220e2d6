"""What of Gmail's answers is not known: names of fields, and refusals that no row of ours names."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import httpx

from shared.adapters.gmail.errors import read_refusal
from shared.domain.google.observations import Kinds, Sightings
from shared.domain.google.refusals import GMAIL, is_named
from shared.domain.sync.quota_units import pattern_of

FIELDS: Final = frozenset({
    "emailAddress", "messagesTotal", "threadsTotal", "historyId", "history", "nextPageToken", "id",
    "messages", "messagesAdded", "messagesDeleted", "labelsAdded", "labelsRemoved", "threads",
    "resultSizeEstimate", "threadId", "labelIds", "snippet", "internalDate", "payload",
    "sizeEstimate", "raw", "classificationLabelValues", "labels", "expiration", "drafts", "message",
    "size", "data", "attachmentId", "sendAs", "partId", "mimeType", "filename", "headers", "body",
    "parts", "name", "type", "messageListVisibility", "labelListVisibility", "messagesUnread",
    "threadsUnread", "color", "sendAsEmail", "displayName", "replyToAddress", "signature",
    "isPrimary", "isDefault", "treatAsAlias", "smtpMsa", "verificationStatus",
})  # fmt: skip
"""Names of the discovery document, of the methods that are called."""
LISTS: Final = ("history", "messages", "threads", "labels", "drafts", "sendAs")
KNOWN_REASONS: Final = frozenset(
    {"invalid", "invalidArgument", "badRequest", "required", "parseError", "forbidden"}
)
"""Refusals of a call by what it says: its caller is told."""


def unknown_keys(answer: Any) -> Iterator[str]:
    """Yield names that are not known at the top, in the first entry of a list, in a payload."""
    if not isinstance(answer, dict):
        return
    yield from answer.keys() - FIELDS
    firsts = [
        answer[name][0] for name in LISTS if isinstance(answer.get(name), list) and answer[name]
    ]
    for inner in (*firsts, answer.get("payload")):
        if isinstance(inner, dict):
            yield from inner.keys() - FIELDS


def note_refusal(
    sightings: Sightings, response: httpx.Response, method: str, now: datetime
) -> None:
    """Count a refusal by status, reason and what it was taken for; say where no row names it."""
    answer = read_refusal(response)
    reason = answer.reason or answer.code or "none"
    concern = answer.meaning.concern
    sightings.count_kind(Kinds.REFUSALS, f"{response.status_code}.{reason}.{concern}")
    if not is_named(answer.refusal, GMAIL) and reason not in KNOWN_REASONS:
        sightings.surprise("refusal", method, f"{response.status_code}.{reason}", now)


def shape_of(method: str, path: str) -> str:
    """Return such as `GET/messages/*`, which holds no id; `GET/other` for a path of no method."""
    return f"{method}/{pattern_of(method, path.partition('?')[0]) or 'other'}"
