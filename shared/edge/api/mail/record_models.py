"""A message as GET /records answers it, described field by field (API 4.3)."""

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from shared.domain.sync.records.record import EndReason, LastAction
from shared.edge.web.routes import ResponseModel

TEXT = (
    "The whole message as plain text: every part that is written to be read, in order, footers and"
    " disclaimers in their place. Of parts that say the same twice the plain one is taken, its HTML"
    " where that is blank; HTML that stands alone is turned into text, its links as `words"
    " (address)`. Text that is neither plain nor HTML (enriched text, a calendar, a delivery"
    " report) is the body where there is no other, and else an attachment. What an attached message"
    " says is not part of it."
)
REPLY_TEXT = (
    "`text` without quoted history, signature, legal footer and list footer: what its sender wrote."
    " Answers between quoted lines stay, and a message of which nothing would be left (a forward"
    " without own words) is here whole. A record stored before there was this field has none until"
    " it is read again (`POST /sync/trigger` with `emptyCache`)."
)
HTML = (
    "The whole message as HTML, null where no part of it is HTML: of parts that say the same twice"
    " the HTML one, and plain parts that stand beside HTML escaped in their place. It is the"
    " sender's markup, as it came: show it only in a sandbox. Pictures it shows by `cid:` are the"
    " attachments that are `inline`."
)


class Participant(ResponseModel):
    """One address of a message."""

    name: str
    email: str


class Attachment(ResponseModel):
    """An attachment, addressed by message id and part id (FACTS 4.5)."""

    partId: str = Field(  # noqa: N815  Gmail's spelling
        description="Its address in the message; `root` where the message is this one file."
    )
    filename: str
    mimeType: str  # noqa: N815
    size: int
    contentId: str | None = None  # noqa: N815
    inline: bool = Field(default=False, description="Whether the HTML shows it, by its Content-ID.")
    parts: list["Attachment"] = Field(
        default_factory=list, description="Of an attached message: the files that it holds."
    )


class RecordMetadata(ResponseModel):
    """How a record got here; store `cursor` to continue after it."""

    first_seen_at: datetime
    last_modified_at: datetime
    last_action: LastAction
    deleted_at: datetime | None
    pruned_at: datetime | None
    cursor: str
    reason: EndReason | None = Field(
        None, description="Of a model of the deployment's own: why it ended, or was pruned."
    )


class EmailMessage(ResponseModel):
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
    reason: EndReason | None = Field(None, description="Why it ended, or was pruned.")
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
    text: str | None = Field(None, description=TEXT)
    replyText: str | None = Field(None, description=REPLY_TEXT)  # noqa: N815
    html: str | None = Field(None, description=HTML)
    attachments: list[Attachment] = Field(default_factory=list)
    messageId: str | None = None  # noqa: N815
    inReplyTo: str | None = None  # noqa: N815
    references: list[str] = Field(default_factory=list)
    headers: dict[str, Any] = Field(default_factory=dict)
    sizeEstimate: int | None = None  # noqa: N815
    cause: Literal["api"] | None = Field(
        None, description="`api`: made by a call of Postroom's, a send or a draft."
    )
    metadata: RecordMetadata = Field(alias="_nango_metadata")


class OwnRecord(ResponseModel):
    """A record of a model of the deployment's own: GET /scripts/config describes its fields."""

    model_config = ConfigDict(frozen=True, extra="allow")

    id: str
    metadata: RecordMetadata = Field(alias="_nango_metadata")
