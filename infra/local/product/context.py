"""What a request works with: who is signed in, their follower, and Postroom."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from infra.local.product.language import ENGLISH, language_of, phrase
from infra.local.product.live import Follower
from infra.local.product.settings import Person, ProductSettings
from infra.local.product.state import ProductState
from shared.client import Postroom, PostroomApiError

COOKIE = "harbor_person"


class PageError(Exception):
    """Something the page should tell its reader; `code` is for the page's own decisions."""

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class ProductContext:
    """The product's parts, kept in `app.state.product`."""

    settings: ProductSettings
    postroom: Postroom
    state: ProductState
    followers: dict[str, Follower]

    def person(self, request: Request) -> Person:
        """Return who is signed in: the first person until another was chosen."""
        chosen = request.cookies.get(COOKIE)
        people = {one.email: one for one in self.settings.people}
        return people.get(chosen or "", self.settings.people[0])

    def tags(self, request: Request) -> dict[str, str]:
        """Say to Postroom who connects; an address that was made up is told to no real Google."""
        tags = self.person(request).tags
        return tags if self.settings.google_control else {"end_user_id": tags["end_user_id"]}

    def follower(self, request: Request) -> Follower:
        """Return the signed-in person's follower."""
        return self.followers[self.person(request).email]

    async def connection_id(self, request: Request) -> str:
        """Return the signed-in person's connection. Raises PageError if there is none."""
        known = self.state.connection_of(self.person(request).email)
        if known is None:
            found = await self.follower(request).connection()
            known = found.id if found else None
        if known is None:
            raise PageError(HTTPStatus.CONFLICT, "not_connected", "Connect Gmail first.")
        return known


def product_of(request: Request) -> ProductContext:
    """Return the product behind a request."""
    product: ProductContext = request.app.state.product
    return product


async def body_of(request: Request) -> dict[str, Any]:
    """Return the request's JSON object. Raises HTTPException 400."""
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise HTTPException(HTTPStatus.BAD_REQUEST, "Send a JSON object.")
    return body


def in_words(request: Request, error: PostroomApiError) -> str:
    """Say to the reader, in their language, what Postroom's answer means for them."""
    match error.code:
        case "reauth_required" | "invalid_credentials":
            text = "Gmail asks you to connect again before anything else can happen."
        case "rate_limited":
            text = "Gmail asks us to slow down for a moment. Please try again shortly."
        case "invalid_recipient" | "invalid_body" | "too_large" | "missing_scope":
            if language_of(request) == ENGLISH:
                return " ".join(one.message for one in error.problems) or str(error)
            text = "Gmail does not take this message as it is: check the addresses and the files."
        case "unknown_connection":
            text = "This mailbox is no longer connected."
        case "invalid_secret_key" | "missing_auth_header":
            text = "Harbor's key for Postroom is wrong; the operator of Harbor must set it."
        case _:
            return phrase(request, "Postroom could not do that ({code}).", code=error.code)
    return phrase(request, text)
