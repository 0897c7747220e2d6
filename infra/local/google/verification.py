"""The link by which the owner of an address verifies it."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from infra.local.google.mail.account.addresses import VERIFY_PATH, accept_by_code
from infra.local.google.mail.store import MailStore


class Verification:
    """The page behind the link of a verification mail."""

    def __init__(self, store: MailStore) -> None:
        self._store = store

    def route(self) -> Route:
        """Return the route."""
        return Route(f"{VERIFY_PATH}{{code}}", self.confirm, methods=["GET"])

    async def confirm(self, request: Request) -> Response:
        """Verify the address the link was mailed to."""
        if accept_by_code(self._store, str(request.path_params["code"])):
            return PlainTextResponse("Confirmation success.\n")
        return PlainTextResponse("This confirmation link is not valid.\n", status_code=404)
