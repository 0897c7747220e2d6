"""Gmail's refusals and the network's failures as our errors, by `reason` (FACTS 1.6, 1.7, 14.5)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx
import orjson

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

SCOPES: Final = "https://www.googleapis.com/auth/"
NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Failures that happen before a byte of the request leaves; all others leave the effect unknown."""

LONGEST_WAIT: Final = timedelta(days=1)
"""Most that is believed of a wait: a mailbox asks again a day later, whatever an answer said."""
_RATE_REASONS: Final = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"})
_SCOPE_REASONS: Final = frozenset({"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"})
_RETRY_AFTER_TEXT: Final = re.compile(
    r"[Rr]etry after (\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d))"
)
_ADDRESS: Final = re.compile(r"[^\s<>()\"',;:]+@[^\s<>()\"',;:]+")
MAX_BODY_CHARS: Final = 500


@dataclass(frozen=True, slots=True)
class Refusal:
    """Gmail's error object; every field may be empty."""

    status: int
    reason: str = ""
    message: str = ""
    code: str = ""
    """Google's canonical status, such as PERMISSION_DENIED."""

    @property
    def body(self) -> str:
        """The refusal for people to read, trimmed and without addresses."""
        told = {"message": _ADDRESS.sub("[address]", self.message)[:MAX_BODY_CHARS]}
        named = {"code": self.status, "reason": self.reason[:60], "status": self.code[:60]}
        return json.dumps({**named, **told})


def read_refusal(response: httpx.Response) -> Refusal:
    """Read the error body, whatever it turns out to be."""
    try:
        error = orjson.loads(response.content)["error"]
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError):
        error = None
    if not isinstance(error, Mapping):
        return Refusal(response.status_code, message=str(error or ""))
    entries = error.get("errors")
    first = entries[0] if isinstance(entries, list) and entries else {}
    return Refusal(
        response.status_code,
        reason=str((first.get("reason") if isinstance(first, Mapping) else "") or ""),
        message=str(error.get("message") or ""),
        code=str(error.get("status") or ""),
    )


def lacks_scope(response: httpx.Response, refusal: Refusal) -> bool:
    """Whether the token is good but was granted too little (FACTS 1.6, 14.5)."""
    challenge = response.headers.get("www-authenticate", "")
    return refusal.reason in _SCOPE_REASONS or "insufficient_scope" in challenge


def refusal_error(response: httpx.Response, scope: str, now: datetime) -> PostroomError:
    """Translate a status of 300 or more; `scope` is what the request would have needed."""
    refusal = read_refusal(response)
    status = refusal.status
    if status in {401, 403} and lacks_scope(response, refusal):
        return MissingScopeError("The end user did not grant the scope this needs.", scope=scope)
    if status == httpx.codes.UNAUTHORIZED:
        return ReauthRequiredError("Google does not accept this connection's access token.")
    if status == httpx.codes.TOO_MANY_REQUESTS or refusal.reason in _RATE_REASONS:
        return _rate_limited(response, refusal, now)
    if refusal.reason == "dailyLimitExceeded":
        return RateLimitedError("The project's daily cap of Gmail calls is used up.", scope="daily")
    if status == httpx.codes.NOT_FOUND:
        return _not_found(refusal)
    return _unavailable_or_refused(refusal)


def _not_found(refusal: Refusal) -> PostroomError:
    """Believe that a thing is not there only where Gmail says so: a page of HTML says nothing.

    Records become tombstones and drafts count as sent by this answer.
    """
    if refusal.reason == "notFound" or refusal.code == "NOT_FOUND":
        return GmailNotFoundError()
    status = refusal.status
    return GmailUnavailableError(f"What answered {status} is not Gmail's API.", status=status)


def _unavailable_or_refused(refusal: Refusal) -> PostroomError:
    status = refusal.status
    passing = status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.REQUEST_TIMEOUT
    if passing and status != httpx.codes.NOT_IMPLEMENTED:
        return GmailUnavailableError(f"Gmail answered {status}.", status=status)
    why = refusal.reason or refusal.code or "no reason given"
    return GmailRefusedError(
        f"Gmail refused with {status}: {why}.",
        status=status,
        reason=refusal.reason,
        body=refusal.body,
    )


def _rate_limited(response: httpx.Response, refusal: Refusal, now: datetime) -> RateLimitedError:
    wait = retry_after(response, refusal.message, now)
    text = refusal.message.lower()
    if "concurrent" in text:
        return TooManyConcurrentError(
            "Too many requests at once for this mailbox.", retry_after=wait, scope="concurrency"
        )
    scope: RateScope = "user"
    if "mail sending" in text:
        scope = "sending"
    elif "per minute" in text and "per user" not in text:
        scope = "project"
    return RateLimitedError(f"Gmail limits the rate ({scope}).", retry_after=wait, scope=scope)


def retry_after(response: httpx.Response, message: str, now: datetime) -> timedelta | None:
    """Return the wait Google names, by header or in words; mostly it names none (FACTS 1.9)."""
    header = response.headers.get("retry-after", "").strip()
    if header.isascii() and header.isdigit():
        return min(timedelta(seconds=int(header[:9])), LONGEST_WAIT)
    told = _RETRY_AFTER_TEXT.search(message)
    try:
        until = datetime.fromisoformat(told[1]) if told else parsedate_to_datetime(header)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta(0)), LONGEST_WAIT)


def network_error(error: httpx.HTTPError) -> GmailUnavailableError:
    """Translate a failure to get any answer."""
    return GmailUnavailableError(
        f"Gmail did not answer ({type(error).__name__}).", sent=not isinstance(error, NEVER_SENT)
    )


def scope_for(method: str, path: str) -> str:
    """Return the least scope of ours that allows the call (FACTS 6.11)."""
    if path.startswith("/messages/send"):
        return f"{SCOPES}gmail.send"
    if path.startswith("/drafts"):
        return f"{SCOPES}gmail.compose"
    reads = method == "GET" or path in {"/watch", "/stop"}
    return f"{SCOPES}gmail.readonly" if reads else f"{SCOPES}gmail.modify"
