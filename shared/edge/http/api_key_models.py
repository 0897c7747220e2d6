"""What the API-keys resource takes and answers (API 9)."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from shared.domain.api_key import ANYTHING, ApiKey
from shared.domain.ids import ConnectionId
from shared.domain.policy import UNRESTRICTED, Policy
from shared.edge.http.reading import CONNECTION_ID
from shared.edge.http.routes import Answer, Permission, Strict
from shared.usecases.api_keys import KeyRequest

MOST_CONNECTIONS = 1_000

Granted = Permission | Literal["*"]
Named = Annotated[str, Field(pattern=f"^{CONNECTION_ID.pattern}$")]


class NewKeyBody(Strict):
    """POST /api-keys. What is left out is the calling key's own; `null` means no limit."""

    name: str = Field(min_length=1, max_length=100)
    permissions: list[Granted] = Field(min_length=1, max_length=50)
    connections: list[Named] | None = Field(None, min_length=1, max_length=MOST_CONNECTIONS)
    expires_at: AwareDatetime | None = None
    policy: Policy = Field(default=UNRESTRICTED, description="What agents with the key may do.")
    requests_per_minute: int | None = Field(None, ge=1, le=1_000_000)

    def request(self) -> KeyRequest:
        """Answer what the use case takes."""
        chosen = self.connections
        return KeyRequest(
            name=self.name,
            permissions=frozenset(map(str, self.permissions)),
            connections=None if chosen is None else frozenset(map(ConnectionId, chosen)),
            expires_at=self.expires_at,
            policy=self.policy.model_dump(mode="json", exclude_unset=True),
            requests_per_minute=self.requests_per_minute,
            given=frozenset(self.model_fields_set),
        )

    @model_validator(mode="after")
    def _everything_alone(self) -> Self:
        if ANYTHING in self.permissions and len(self.permissions) > 1:
            raise ValueError("* stands alone: it is every permission")
        return self


class RotateBody(Strict):
    """How long the secret before works on; 0 ends it at once."""

    overlap_hours: int = Field(24, ge=0, le=720)


class KeyView(Answer):
    """A key, without its secret. `connections` null means every one."""

    id: str
    name: str
    permissions: list[str]
    connections: list[str] | None
    policy: dict[str, Any]
    requests_per_minute: int | None
    created_at: datetime
    expires_at: datetime | None
    rotated_at: datetime | None
    previous_until: datetime | None
    revoked_at: datetime | None
    parent: str | None = Field(description="The key that made it: revoked or over, so is this one.")


class IssuedKeyView(KeyView):
    """`key` is the whole key in clear: it is shown this once."""

    key: str


class KeysPage(Answer):
    """Keys, newest first; the root keys of the deployment's settings are not among them."""

    api_keys: list[KeyView]


def view_of(key: ApiKey) -> dict[str, Any]:
    """Answer what may be seen of a key."""
    return {
        "id": key.id,
        "name": key.name,
        "permissions": sorted(key.permissions),
        "connections": None if key.connections is None else sorted(key.connections),
        "policy": dict(key.policy),
        "requests_per_minute": key.requests_per_minute,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "rotated_at": key.rotated_at,
        "previous_until": key.previous_until,
        "revoked_at": key.revoked_at,
        "parent": key.parent,
    }
