"""What the approvals resource takes and answers (API 8)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field

from shared.domain.approval import MAX_REASON, Approval, ApprovalState
from shared.edge.http.routes import Answer, Strict
from shared.errors import InvalidRequestError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class ApprovalsQuery(Strict):
    """Filters; every one given must hold."""

    state: ApprovalState | None = None
    cursor: str | None = Field(
        None, pattern=r"^[0-9]{1,18}\.apr_[0-9a-f]{32}$", description="`next_cursor` of a page."
    )
    limit: int = Field(50, ge=1, le=200)


class RejectBody(Strict):
    """Why, in words that the agent is told."""

    reason: str | None = Field(None, max_length=MAX_REASON)


class ApprovalView(Answer):
    """A call that waits for a person, or did; `finished_at` null while approved is running."""

    id: str
    connection_id: str
    key: str = Field(description="The API key that asked.")
    action: str
    effect: str = Field(description="draft, send, change, delete or untold.")
    state: ApprovalState
    created_at: datetime
    waits_until: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    finished_at: datetime | None
    succeeded: bool | None
    error: str | None


class PreviewedFile(Answer):
    """A file that would go along; `size` in bytes where it is known."""

    filename: str
    mime_type: str
    size: int | None


class Preview(Answer):
    """All that readers of the message will get; `text` and what its HTML says may differ."""

    to: list[str]
    cc: list[str]
    bcc: list[str]
    subject: str
    text: str | None
    html_as_text: str | None
    truncated: bool
    attachments: list[PreviewedFile]
    reply_to: list[str] = Field(default_factory=list)
    answers_message_id: str | None = None
    forwards_message_id: str | None = None
    send_at: str | None = None


class ApprovalDetail(ApprovalView):
    """One of them, opened; content is null once its connection is gone."""

    preview: Preview | None = Field(description="Of a call that writes a message.")
    arguments: Any = Field(None, description="Of any other call.")
    output: Any = Field(None, description="What the call answered, or its error.")


class ApprovalsPage(Answer):
    """Newest first, without their content."""

    approvals: list[ApprovalView]
    next_cursor: str | None


def view_of(approval: Approval) -> dict[str, Any]:
    """Answer what may be seen of an approval without opening it."""
    names = ("id", "connection_id", "key", "action", "state", "created_at", "waits_until")
    decided = ("decided_by", "decided_at", "reason", "finished_at", "succeeded", "error")
    shown = {name: getattr(approval, name) for name in (*names, *decided)}
    return {**shown, "effect": approval.does}


def cursor_of(approval: Approval) -> str:
    """Answer the place of an approval in the listing."""
    return f"{(approval.created_at - EPOCH) // MICROSECOND}.{approval.id}"


def place_of(cursor: str) -> tuple[datetime, str]:
    """Answer the time and id a cursor names. Raises InvalidRequestError."""
    moment, _, id = cursor.partition(".")
    try:
        return EPOCH + int(moment) * MICROSECOND, id
    except OverflowError:
        raise InvalidRequestError(
            "This cursor is not one of GET /approvals.", code="invalid_query_params"
        ) from None
