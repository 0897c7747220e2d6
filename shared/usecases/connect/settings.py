"""What the connect flow needs to know of the deployment."""

from dataclasses import dataclass

GOOGLE_ISSUER = "https://accounts.google.com"


@dataclass(frozen=True, slots=True)
class ConnectSettings:
    """Names and addresses; `public_url` has no trailing slash."""

    public_url: str
    product_name: str
    environment: str = "dev"
    issuer: str = GOOGLE_ISSUER
    oauth_client_id: str = ""
    testing: bool = False
    """Whether Google ends every grant after seven days: publishing status Testing."""

    def connect_link(self, token: str) -> str:
        """Return the link that opens the connect page for the holder of a session token."""
        return f"{self.public_url}/connect-ui/?session_token={token}"
