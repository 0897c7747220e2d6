"""Gmail's refusals and the network's failures as our errors (FACTS 1.6, 1.7, 14.5)."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

import httpx
import orjson

from shared.domain.connect.scopes import (
    COMPOSE,
    MAIL,
    MODIFY,
    READONLY,
    SEND,
    SETTINGS_BASIC,
    SETTINGS_SHARING,
)
from shared.domain.google.refusals import (
    GMAIL,
    NOT_FOUND,
    PRECONDITION,
    Concern,
    Meaning,
    Refusal,
    meaning_of,
)
from shared.domain.google.trouble import (
    DeploymentError,
    MailboxClosedError,
    PreconditionFailedError,
)
from shared.domain.mail.reading.email_parts import as_object, as_text
from shared.domain.retry_after import retry_after, wait_until
from shared.errors import (
    GmailNotFoundError,
    GmailRefusedError,
    GmailUnavailableError,
    MissingScopeError,
    PostroomError,
    RateLimitedError,
    RateScope,
    ReauthRequiredError,
    TooManyConcurrentError,
)

NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Failures that happen before a byte of the request leaves; all others leave the effect unknown."""

_RETRY_AFTER_TEXT: Final = re.compile(
    r"[Rr]etry after (\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d))"
)
_ADDRESS: Final = re.compile(r"[^\s<>()\"',;:]+@[^\s<>()\"',;:]+")
MAX_BODY_CHARS: Final = 500
MOST_ENTRIES: Final = 20
_CHALLENGED: Final = re.compile(r'\berror="?([a-z_]+)')
_LIMIT_NAMES: Final = ("quota_limit", "quota_unit")


@dataclass(frozen=True, slots=True)
class Answer:
    """Gmail's error object; every field may be empty."""

    refusal: Refusal
    reason: str = ""
    code: str = ""
    """Google's canonical status, such as PERMISSION_DENIED."""

    @property
    def meaning(self) -> Meaning:
        """What it concerns."""
        return meaning_of(self.refusal, GMAIL)

    @property
    def body(self) -> str:
        """The refusal for people to read, trimmed and without addresses."""
        told = {"message": _ADDRESS.sub("[address]", self.refusal.message)[:MAX_BODY_CHARS]}
        status = self.refusal.status
        named = {"code": status, "reason": self.reason[:60], "status": self.code[:60]}
        return json.dumps({**named, **told})


def read_refusal(response: httpx.Response) -> Answer:
    """Read the error body, whatever it turns out to be."""
    status = response.status_code
    challenge = response.headers.get("www-authenticate", "")
    challenged = frozenset(_CHALLENGED.findall(challenge[:MAX_BODY_CHARS]))
    try:
        error = orjson.loads(response.content)["error"]
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError):
        error = None
    if not isinstance(error, Mapping):
        words = error if isinstance(error, str) else ""
        return Answer(Refusal(status, challenged, words, is_readable=False))
    entries = [*_entries(error, "errors"), *_entries(error, "details")]
    reasons = [as_text(entry.get("reason")) for entry in entries]
    code = as_text(error.get("status"))
    named = frozenset(filter(None, (*reasons, code)))
    words = " ".join((as_text(error.get("message")), *_quota_limits(entries))).strip()
    refusal = Refusal(status, named | challenged, words)
    return Answer(refusal, next(filter(None, reasons), ""), code)


def _entries(error: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    listed = error.get(name)
    found = listed[:MOST_ENTRIES] if isinstance(listed, list) else []
    return [entry for entry in found if isinstance(entry, Mapping)]


def _quota_limits(entries: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """Return the names of limits in ErrorInfo, which say more than the message."""
    for entry in entries:
        metadata = as_object(entry.get("metadata"))
        yield from filter(None, (as_text(metadata.get(name)) for name in _LIMIT_NAMES))


def lacks_scope(response: httpx.Response) -> bool:
    """Whether the token is good but was granted too little (FACTS 1.6, 14.5)."""
    return read_refusal(response).meaning.concern is Concern.SCOPE


def refusal_error(response: httpx.Response, scope: str, now: datetime) -> PostroomError:
    """Translate a status of 300 or more; `scope` is what the request would have needed."""
    answer = read_refusal(response)
    meaning, status = answer.meaning, answer.refusal.status
    match meaning.concern:
        case Concern.SCOPE:
            text = f"The end user did not grant what this needs: reconnect with {scope}."
            return MissingScopeError(text, scope=scope)
        case Concern.GRANT:
            return ReauthRequiredError("Google does not accept this connection's access token.")
        case Concern.RATE | Concern.CONCURRENCY:
            return _rate_limited(response, answer, now)
        case Concern.PASSING:
            return _unavailable(meaning, status)
        case Concern.CALL:
            return GmailNotFoundError() if meaning == NOT_FOUND else _as_refused(answer)
    return _as_closed(meaning)


def _as_closed(meaning: Meaning) -> PostroomError:
    kind = MailboxClosedError if meaning.concern is Concern.MAILBOX else DeploymentError
    return kind(meaning.detail)


def _unavailable(meaning: Meaning, status: int) -> PostroomError:
    """Return what is asked again.

    That a thing is not there is believed only where Gmail says so (a page of HTML says nothing):
    records become tombstones and drafts count as sent by that answer.
    """
    if meaning == PRECONDITION:
        text = "Gmail failed a precondition check that it does not name."
        return PreconditionFailedError(text, status=status, sent=False)
    return GmailUnavailableError(f"Gmail answered {status} in passing.", status=status)


def _as_refused(answer: Answer) -> GmailRefusedError:
    why = answer.reason or answer.code or "no reason given"
    status = answer.refusal.status
    return GmailRefusedError(
        f"Gmail refused with {status}: {why}.",
        status=status,
        reason=answer.reason,
        body=answer.body,
        about=answer.meaning.about,
    )


def _rate_limited(response: httpx.Response, answer: Answer, now: datetime) -> RateLimitedError:
    wait = wait_named(response, answer.refusal.message, now)
    meaning = answer.meaning
    if meaning.concern is Concern.CONCURRENCY:
        return TooManyConcurrentError(
            "Too many requests at once for this mailbox.", retry_after=wait, scope="concurrency"
        )
    limit = cast("RateScope", meaning.detail)
    return RateLimitedError(f"Gmail limits the rate ({limit}).", retry_after=wait, scope=limit)


def wait_named(response: httpx.Response, message: str, now: datetime) -> timedelta | None:
    """Return the wait Google names, by header or in words; mostly it names none (FACTS 1.9)."""
    wait = retry_after(response.headers.get("retry-after", ""), now)
    told = _RETRY_AFTER_TEXT.search(message)
    if wait is not None or told is None:
        return wait
    try:
        return wait_until(datetime.fromisoformat(told[1]), now)
    except ValueError:
        return None


def network_error(error: httpx.HTTPError) -> GmailUnavailableError:
    """Translate a failure to get any answer."""
    return GmailUnavailableError(
        f"Gmail did not answer ({type(error).__name__}).", sent=not isinstance(error, NEVER_SENT)
    )


def scope_for(method: str, path: str) -> str:
    """Return the least scope of ours that allows the call (FACTS 6.11, 18.14)."""
    if path.startswith("/messages/send"):
        return SEND
    if path.startswith("/settings/") and method != "GET":
        return SETTINGS_SHARING if _is_shared_setting(method, path) else SETTINGS_BASIC
    if path.startswith("/drafts"):
        return COMPOSE
    deletes = method == "DELETE" and path.startswith(("/messages/", "/threads/"))
    if deletes or path == "/messages/batchDelete":
        return MAIL
    return READONLY if method == "GET" or path in {"/watch", "/stop"} else MODIFY


def _is_shared_setting(method: str, path: str) -> bool:
    """Whether the call sets where mail goes to, or from which address it may come."""
    if path.startswith("/settings/sendAs"):
        return "/smimeInfo" not in path and method not in {"PUT", "PATCH"}
    return path.startswith(("/settings/autoForwarding", "/settings/forwardingAddresses"))
