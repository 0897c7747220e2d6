"""A connection's own webhook address, judged where it is given, not only where it is used."""

from shared.domain.addresses import checked_url
from shared.edge.http.call import Call


def check_webhook_address(call: Call, url: str | None) -> None:
    """Raise InvalidRequestError where no webhook may go there."""
    if url is not None:
        checked_url(url, call.wiring.settings.events.allowed)
