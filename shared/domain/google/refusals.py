"""The one table of Google's refusals: what an answer of Gmail or the token endpoint concerns.

Nothing else reads a status, a reason or a message of theirs. The rows are data, tried from the top;
the first that fits counts. Every refusal fits one: the last rows have no reason and no words.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

MOST_READ: Final = 1_000
"""Characters of a message that are looked at: Google's own are shorter."""


class Concern(StrEnum):
    """Whose trouble a refusal is, and so who can end it."""

    CALL = "call"
    MAILBOX = "mailbox"
    GRANT = "grant"
    SCOPE = "scope"
    RATE = "rate"
    CONCURRENCY = "concurrency"
    PASSING = "passing"
    DEPLOYMENT = "deployment"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a refusal concerns; `detail` names it more closely, as a code.

    `then` is what it turns out to be where it does not pass. `about` tells refusals of one call
    apart that the caller treats differently.
    """

    concern: Concern
    detail: str = ""
    then: Concern | None = None
    about: str = ""

    def __str__(self) -> str:
        later = f", then {self.then}" if self.then else ""
        return f"{self.concern} {self.detail}".strip() + later


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no success; every field but the status may be empty.

    `reasons` are all that it gives: `errors[].reason`, `details[].reason` and the canonical status
    of Gmail, `error` and `error_subtype` of the token endpoint. `is_readable` is False for a body
    that is not of the endpoint's own shape, such as a page of HTML.
    """

    status: int
    reasons: frozenset[str] = frozenset()
    message: str = ""
    is_readable: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; what is left empty fits everything.

    `statuses` are single ones or, below 10, hundreds (5 is 5xx). `reasons` are compared without
    case and underscores: ErrorInfo's RATE_LIMIT_EXCEEDED is rateLimitExceeded.
    """

    meaning: Meaning
    statuses: tuple[int, ...] = ()
    reasons: tuple[str, ...] = ()
    says: str = ""
    readable: bool | None = None

    def fits(self, refusal: Refusal) -> bool:
        """Whether the refusal is of this kind."""
        wanted = self.statuses
        if wanted and not {refusal.status, refusal.status // 100} & {*wanted}:
            return False
        if self.readable is not None and self.readable != refusal.is_readable:
            return False
        if self.reasons and not _plain(self.reasons) & _plain(tuple(sorted(refusal.reasons))):
            return False
        return not self.says or bool(_pattern(self.says).search(refusal.message[:MOST_READ]))


@cache
def _pattern(says: str) -> re.Pattern[str]:
    return re.compile(says, re.IGNORECASE)


def _plain(reasons: Collection[str]) -> frozenset[str]:
    return frozenset(re.sub("[^a-z]", "", reason.lower()) for reason in reasons)


CALL: Final = Meaning(Concern.CALL)
NOT_FOUND: Final = Meaning(Concern.CALL, about="not_found")
NOT_A_DRAFT: Final = Meaning(Concern.CALL, about="not_a_draft")
BAD_ARGUMENT: Final = Meaning(Concern.CALL, about="bad_argument")
WATCH_TAKEN: Final = Meaning(Concern.CALL, about="watch_taken")
PASSING: Final = Meaning(Concern.PASSING)
PRECONDITION: Final = Meaning(Concern.PASSING, then=Concern.CALL)
UNNAMED: Final = Meaning(Concern.PASSING, about="unnamed")
"""A refusal of the token endpoint that no source names: a day later the grant counts as ended."""
SCOPE: Final = Meaning(Concern.SCOPE)
GRANT: Final = Meaning(Concern.GRANT)
REVOKED: Final = Meaning(Concern.GRANT, "revoked")
ACCOUNT_DELETED: Final = Meaning(Concern.GRANT, "account_deleted")
SESSION_POLICY: Final = Meaning(Concern.GRANT, "session_policy")
POLICY_ENFORCED: Final = Meaning(Concern.GRANT, "policy_enforced")
ORG_INTERNAL: Final = Meaning(Concern.GRANT, "org_internal")
MAIL_NOT_ENABLED: Final = Meaning(Concern.MAILBOX, "mail_not_enabled")
DOMAIN_POLICY: Final = Meaning(Concern.MAILBOX, "domain_policy")
CONCURRENCY: Final = Meaning(Concern.CONCURRENCY)
RATE_SENDING: Final = Meaning(Concern.RATE, "sending")
RATE_DAILY: Final = Meaning(Concern.RATE, "daily")
RATE_USER: Final = Meaning(Concern.RATE, "user")
RATE_PROJECT: Final = Meaning(Concern.RATE, "project")
API_DISABLED: Final = Meaning(Concern.DEPLOYMENT, "gmail_api_disabled")
TOPIC_FORBIDDEN: Final = Meaning(Concern.DEPLOYMENT, "topic_forbidden")
CLIENT_REFUSED: Final = Meaning(Concern.DEPLOYMENT, "oauth_client_refused")

_DAILY = ("dailyLimitExceeded", "dailyLimitExceededUnreg")
_USER = ("userRateLimitExceeded", "userRateLimitExceededUnreg")
_LIMITS = ("rateLimitExceeded", "rateLimitExceededUnreg", "resourceExhausted", "quotaExceeded",
           *_USER, *_DAILY)  # fmt: skip
_SCOPES = ("insufficientPermissions", "accessTokenScopeInsufficient", "insufficientScope")
_OFF = ("accessNotConfigured", "serviceDisabled", "billingDisabled", "consumerSuspended",
        "consumerInvalid", "projectInvalid")  # fmt: skip
_OFF_SAYS = r"access not configured|has not been used in project|project .*(suspended|deleted)"
_TOPIC_SAYS = r"cloud pub/?sub|pub/?sub topic|\(resource=[\w.-]*topic"
_SENDING_SAYS = r"mail sending|sending (limit|quota)|limit for sending"
_NO_MAIL_SAYS = r"(mail|gmail) (service )?(is )?(not enabled|not activated|disabled|turned off)"
_USER_SAYS = r"per user|user[- ]rate|peruser|\{user\}"


def _limits(meaning: Meaning, says: str = "", *reasons: str) -> tuple[Row, Row]:
    """Return the rows of a limit: a 429 is one whatever its reason, a 403 by its reason."""
    by_reason = Row(meaning, (403,), reasons or _LIMITS, says)
    return Row(meaning, (429,), reasons, says), by_reason


GMAIL: Final[tuple[Row, ...]] = (
    Row(PASSING, (408, 425, 499, 502, 503, 504)),
    Row(CALL, (501,)),
    Row(PASSING, (5,)),
    Row(CALL, (413,)),
    Row(NOT_FOUND, (404,), ("notFound",), r"^(?!.*cloud pub/?sub)"),
    *_limits(CONCURRENCY, r"concurrent"),
    *_limits(RATE_SENDING, _SENDING_SAYS),
    *_limits(RATE_DAILY, "", *_DAILY),
    *_limits(RATE_DAILY, r"per day|perday|daily|/d/"),
    *_limits(RATE_USER, "", *_USER),
    *_limits(RATE_USER, _USER_SAYS),
    *_limits(RATE_PROJECT, r"per minute|per 100 seconds|perminute|/min/\{project\}"),
    Row(RATE_USER, (429,)),
    Row(RATE_USER, (403,), ("quotaExceeded",)),
    Row(RATE_PROJECT, (403,), _LIMITS),
    Row(SCOPE, (401, 403), _SCOPES),
    Row(SCOPE, (401, 403), says=r"insufficient (authentication scopes|permission)"),
    Row(SCOPE, (400, 403), says=r"metadata scope (doesn'?t|does not|cannot)"),
    Row(ACCOUNT_DELETED, (401, 403), ("accountDeleted",)),
    Row(REVOKED, (401, 403), ("accountDisabled",)),
    Row(GRANT, (401,)),
    Row(PASSING, (403, 404), readable=False),
    Row(API_DISABLED, (400, 403), _OFF),
    Row(API_DISABLED, (400, 403), says=_OFF_SAYS),
    Row(TOPIC_FORBIDDEN, (400, 403, 404), says=_TOPIC_SAYS),
    Row(TOPIC_FORBIDDEN, (403,), says=r"^user not authorized to perform this action"),
    Row(DOMAIN_POLICY, (4,), ("domainPolicy",)),
    Row(DOMAIN_POLICY, (400, 403), says=r"administrators? ha(s|ve) disabled"),
    Row(MAIL_NOT_ENABLED, (400, 403), says=_NO_MAIL_SAYS),
    Row(PRECONDITION, (400,), ("failedPrecondition",), r"^\s*(bad request|precondition check|$)"),
    Row(CALL, (409,), says=r"exists"),
    Row(PASSING, (409,), ("aborted",)),
    Row(WATCH_TAKEN, (400,), says=r"only one user push notification client"),
    Row(NOT_A_DRAFT, (400,), says=r"not a draft"),
    Row(PASSING, (404,)),
    Row(BAD_ARGUMENT, (400,), ("invalidArgument",)),
    Row(CALL),
)
"""Gmail's answers (FACTS 1.6, 2.6, 18.9)."""

_CLIENT = ("deletedClient", "disabledClient", "invalidClient", "unauthorizedClient",
           "redirectUriMismatch", "invalidRequest", "invalidScope",
           "unsupportedGrantType")  # fmt: skip
_HICCUPS = ("rateLimitExceeded", "internalFailure", "temporarilyUnavailable", "serverError",
            "internalError", "backendError", "quotaExceeded", "slowDown")  # fmt: skip
_RAPT = ("invalidRapt", "raptRequired")

TOKEN: Final[tuple[Row, ...]] = (
    Row(PASSING, (5, 3, 408, 425, 429, 499)),
    Row(PASSING, (4,), _HICCUPS),
    Row(SESSION_POLICY, (4,), (*_RAPT, "adminPolicyEnforced", "interactionRequired")),
    Row(SESSION_POLICY, (4,), ("invalidGrant",), r"_rapt|rapt_"),
    Row(ORG_INTERNAL, (4,), ("orgInternal",)),
    Row(POLICY_ENFORCED, (4,), ("policyEnforced", "accessDenied")),
    Row(ACCOUNT_DELETED, (4,), ("invalidGrant",), r"\b(account|user)\b.*\bdeleted"),
    Row(REVOKED, (4,), ("invalidGrant", "invalidToken")),
    Row(CLIENT_REFUSED, (4,), _CLIENT),
    Row(PASSING, readable=False),
    Row(UNNAMED),
)
"""The token endpoint's answers, and those of revocation (FACTS 6.7, 14.7, 18.8)."""

CONSENT_ERRORS: Final = frozenset({
    "access_denied", "admin_policy_enforced", "org_internal", "disallowed_useragent",
    "redirect_uri_mismatch", "deleted_client", "invalid_client", "invalid_scope",
})  # fmt: skip
"""Errors of the authorization screen that have a page of their own (FACTS 6.8)."""


def meaning_of(refusal: Refusal, table: tuple[Row, ...]) -> Meaning:
    """Return what the refusal concerns, by the first row that fits."""
    return next(row.meaning for row in table if row.fits(refusal))


def is_named(refusal: Refusal, table: tuple[Row, ...]) -> bool:
    """Whether a row that says something fits it, and not only the last, which fits all."""
    return any(row.fits(refusal) for row in table[:-1])
