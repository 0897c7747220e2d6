"""How a consent can end; each ending is a page."""

from dataclasses import dataclass, field

from shared.domain.ids import ConnectionId


@dataclass(frozen=True, slots=True)
class Connected:
    """The mailbox is connected and its sync is on the way."""

    connection_id: ConnectionId
    email: str
    reconnected: bool


@dataclass(frozen=True, slots=True)
class ConfirmNeeded:
    """Nothing is bound yet: the end user must say that this address is meant.

    `token` and `cookie` finish the flow, once, in this browser (cookie named by `flow`).
    """

    token: str
    flow: str
    cookie: str
    google_email: str
    known_email: str | None
    known_name: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was bound; `code` selects the page.

    `retry_ticket` begins consent again where that can help. `scopes` are those not granted;
    `expected` and `given` are the addresses of a wrong account.
    """

    code: str
    retry_ticket: str | None = None
    scopes: tuple[str, ...] = ()
    expected: str | None = None
    given: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a consent cannot be bound, before anybody was told."""

    code: str
    scopes: tuple[str, ...] = field(default=())
    expected: str | None = None
    given: str | None = None


ConsentOutcome = Connected | ConfirmNeeded | Refused
