"""Carrying out the scripted faults that strike one call, before and after its effect."""

import asyncio
from datetime import timedelta

from infra.local.google.clock import Clock
from infra.local.google.connection import ConnectionDroppedError
from infra.local.google.faults import Fault, Faults
from infra.local.google.gmail.errors import GmailError

LONG = timedelta(hours=2)  # a daily limit's 429 lasts hours (FACTS 1.6)
CONCURRENT = "Too many concurrent requests for user"


class RefusalError(GmailError):
    """A refusal that carries HTTP headers."""

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        domain: str = "global",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(status, reason, message, domain=domain)
        self.headers = headers or {}


def over_quota(service: str = "gmail.googleapis.com") -> RefusalError:
    """Return the 403 for spent units: reason rateLimitExceeded though per user (FACTS 1.7)."""
    message = (
        "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' "
        f"of service '{service}' for consumer 'project_number:123456789012'."
    )
    return RefusalError(403, "rateLimitExceeded", message, domain="usageLimits")


def too_many_concurrent() -> RefusalError:
    """Return the 429 for a mailbox with too many requests in flight (FACTS 1.7)."""
    return RefusalError(429, "rateLimitExceeded", CONCURRENT)


async def strike_before(faults: Faults, clock: Clock, method: str, email: str | None) -> None:
    """Delay, refuse or lose a call before it has any effect.

    Raises RefusalError or ConnectionDroppedError. Latency is real time: it is the one thing
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
    moment = (clock.now() + delay).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    message = f"User-rate limit exceeded.  Retry after {moment}{what}"
    return RefusalError(429, "rateLimitExceeded", message, domain="usageLimits", headers=headers)


def _concurrent(_fault: Fault, _clock: Clock) -> RefusalError:
    return too_many_concurrent()


def _internal(_fault: Fault, _clock: Clock) -> RefusalError:
    return RefusalError(500, "backendError", "Backend Error")


def _unavailable(_fault: Fault, _clock: Clock) -> RefusalError:
    return RefusalError(503, "backendError", "The service is currently unavailable.")


_REFUSALS = {
    "too_many_concurrent": _concurrent,
    "status_403_rate": _user_rate,
    "status_429": _too_many,
    "status_429_long": _too_many_for_long,
    "status_500": _internal,
    "status_503": _unavailable,
}
