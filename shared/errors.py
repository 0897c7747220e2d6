"""Every error Postroom raises; the first level is the retry decision.

PostroomError
├── TransientError                   later may work
│   ├── RateLimitedError             retry_after, scope
│   │   └── TooManyConcurrentError   fewer requests at once, now
│   ├── GmailUnavailableError        5xx, or no answer: the effect is unknown
│   ├── GoogleOAuthUnavailableError  the token endpoint did not answer usefully
│   ├── StoreUnavailableError        the store did not answer; the write's effect is unknown
│   ├── QueueUnavailableError        the task was not accepted
│   ├── KeysUnavailableError         the key-encryption key could not be asked
│   ├── DeploymentError, MailboxClosedError, and what passes: `domain/google_trouble.py`
│   ├── RepeatNeededError            only the caller can bring the message again
│   └── ConflictError                a compare-and-set found another version: read again
│       └── AlreadyExistsError       a create found the document there
├── PermanentError                   later cannot
│   ├── InvalidRequestError          code, problems: the caller must change something
│   │   ├── InvalidRecipientError
│   │   └── TooLargeError
│   ├── UnauthenticatedError         no key, an unknown one, or a forged token
│   ├── ForbiddenError               the key may not do this
│   │   └── PolicyRefusedError       rule: the policy of the key forbids it
│   ├── NotFoundError                code says what is unknown
│   │   └── UnknownConnectionError, UnknownActionError, UnknownRecordError
│   ├── IdempotencyConflictError     the key was used with another body
│   ├── IdempotencyInProgressError   the key's first request is still running
│   ├── SendFailedError              a send ended and nothing was sent; code says why
│   ├── SendUnderWayError            it can no longer be cancelled
│   ├── ApprovalDecidedError, ApprovedCallFailedError    `domain/keys/approval.py`
│   ├── ReauthRequiredError          the end user must connect again
│   │   ├── GrantRevokedError        invalid_grant
│   │   └── SessionPolicyError, GrantEndedError    a policy; a cause: `domain/google_trouble.py`
│   ├── MissingScopeError            the grant lacks the scope this needs
│   │   └── NotGrantedError          mail of a connection that only sends
│   ├── GmailRefusedError            status, reason: Gmail said no and will say no again
│   │   └── GmailNotFoundError       Gmail's 404 on one thing
│   ├── ProjectionError, ActionCrashedError, ActionTimeoutError    own code: `domain/crash.py`
│   ├── ConnectRefusedError          a connect flow that must not go on
│   ├── CorruptStateError            a stored document that cannot be read
│   └── CorruptStoreError            the store's own file is damaged: restore it
├── FencedOutError                   our lease passed on: drop the work
├── HistoryExpiredError              never leaves the sync: becomes a recovery
└── ConfigurationError               at start-up: names every wrong setting

No message or attribute ever holds a token, an address list, a subject or a body; what only a caller
may read has an attribute that `answer_to` alone reads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

RateScope = Literal["user", "project", "sending", "concurrency", "daily"]


class PostroomError(Exception):
    """Everything Postroom raises on purpose."""

    code = "internal"


class TransientError(PostroomError):
    """The same call may work later."""

    code = "unavailable"


class RateLimitedError(TransientError):
    """Google asks us to slow down (FACTS 1.6); `retry_after` is None where it named no time."""

    code = "rate_limited"

    def __init__(
        self, message: str, *, retry_after: timedelta | None = None, scope: RateScope = "user"
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.scope: RateScope = scope


class TooManyConcurrentError(RateLimitedError):
    """Too many requests at once for this mailbox, other programs' included (FACTS 1.8)."""


class GmailUnavailableError(TransientError):
    """Gmail failed or did not answer: whether the effect happened is unknown."""

    code = "upstream_error"

    def __init__(self, message: str, *, status: int | None = None, sent: bool = True) -> None:
        """`sent` is False only where the request certainly never left this machine."""
        super().__init__(message)
        self.status = status
        self.sent = sent


class GoogleOAuthUnavailableError(TransientError):
    """The token endpoint failed in passing; the grant is untouched."""

    code = "upstream_error"


class StoreUnavailableError(TransientError):
    """The store did not answer; whether a write happened is unknown."""


class QueueUnavailableError(TransientError):
    """The queue did not accept the task."""


class KeysUnavailableError(TransientError):
    """The key-encryption key could not be asked just now; nothing was sealed or opened."""


class ConflictError(TransientError):
    """A compare-and-set found another version than the one read."""

    code = "conflict"


class AlreadyExistsError(ConflictError):
    """A create found the document there already."""


class RepeatNeededError(TransientError):
    """Nothing was sent, and only the caller has the message: the same request must come again."""

    code = "repeat_needed"


class PermanentError(PostroomError):
    """The same call will fail again; `code` is the class's unless one is given."""

    code = "invalid_request"

    def __init__(self, message: str = "", *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code or self.code


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a request; `path` leads to the field."""

    code: str
    message: str
    path: tuple[str | int, ...] = ()


class InvalidRequestError(PermanentError):
    """The caller must change the request; `code` is the API's (API 1.3)."""

    code = "invalid_body"

    def __init__(
        self, message: str, *, code: str | None = None, problems: Sequence[Problem] = ()
    ) -> None:
        super().__init__(message, code=code)
        self.problems = tuple(problems)


class InvalidRecipientError(InvalidRequestError):
    """A recipient that no mail can be sent to.

    `addresses` are for the answer to the caller alone: no message, problem or log holds them.
    """

    code = "invalid_recipient"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        problems: Sequence[Problem] = (),
        addresses: Sequence[str] = (),
    ) -> None:
        super().__init__(message, code=code, problems=problems)
        self.addresses = tuple(addresses)


class TooLargeError(InvalidRequestError):
    """More bytes than the platform or Gmail accepts."""

    code = "too_large"


class UnauthenticatedError(PermanentError):
    """No credentials, unknown ones, or a token that does not verify."""

    code = "invalid_secret_key"


class ForbiddenError(PermanentError):
    """The caller is known and may not do this."""

    code = "forbidden"


class PolicyRefusedError(ForbiddenError):
    """The policy of the caller's key forbids it; `rule` is the part of the policy that does."""

    code = "policy_refused"

    def __init__(self, message: str, *, rule: str) -> None:
        super().__init__(message)
        self.rule = rule


class NotFoundError(PermanentError):
    """What the request names does not exist, or is not the caller's."""

    code = "not_found"


class UnknownConnectionError(NotFoundError):
    """No such connection for this caller."""

    code = "unknown_connection"


class UnknownActionError(NotFoundError):
    """No action of that name is registered."""

    code = "unknown_action"


class UnknownRecordError(NotFoundError):
    """No such record on this connection."""

    code = "unknown_record"


class IdempotencyConflictError(PermanentError):
    """The idempotency key was used before with another body."""

    code = "idempotency_conflict"


class IdempotencyInProgressError(PermanentError):
    """The first request with this idempotency key has not finished."""

    code = "idempotency_in_progress"


class SendFailedError(PermanentError):
    """A send that ended without anything sent; `code` says why, the key stays with it."""

    def __init__(
        self, message: str, *, code: str, upstream: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.upstream = dict(upstream or {})


class SendUnderWayError(PermanentError):
    """A send that can no longer be cancelled."""

    code = "send_under_way"


class ReauthRequiredError(PermanentError):
    """Nothing works on this connection until the end user connects again."""

    code = "reauth_required"


class GrantRevokedError(ReauthRequiredError):
    """Google answered invalid_grant: revoked, expired or unused too long (FACTS 6.6)."""


class SessionPolicyError(ReauthRequiredError):
    """Google answered invalid_rapt: a Workspace policy wants a new sign-in (FACTS 6.7)."""


class MissingScopeError(PermanentError):
    """The end user did not grant the scope this needs."""

    code = "missing_scope"

    def __init__(self, message: str, *, scope: str) -> None:
        super().__init__(message)
        self.scope = scope


class NotGrantedError(MissingScopeError):
    """The connection was made for sending only, which is all right: there is no mail of it here."""

    code = "not_granted"

    def __init__(self) -> None:
        super().__init__(
            "This connection may send but not read, so none of its mail is here.",
            scope="gmail.readonly",
        )


class GmailRefusedError(PermanentError):
    """Gmail refused for good; `body` is its error object, trimmed; `about`: google.refusals."""

    code = "upstream_error"

    def __init__(
        self, message: str, *, status: int, reason: str = "", body: str = "", about: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.body = body
        self.about = about


class GmailNotFoundError(GmailRefusedError):
    """Gmail's 404: deleted, never there, or not indexed yet (FACTS 3.6)."""

    def __init__(self, message: str = "Gmail does not know this id.") -> None:
        super().__init__(message, status=404, reason="notFound", about="not_found")


class ConnectRefusedError(PermanentError):
    """A connect flow that must stop; `code` selects the page that explains it."""


class CorruptStateError(PermanentError):
    """A stored document does not read; only its own connection stops."""

    code = "internal"

    def __init__(self, document: str) -> None:
        super().__init__(f"The stored document {document} cannot be read.")
        self.document = document


class CorruptStoreError(PermanentError):
    """The store's own file is damaged: asking again brings nothing, an operator has to restore."""

    code = "store_corrupt"


class FencedOutError(PostroomError):
    """The lease passed to another worker: whatever this one still holds is void."""


class HistoryExpiredError(PostroomError):
    """Gmail no longer has the history since the checkpoint (FACTS 3.2)."""


class ConfigurationError(PostroomError):
    """Settings that cannot work; the message names every one of them."""
