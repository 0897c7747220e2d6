"""The token of the Authorization header."""

from starlette.requests import Request

from shared.errors import UnauthenticatedError


def bearer(request: Request) -> str:
    """Return it. Raises UnauthenticatedError where there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError(
            "Send the header Authorization: Bearer <key>.", code="missing_auth_header"
        )
    return token.strip()
