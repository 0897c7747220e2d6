"""The one table of what each class of trouble does: to whom it is told, what waits, what ends.

`google.refusals` says which class an answer belongs to; this says what follows. Sync, sends, bulks
and watches read it, `infra/OPERATING.md` has an entry for each code, and tests walk both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from shared import errors
from shared.domain.google.refusals import Concern
from shared.domain.google.trouble import (
    DEPLOYMENT_CODES,
    MAILBOX_CODES,
    REMEDIES,
    GrantEndedError,
)


class Fate(StrEnum):
    """What a send does that meets the trouble before anything was sent.

    `ends`: it has failed. `waits`: it goes on by itself when the limit is over. `held`: it goes on
    when the trouble is over, and can be cancelled until then; after a day it has failed.
    """

    ENDS = "ends"
    WAITS = "waits"
    HELD = "held"


class Audience(StrEnum):
    """Who hears of it, beside the caller in the answer."""

    END_USER = "end user"
    """By the `auth` event, for the product to pass on, and the connection's error."""
    PRODUCT = "product"
    """By a `sync` event and the connection's error."""
    OPERATOR = "operator"
    """By the alert, the doctor, `GET /health` and the console's banner."""


SHORT_LADDER: Final = timedelta(minutes=10)
LONG_LADDER: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Treatment:
    """What one class does.

    `sync_longest` is the longest wait between two looks of a sync, None where it stands still
    until the end user connects again. A bulk stands still where its sends do not end: the rest
    would fare alike. `status` is what actions, the proxy, connect, import and MCP answer.
    """

    sync_longest: timedelta | None
    send: Fate
    status: int
    told: frozenset[Audience]


_PRODUCT: Final = frozenset({Audience.PRODUCT})
TREATMENTS: Final[Mapping[Concern, Treatment]] = {
    Concern.CALL: Treatment(LONG_LADDER, Fate.ENDS, 424, _PRODUCT),
    Concern.MAILBOX: Treatment(LONG_LADDER, Fate.HELD, 424, _PRODUCT),
    Concern.GRANT: Treatment(None, Fate.ENDS, 424, frozenset({Audience.END_USER})),
    Concern.SCOPE: Treatment(None, Fate.ENDS, 403, _PRODUCT),
    Concern.RATE: Treatment(SHORT_LADDER, Fate.WAITS, 429, frozenset()),
    Concern.CONCURRENCY: Treatment(SHORT_LADDER, Fate.WAITS, 429, frozenset()),
    Concern.PASSING: Treatment(SHORT_LADDER, Fate.HELD, 424, _PRODUCT),
    Concern.DEPLOYMENT: Treatment(LONG_LADDER, Fate.HELD, 503, frozenset({Audience.OPERATOR})),
}  # fmt: skip

GRANT_ENDS: Final[Mapping[str, str]] = {
    "revoked": "Google no longer accepts the grant: withdrawn, or the password was changed.",
    "expired": "The consent was given for a limited time, which is over.",
    "unused": "Nobody used the grant for six months, and Google ended it.",
    "session_policy": "A policy of the end user's organisation asks for a new sign-in.",
    "account_deleted": "The Google account was deleted.",
    "policy_enforced": "The account's protection or its organisation does not admit this app.",
    "org_internal": "The OAuth client admits accounts of its own organisation only.",
    "client_changed": "The grant was given to an OAuth client that this deployment no longer has.",
    "refused": "Google has refused the grant for a day without a known reason.",
}
"""Why a grant ended, by code."""
CODES: Final[Mapping[str, Concern]] = {
    "upstream_error": Concern.PASSING,
    "rate_limited": Concern.RATE,
    "missing_scope": Concern.SCOPE,
    "not_granted": Concern.SCOPE,
    "metadata_scope": Concern.SCOPE,
    "reauth_required": Concern.GRANT,
    **dict.fromkeys(GRANT_ENDS, Concern.GRANT),
    **dict.fromkeys(MAILBOX_CODES, Concern.MAILBOX),
    "messages_refused": Concern.MAILBOX,
    **dict.fromkeys(DEPLOYMENT_CODES, Concern.DEPLOYMENT),
}
"""Every code that a person may read of a trouble, and its class."""
DESCRIPTIONS: Final[Mapping[str, str]] = {
    "upstream_error": "Gmail does not answer usefully: it is asked again by itself.",
    "rate_limited": "Google asked to slow down: it goes on by itself when the pause is over.",
    "missing_scope": "The end user did not grant the scope that this needs.",
    "not_granted": "The connection was made for sending only: no mail is read, which is all right.",
    "metadata_scope": "gmail.metadata beside a wider scope makes Gmail refuse whole messages.",
    "reauth_required": "The end user must connect again.",
    "messages_refused": "Gmail refuses most of the messages alike: they are asked for again.",
    **GRANT_ENDS,
    **REMEDIES,
}
"""What each code means, where the error itself is no longer at hand."""
UNNAMED: Final = "The last run failed: GET /operations says where."

_KINDS: Final[tuple[tuple[type[errors.PostroomError], Concern], ...]] = (
    (errors.TooManyConcurrentError, Concern.CONCURRENCY),
    (errors.RateLimitedError, Concern.RATE),
    (errors.MissingScopeError, Concern.SCOPE),
    (errors.ReauthRequiredError, Concern.GRANT),
    (errors.ConfigurationError, Concern.DEPLOYMENT),
    (errors.TransientError, Concern.PASSING),
)


def concern_of(error: errors.PostroomError) -> Concern:
    """Return whose trouble an error is: by its code, else by the nearest class."""
    coded = CODES.get(error.code, Concern.PASSING)
    if coded in {Concern.DEPLOYMENT, Concern.MAILBOX}:
        return coded
    return next((concern for kind, concern in _KINDS if isinstance(error, kind)), Concern.CALL)


def treatment_of(error: errors.PostroomError) -> Treatment:
    """Return what follows from an error."""
    return TREATMENTS[concern_of(error)]


def docs_of(code: str | None) -> str | None:
    """Return where the code is explained, below `/docs`; None for one that needs no words."""
    return f"operating#{code}" if code in CODES else None


def description_of(code: str) -> str:
    """Return what a stored code means; of one that is no trouble of Google's, where to look."""
    return DESCRIPTIONS.get(code, UNNAMED)


def error_object(code: str, description: str | None = None) -> dict[str, Any]:
    """Return the `error` of an event; `docs` only where there is an entry."""
    docs = docs_of(code)
    told = {"type": code, "description": description or description_of(code)}
    return {**told, "docs": docs} if docs else told


def code_of(error: errors.PostroomError) -> str:
    """Return the code that says most: why a grant ended, where Google said so."""
    return error.cause if isinstance(error, GrantEndedError) else error.code
