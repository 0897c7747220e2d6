"""Scripted refusals in whatever words Google may use: those of a Gmail method, those of /token."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import responses
from typing import Any, Final

from infra.local.google.gmail.errors import GmailError
from infra.local.google.token_errors import TokenError

USAGE_REASONS: Final = frozenset(
    {
        "accessNotConfigured",
        "dailyLimitExceeded",
        "quotaExceeded",
        "rateLimitExceeded",
        "userRateLimitExceeded",
    }
)
"""Reasons of the domain usageLimits; all others are of the domain global."""


@dataclass(frozen=True, slots=True)
class Words:
    """What `refuse` (status, reason, message, details) and `token_error` (the rest) say."""

    status: int | None = None
    reason: str | None = None
    message: str | None = None
    details: Sequence[Mapping[str, Any]] | None = None
    error: str | None = None
    error_subtype: str | None = None

    def refusal(self) -> GmailError:
        """Return the refusal of a Gmail method: 403 forbidden unless told otherwise."""
        status, reason = self.status or HTTPStatus.FORBIDDEN.value, self.reason or "forbidden"
        return GmailError(
            status,
            reason,
            self.message or _phrase(status),
            domain="usageLimits" if reason in USAGE_REASONS else "global",
            details=self.details or (),
        )

    def token_error(self) -> TokenError:
        """Return the refusal of the token endpoint: 400 unless told otherwise."""
        status = self.status or HTTPStatus.BAD_REQUEST.value
        subtype = self.error_subtype or ""
        return TokenError(self.error or "", self.message or _phrase(status), status, subtype)


SILENT: Final = Words()
"""Of every other fault: it has its own words."""


def check_words(fault: str, words: Words) -> None:
    """Raise ValueError for words that the fault has no use for, or lacks."""
    useful = _USEFUL.get(fault, ())
    given = [name for name in Words.__slots__ if getattr(words, name) is not None]
    needless = [name for name in given if name not in useful]
    if needless:
        known = f"takes {', '.join(useful)}" if useful else "has its own words"
        raise ValueError(f"{fault} {known}, not {', '.join(needless)}")
    if useful and useful[0] not in given:
        raise ValueError(f"{fault} needs {useful[0]}")


_USEFUL: Final[Mapping[str, tuple[str, ...]]] = {
    "refuse": ("status", "reason", "message", "details"),
    "token_error": ("error", "error_subtype", "status", "message"),
}
"""The first of each must be given."""


def _phrase(status: int) -> str:
    return responses.get(status, "Refused")
