"""Errors as Gmail words them (FACTS 14.1, 14.2, 14.5).

The status table of the Gmail API: each constructor names its HTTP status, reason, status text.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

BAD_REQUEST: Final = "type.googleapis.com/google.rpc.BadRequest"
PLACE: Final = re.compile(r" at '([^']+)'")
STATUS_TEXT: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
}
STATUS_TEXT_BY_REASON: Final = {
    "alreadyExists": "ALREADY_EXISTS",
    "failedPrecondition": "FAILED_PRECONDITION",
}
"""Where the reason says more than the status."""


class GmailError(Exception):
    """A refusal: HTTP `status`, `reason`, `message` and the canonical `status_text`.

    `inner` is the message of the one entry in `errors` where it is another one, `where` what that
    entry says of the place, `details` the newer form of the same (FACTS 18.9).
    """

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        status_text: str | None = None,
        domain: str = "global",
        *,
        inner: str = "",
        where: Mapping[str, str] = MappingProxyType({}),
        details: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(message)
        self.inner = inner or message
        self.where = where
        self.details = details
        self.status = status
        self.reason = reason
        self.message = message
        known = STATUS_TEXT_BY_REASON.get(reason) or STATUS_TEXT.get(status, "UNKNOWN")
        self.status_text = status_text or known
        self.domain = domain

    def body(self, *, newer: bool = False) -> dict[str, Any]:
        """Return the JSON body of FACTS 14.5; the newer format has no `errors`."""
        domain = {"domain": self.domain} if self.domain else {}
        entry = {"message": self.inner, **domain, "reason": self.reason}
        error: dict[str, Any] = {
            "code": self.status,
            "message": self.message,
            "errors": [{**entry, **self.where}],
            "status": self.status_text,
        }
        if newer:
            del error["errors"]
        if self.details:
            error["details"] = list(self.details)
        return {"error": error}


def invalid(message: str) -> GmailError:
    """Return a 400 about an argument Gmail understood and refuses."""
    return GmailError(400, "invalidArgument", message)


def unreadable(message: str) -> GmailError:
    """Return a 400 about a value that does not parse as its type (FACTS 14.2).

    It comes from in front of Gmail: its entry names no domain, and details name the field.
    """
    place = PLACE.search(message)
    violation = {**({"field": place[1]} if place else {}), "description": message}
    details = [{"@type": BAD_REQUEST, "fieldViolations": [violation]}]
    return GmailError(400, "invalid", message, domain="", details=details)


def precondition(message: str) -> GmailError:
    """Return a 400 about the state the mailbox is in."""
    return GmailError(400, "failedPrecondition", message)


def not_found(message: str = "Requested entity was not found.") -> GmailError:
    """Return the one 404 Gmail knows (FACTS 14.1)."""
    return GmailError(404, "notFound", message)


def already_there(message: str = "Requested entity already exists") -> GmailError:
    """Return the 409 about an address that was added before."""
    return GmailError(409, "alreadyExists", message)


def forbidden(message: str) -> GmailError:
    """Return a 403 that no waiting will cure."""
    return GmailError(403, "forbidden", message)
