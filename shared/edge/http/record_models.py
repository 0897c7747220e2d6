"""What the records resource takes and answers (API 4)."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasChoices, BeforeValidator, ConfigDict, Field

from shared.actions.projections import projections
from shared.domain.record import EndReason, LastAction
from shared.domain.sync_event import MODEL, MODEL_NAMES
from shared.edge.http.routes import Answer, Strict

IDS = 100
PAGE = 10_000


def _model(name: str) -> str:
    if name in MODEL_NAMES:
        return MODEL
    if name not in projections():
        known = ", ".join((*MODEL_NAMES, *projections()))
        raise ValueError(f"the models here are {known}")
    return name


def _stored_model(name: str) -> str:
    if name not in MODEL_NAMES:
        raise ValueError(f"only {MODEL} is stored; what is projected from it has nothing to empty")
    return MODEL


def _variant(name: str) -> str:
    if name != "base":
        raise ValueError("the only variant here is base")
    return name


def _actions(joined: Any) -> Any:
    """Read `added,Updated` as a set; any case, comma-joined."""
    if not isinstance(joined, str):
        return joined
    return {name.strip().upper() for name in joined.split(",") if name.strip()}


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


Model = Annotated[str, AfterValidator(_model)]
StoredModel = Annotated[str, AfterValidator(_stored_model)]
Variant = Annotated[str, AfterValidator(_variant)]
Actions = Annotated[frozenset[LastAction], BeforeValidator(_actions)]


class RecordsQuery(Strict):
    """A page in commit order, or (with `order`) a screen, newest first."""

    model: Model = MODEL
    variant: Variant = "base"
    cursor: str | None = Field(None, max_length=200)
    limit: int = Field(100, ge=1, le=PAGE)
    filter: Actions | None = None
    modified_after: Annotated[datetime, AfterValidator(_aware)] | None = Field(
        None, validation_alias=AliasChoices("modified_after", "delta")
    )
    ids: list[Annotated[str, Field(max_length=64)]] | None = Field(None, max_length=IDS)
    order: Literal["date_desc"] | None = None
    label: str | None = Field(None, max_length=200)
    thread_id: str | None = Field(None, max_length=64)
    before: str | None = Field(None, max_length=200)

    @property
    def screen(self) -> bool:
        """Whether a screen is asked for, not the stream of changes."""
        return bool(self.order or self.label or self.thread_id or self.before)


class Participant(Answer):
    """One address of a message."""

    name: str
    email: str


class Attachment(Answer):
    """An attachment, addressed by message id and part id (FACTS 4.5)."""

    partId: str  # noqa: N815  Gmail's spelling
    filename: str
    mimeType: str  # noqa: N815
    size: int
    contentId: str | None = None  # noqa: N815
    inline: bool = False


class RecordMetadata(Answer):
    """How a record got here; store `cursor` to continue after it."""

    first_seen_at: datetime
    last_modified_at: datetime
    last_action: LastAction
    deleted_at: datetime | None
    pruned_at: datetime | None
    cursor: str


class EmailMessage(Answer):
    """A message; only ids, labels and metadata remain of one whose payload was emptied."""

    model_config = ConfigDict(frozen=True, extra="allow")

    id: str
    threadId: str  # noqa: N815
    historyId: str  # noqa: N815
    labelIds: list[str]  # noqa: N815
    isUnread: bool  # noqa: N815
    isDraft: bool  # noqa: N815
    isSent: bool  # noqa: N815
    origin: str
    reason: EndReason | None = Field(None, description="Of a tombstone: why the record ended.")
    date: datetime | None = None
    internalDate: str | None = None  # noqa: N815
    body_truncated: bool = False
    from_: Participant | None = Field(None, alias="from")
    to: list[Participant] = Field(default_factory=list)
    cc: list[Participant] = Field(default_factory=list)
    bcc: list[Participant] = Field(default_factory=list)
    replyTo: list[Participant] = Field(default_factory=list)  # noqa: N815
    subject: str | None = None
    snippet: str | None = None
    text: str | None = None
    html: str | None = None
    attachments: list[Attachment] = Field(default_factory=list)
    messageId: str | None = None  # noqa: N815
    inReplyTo: str | None = None  # noqa: N815
    references: list[str] = Field(default_factory=list)
    headers: dict[str, Any] = Field(default_factory=dict)
    sizeEstimate: int | None = None  # noqa: N815
    metadata: RecordMetadata = Field(alias="_nango_metadata")


class RecordsPage(Answer):
    """`next_cursor` null: nothing more now; keep the last record's own cursor.

    `next_before` is a screen's page token.
    """

    records: list[EmailMessage]
    next_cursor: str | None
    next_before: str | None = None


class PruneBody(Strict):
    """Empty the payloads up to a cursor."""

    model: StoredModel = MODEL
    variant: Variant = "base"
    until_cursor: str = Field(max_length=200)
    limit: int = Field(1000, ge=1, le=PAGE)


class Pruned(Answer):
    """How many payloads were emptied, and whether more remain."""

    count: int
    has_more: bool
