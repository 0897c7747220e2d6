"""Which web pages may call: browsers name the page's origin, other programs name none."""

from urllib.parse import urlsplit

from shared.edge.web.call import Call
from shared.edge.web.deployment import Deployment
from shared.errors import ForbiddenError


def require_known_origin(call: Call) -> None:
    """Raise ForbiddenError for a page that is neither ours nor the product's (FACTS 11.2)."""
    given = call.request.headers.getlist("origin")
    settings = call.use(Deployment)
    known = {_origin(settings.public_url), *map(_origin, settings.product_origins)}
    if any(_origin(one) not in known for one in given):
        raise ForbiddenError("Pages of this origin may not call here.")


def _origin(address: str) -> str:
    """Return scheme, host and port of an address, in lower case."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()
