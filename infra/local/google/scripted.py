"""Carrying out the scripted faults that strike one call, before and after its effect."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from infra.local.google.clock import Clock
from infra.local.google.connection import ConnectionDroppedError
from infra.local.google.faults import Fault, Faults
from infra.local.google.gmail.credentials import api_disabled
from infra.local.google.gmail.errors import GmailError

LONG = timedelta(hours=2)  # a daily limit's 429 lasts hours (FACTS 1.6)
CONCURRENT = "Too many concurrent requests for user"
RATE_EXCEEDED = "User-rate limit exceeded."


class RefusalError(GmailError):
    """A refusal that carries HTTP headers."""

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        domain: str = "global",
        inner: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(status, reason, message, domain=domain, inner=inner)
        self.headers = headers or {}


def over_quota(until: datetime) -> RefusalError:
    """Return the 403 for spent units: reason rateLimitExceeded though per user (FACTS 1.7).

    It names a time in words, in a header it does not (recorded).
    """
    return _rate_refusal(403, until)


def too_many_concurrent() -> RefusalError:
    """Return the 429 for a mailbox with too many requests in flight (FACTS 1.7)."""
    return RefusalError(429, "rateLimitExceeded", CONCURRENT)


async def strike_before(faults: Faults, clock: Clock, method: str, email: str | None) -> None:
    """Delay, refuse or lose a call before it has any effect.

    Raises GmailError or ConnectionDroppedError. Latency is real time: it is the one thing
    here that a client has to feel.
    """
    slow = faults.take("latency", method, email)
    if slow is not None and slow.delay_ms:
        await asyncio.sleep(slow.delay_ms / 1000)
    for name, refuse in _REFUSALS.items():
        struck = faults.take(name, method, email)
        if struck is not None:
            raise refuse(struck, clock)
    if faults.take("drop_request", method, email):
        raise ConnectionDroppedError


def strike_after(faults: Faults, method: str, email: str | None) -> None:
    """Lose the answer of a call whose effect stands. Raises ConnectionDroppedError."""
    if faults.take("drop_response", method, email):
        raise ConnectionDroppedError


def _user_rate(_fault: Fault, _clock: Clock) -> RefusalError:
    message = "User Rate Limit Exceeded"
    return RefusalError(403, "userRateLimitExceeded", message, domain="usageLimits")


def _too_many(fault: Fault, clock: Clock) -> RefusalError:
    """Tell the time in the text, and in a header only if the script gives one (FACTS 1.9)."""
    delay = timedelta(milliseconds=fault.delay_ms or 5_000)
    headers = {"Retry-After": str(round(delay.total_seconds()))} if fault.delay_ms else None
    return _retry_after(delay, clock, "", headers)


def _too_many_for_long(fault: Fault, clock: Clock) -> RefusalError:
    delay = timedelta(milliseconds=fault.delay_ms) if fault.delay_ms else LONG
    headers = {"Retry-After": str(round(delay.total_seconds()))}
    return _retry_after(delay, clock, " (Mail sending)", headers)


def _retry_after(
    delay: timedelta, clock: Clock, what: str, headers: dict[str, str] | None
) -> RefusalError:
    return _rate_refusal(429, clock.now() + delay, what, headers)


def _rate_refusal(
    status: int, until: datetime, what: str = "", headers: dict[str, str] | None = None
) -> RefusalError:
    moment = until.strftime("%Y-%m-%dT%H:%M:%S.") + f"{until.microsecond // 1000:03d}Z"
    message = f"{RATE_EXCEEDED}  Retry after {moment}{what}"
    return RefusalError(
        status,
        "rateLimitExceeded",
        message,
        domain="usageLimits",
        inner=RATE_EXCEEDED,
        headers=headers,
    )


def _concurrent(_fault: Fault, _clock: Clock) -> RefusalError:
    return too_many_concurrent()


def _internal(_fault: Fault, _clock: Clock) -> RefusalError:
    return RefusalError(500, "backendError", "Backend Error")


def _unavailable(_fault: Fault, _clock: Clock) -> RefusalError:
    return RefusalError(503, "backendError", "The service is currently unavailable.")


def _no_mail(_fault: Fault, _clock: Clock) -> RefusalError:
    return RefusalError(400, "failedPrecondition", "Mail service not enabled")


def _no_apps(_fault: Fault, _clock: Clock) -> RefusalError:
    message = "The domain administrators have disabled Gmail apps."
    return RefusalError(403, "domainPolicy", message)


def _precondition(_fault: Fault, _clock: Clock) -> RefusalError:
    return RefusalError(400, "failedPrecondition", "Precondition check failed.")


_REFUSALS: Mapping[str, Callable[[Fault, Clock], GmailError]] = {
    "mail_not_enabled": _no_mail,
    "domain_policy": _no_apps,
    "api_disabled": lambda _fault, _clock: api_disabled(),
    "precondition": _precondition,
    "refuse": lambda fault, _clock: fault.words.refusal(),
    "too_many_concurrent": _concurrent,
    "status_403_rate": _user_rate,
    "status_429": _too_many,
    "status_429_long": _too_many_for_long,
    "status_500": _internal,
    "status_503": _unavailable,
}
