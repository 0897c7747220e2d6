"""Access and ID tokens of this process, from the surroundings: service account or gcloud.

google-auth knows where to look and keeps a token until shortly before it expires; it blocks, so
it works in a thread.
"""

import asyncio
from typing import Any

import google.auth
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.auth.transport.requests import Request
from google.oauth2.id_token import fetch_id_token

from shared.errors import ConfigurationError, GoogleOAuthUnavailableError

SCOPE = "https://www.googleapis.com/auth/cloud-platform"


class ApplicationTokens:
    """A callable answering this process's own access token."""

    def __init__(self) -> None:
        self._credentials: Any = None
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self) -> str:
        """Return a valid token.

        Raises ConfigurationError where there are no credentials, GoogleOAuthUnavailableError
        where no token could be had just now.
        """
        credentials = self._credentials
        if credentials is None or not credentials.valid:
            async with self._one_at_a_time:
                credentials = await asyncio.to_thread(self._fresh)
        return str(credentials.token)

    def _fresh(self) -> Any:
        try:
            if self._credentials is None:
                self._credentials, _ = google.auth.default(scopes=[SCOPE])
            if not self._credentials.valid:
                self._credentials.refresh(Request())
        except DefaultCredentialsError as error:
            raise ConfigurationError(
                "No Google Cloud credentials were found: run as a service account, "
                "or `gcloud auth application-default login`."
            ) from error
        except (GoogleAuthError, ValueError, KeyError, TypeError) as error:
            raise GoogleOAuthUnavailableError(
                "Google issued no access token for this process."
            ) from error
        return self._credentials


def id_token(audience: str) -> str:
    """Return a fresh token for `audience`; blocks.

    Raises ConfigurationError where this process has no identity, GoogleOAuthUnavailableError
    where no token could be had just now.
    """
    try:
        return str(fetch_id_token(Request(), audience))  # type: ignore[no-untyped-call]
    except DefaultCredentialsError as error:
        raise ConfigurationError("This process has no Google identity of its own.") from error
    except (GoogleAuthError, ValueError, KeyError, TypeError) as error:
        raise GoogleOAuthUnavailableError("Google issued no ID token.") from error
