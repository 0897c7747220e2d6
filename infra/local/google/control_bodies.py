"""The bodies of the control API's requests."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from infra.local.google.mail.store import AddressWords
from infra.local.google.wording import Words

Email = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[^@\s]+@[^@\s]+$")
]


class RequestModel(BaseModel):
    """A body that accepts only the fields it names."""

    model_config = ConfigDict(extra="forbid")


Model = TypeVar("Model", bound=RequestModel)


class NewMailbox(RequestModel):
    """POST /_control/mailboxes."""

    email: Email
    messages: int = Field(default=0, ge=0, le=1_000_000)
    span_days: float = Field(default=25, gt=0, le=36_500)


class Renamed(RequestModel):
    """POST /_control/mailboxes/{email}/rename."""

    to: Email


class SignIn(RequestModel):
    """POST /_control/tokens."""

    email: Email
    scopes: list[str] = ["https://mail.google.com/"]


class Consent(RequestModel):
    """POST /_control/consent."""

    email: Email
    decision: Literal["approve", "deny"]
    scopes: list[str] | None = None


class ScriptedFault(RequestModel):
    """POST /_control/faults."""

    fault: str
    method: str | None = None
    email: Email | None = None
    after: int = Field(default=0, ge=0)
    times: int | None = Field(default=None, ge=1)
    delay_ms: int | None = Field(default=None, ge=0)
    status: int | None = Field(default=None, ge=400, le=599)
    reason: str | None = None
    message: str | None = None
    details: list[dict[str, Any]] | None = None
    error: str | None = None
    error_subtype: str | None = None

    def words(self) -> Words:
        """Return what the fault is to say."""
        return Words(**{name: getattr(self, name) for name in Words.__slots__})


class Step(RequestModel):
    """POST /_control/clock."""

    advance_s: float = Field(ge=0, le=10 * 365 * 86_400)


class Limits(RequestModel):
    """POST /_control/quota."""

    units_per_minute: int | None = Field(default=None, ge=0)
    concurrent_requests: int | None = Field(default=None, ge=1)
    pushes_per_second: float | None = Field(default=None, ge=0)


class Reading(RequestModel):
    """POST /_control/reading."""

    address_words: AddressWords
