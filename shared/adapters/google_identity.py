"""Google ID tokens of this process, to show to others who trust Google (FACTS 16.7)."""

from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.auth.transport.requests import Request
from google.oauth2.id_token import fetch_id_token

from shared.errors import ConfigurationError, GoogleOAuthUnavailableError


def id_token(audience: str) -> str:
    """Answer a fresh token for `audience`; blocks.

    Raises ConfigurationError where this process has no identity, GoogleOAuthUnavailableError
    where no token could be had just now.
    """
    try:
        return str(fetch_id_token(Request(), audience))  # type: ignore[no-untyped-call]
    except DefaultCredentialsError as error:
        raise ConfigurationError("This process has no Google identity of its own.") from error
    except (GoogleAuthError, ValueError, KeyError, TypeError) as error:
        raise GoogleOAuthUnavailableError("Google issued no ID token.") from error
