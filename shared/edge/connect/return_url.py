"""Back to the product: where a consent ends that was begun with a `return_url`."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.responses import RedirectResponse

from shared.edge.connect.page import security_headers
from shared.edge.web.call import Call
from shared.edge.web.deployment import Deployment
from shared.errors import InvalidRequestError, Problem
from shared.usecases.connect.consent.outcomes import Connected, Refused

SEE_OTHER = 303
ADDRESS = re.compile(r"(https?://[A-Za-z0-9.:\[\]-]+)([/?][!\"$-\[\]-~]*)?")
"""Printable ASCII without backslash and fragment; the origin is spelled out, without a user."""
OWN = frozenset({"connection_id", "status", "error"})
"""What is told there; the address's own parameters of these names give way."""


def check_return_url(call: Call, url: str | None) -> None:
    """Raise InvalidRequestError for an address outside the product's origins."""
    if url is not None and not _is_allowed(call, url):
        text = "return_url must be a page of one of POSTROOM_PRODUCT_ORIGINS."
        raise InvalidRequestError(text, problems=[Problem("foreign_origin", text, ("return_url",))])


def back_to_product(call: Call, outcome: Connected | Refused) -> RedirectResponse | None:
    """Return the way back; None where none was asked for or its origin is allowed no more."""
    url = outcome.return_url
    if url is None or not _is_allowed(call, url):
        return None
    if isinstance(outcome, Connected):
        told = {"status": "connected", "connection_id": outcome.connection_id}
    else:
        told = {"status": "failed", "error": outcome.code}
    parts = urlsplit(url)
    kept = [one for one in parse_qsl(parts.query, keep_blank_values=True) if one[0] not in OWN]
    address = urlunsplit(parts._replace(query=urlencode([*kept, *told.items()])))
    return RedirectResponse(address, SEE_OTHER, security_headers())


def _is_allowed(call: Call, url: str) -> bool:
    """Whether it is a page of an allow-listed origin, as browsers and we read it alike."""
    found = ADDRESS.fullmatch(url)
    allowed = {one.lower() for one in call.use(Deployment).product_origins}
    return found is not None and found[1].lower() in allowed
