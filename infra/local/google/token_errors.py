"""Refusals of the token endpoint."""


class TokenError(Exception):
    """A refusal of the token endpoint, as `{"error", "error_description", ...}` (FACTS 6.7)."""

    def __init__(self, error: str, description: str, status: int = 400, subtype: str = "") -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}
        if subtype:
            self.body["error_subtype"] = subtype


def client_deleted() -> TokenError:
    """Return what every request of a deleted OAuth client meets."""
    return TokenError("deleted_client", "The OAuth client was deleted.", 401)
