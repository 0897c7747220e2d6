"""What Postroom answers, as values a product works with (API 2 to 6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

EmailMessage = Mapping[str, Any]
"""A record as API 4 shows it; a deleted or emptied one has ids and labels only."""


@dataclass(frozen=True, slots=True)
class ConnectSession:
    """The right to connect one mailbox for one end user, for 30 minutes."""

    token: str
    """For the connect page in an iframe; give it to nobody but that page."""
    connect_link: str
    """The same page as a plain link."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One authorised mailbox of one end user."""

    id: str
    email: str
    status: str
    """`active`, `reauth_required`, `paused` or `disconnecting`."""
    tags: Mapping[str, str]

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """Read an entry of GET /connections."""
        return cls(body["connection_id"], body["email"], body["status"], body["tags"])

    @property
    def needs_consent(self) -> bool:
        """Whether nothing works until the end user connects again."""
        return self.status == "reauth_required"


@dataclass(frozen=True, slots=True)
class RecordsPage:
    """Records in commit order. Store `cursor` to continue after them, `more` or not."""

    records: Sequence[EmailMessage]
    cursor: str | None
    more: bool

    @classmethod
    def read(cls, body: Mapping[str, Any], asked: str | None) -> Self:
        """Read a page of GET /records; a page without records stays where `asked` was."""
        records = body["records"]
        last = records[-1]["_nango_metadata"]["cursor"] if records else asked
        return cls(records, body["next_cursor"] or last, body["next_cursor"] is not None)


@dataclass(frozen=True, slots=True)
class Screen:
    """Records newest first; `before` asks for the next screen, None at the end."""

    records: Sequence[EmailMessage]
    before: str | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the first reading of the mailbox is."""

    listed: int
    stored: int
    estimated_total: int | None
    eta_s: int | None


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """One sync of one connection."""

    status: str
    """`RUNNING`, `PAUSED`, `STOPPED`, `SUCCESS` or `ERROR`."""
    backfilling: bool
    record_count: int
    progress: Progress | None

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> Self:
        """Read an entry of GET /sync/status."""
        numbers = body["progress"]
        names = ("listed", "stored", "estimated_total", "eta_s")
        return cls(
            status=body["status"],
            backfilling=body["type"] == "INITIAL",
            record_count=body["recordCount"]["EmailMessage"],
            progress=Progress(*(numbers[name] for name in names)) if numbers else None,
        )


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a send; `submitted` means Gmail took it, not that it was delivered."""

    status: str
    message_id: str | None
    thread_id: str | None
    error: str | None
    replayed: bool
    """Whether an earlier request with the same key had done the work."""
