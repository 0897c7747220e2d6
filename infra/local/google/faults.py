"""Scripted misbehaviour: what the control API asks this Google to get wrong, and how often."""

from dataclasses import dataclass, field
from datetime import datetime

from infra.local.google.clock import Clock
from infra.local.google.wording import SILENT, Words, check_words

CALL_FAULTS = frozenset(
    {
        "latency",
        "status_403_rate",
        "status_429",
        "status_429_long",
        "status_500",
        "status_503",
        "too_many_concurrent",
        "mail_not_enabled",
        "domain_policy",
        "api_disabled",
        "precondition",
        "refuse",
        "drop_response",
        "drop_request",
    },
)
BODY_FAULTS = frozenset(
    {
        "body_empty",
        "body_not_json",
        "body_null",
        "body_list",
        "body_text",
        "body_object",
        "body_deep",
        "body_truncated",
        "body_fields_missing",
        "body_wrong_types",
    },
)
"""Answers of status 200 with a wrong body; the effect stands (`bodies.py`)."""
MAILBOX_FAULTS = frozenset(
    {
        "index_lag",
        "fresh_404",
        "history_backwards",
        "history_expired",
        "metadata_scope",
        "not_delegated",
        "page_without_history",
        "topic_forbidden",
        "watch_conflict",
    },
)
RENAMING_FAULTS = ("push_former_address", "push_googlemail")
"""Announce a mailbox under another of its addresses."""
PUSH_FAULTS = frozenset(
    {"push_drop", "push_double", "push_late", "push_reorder", *RENAMING_FAULTS},
)
TOKEN_FAULTS = frozenset(
    {
        "account_deleted",
        "client_deleted",
        "consent_without_refresh_token",
        "grant_revoked",
        "invalid_rapt",
        "policy_enforced",
        "token_5xx",
        "token_error",
        "token_unknown",
        "unauthorized_client",
    },
)
"""What only the token endpoint answers; each says in `oauth/token.py` what it refuses."""
NAMES = CALL_FAULTS | BODY_FAULTS | MAILBOX_FAULTS | PUSH_FAULTS | TOKEN_FAULTS

# Endpoints beside the Gmail methods that a fault may name as its method.
ENDPOINTS = ("token", "revoke", "userinfo", "certs", "push")


@dataclass(slots=True)
class Fault:
    """One scripted fault.

    It strikes calls of `method` for `email` (None: any), lets the first `after` of them
    pass, and strikes at most `times` (None: until deleted). `delay_ms` is the latency of
    `latency`, the lateness of `push_late`, the Retry-After of the 429s; `words` are what
    `refuse` and `token_error` say.
    """

    fault: str
    method: str | None = None
    email: str | None = None
    after: int = 0
    times: int | None = None
    delay_ms: int | None = None
    words: Words = SILENT
    posted_at: datetime = field(kw_only=True)

    def concerns(self, method: str, email: str | None) -> bool:
        """Whether a call belongs to this fault, whatever its counters say.

        A fault without a method means Gmail methods; the endpoints beside them must be named,
        but for the faults that can only happen there.
        """
        if self.email is not None and self.email != (email or "").lower():
            return False
        if self.method is None:
            return method not in ENDPOINTS or self.fault not in CALL_FAULTS | BODY_FAULTS
        return method == self.method or method.endswith("." + self.method)

    @property
    def armed(self) -> bool:
        """Whether the next concerned call would be struck."""
        return self.after == 0 and self.times != 0


class Faults:
    """The active faults, in the order they were posted."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._active: list[Fault] = []

    def add(
        self,
        fault: str,
        *,
        method: str | None = None,
        email: str | None = None,
        after: int = 0,
        times: int | None = None,
        delay_ms: int | None = None,
        words: Words = SILENT,
    ) -> Fault:
        """Script a fault. Raises ValueError for one that could never do anything."""
        if fault not in NAMES:
            msg = f"unknown fault {fault!r}; known: {', '.join(sorted(NAMES))}"
            raise ValueError(msg)
        if fault == "latency" and not delay_ms:
            msg = "latency needs delay_ms"
            raise ValueError(msg)
        check_words(fault, words)
        email = email.lower() if email else None
        posted_at = self._clock.now()
        scripted = Fault(fault, method, email, after, times, delay_ms, words, posted_at=posted_at)
        self._active.append(scripted)
        return scripted

    def take(self, fault: str, method: str, email: str | None) -> Fault | None:
        """Count this call against the named faults; return the one that strikes it."""
        struck = None
        for scripted in tuple(self._active):
            if scripted.fault != fault or not scripted.concerns(method, email):
                continue
            if scripted.after > 0:
                scripted.after -= 1
            elif struck is None:
                struck = scripted
                self._spend(scripted)
        return struck

    def peek(self, fault: str, method: str, email: str | None) -> Fault | None:
        """Return the fault that would strike such a call, without counting one."""
        for scripted in self._active:
            named = scripted.fault == fault and scripted.concerns(method, email)
            if named and scripted.armed:
                return scripted
        return None

    def all(self) -> list[Fault]:
        """Return the faults that can still strike."""
        return list(self._active)

    def clear(self) -> None:
        """Behave again."""
        self._active.clear()

    def _spend(self, scripted: Fault) -> None:
        if scripted.times is None:
            return
        scripted.times -= 1
        if scripted.times == 0:
            self._active.remove(scripted)
