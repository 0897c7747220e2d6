"""`get-message`: one message as Gmail has it now."""

from typing import Any, Literal

from pydantic import Field

from shared.actions.registry import Action, ActionContext, ActionInput, GmailShaped
from shared.domain.scopes import METADATA, READONLY


class GetMessageInput(ActionInput):
    """Gmail's own names."""

    id: str = Field(pattern=r"^[0-9A-Za-z]{1,64}$", description="The message's id.")
    format: Literal["full", "metadata", "minimal", "raw"] = "full"
    metadataHeaders: list[str] = Field(  # noqa: N815  Gmail's spelling
        [], max_length=50, description="Headers to answer with format=metadata."
    )


class GmailMessage(GmailShaped):
    """users.messages: which fields come depends on `format`."""

    id: str
    threadId: str  # noqa: N815  Gmail's spelling
    labelIds: list[str] = Field(default_factory=list)  # noqa: N815
    snippet: str | None = None
    historyId: str | None = None  # noqa: N815
    internalDate: str | None = None  # noqa: N815
    sizeEstimate: int | None = None  # noqa: N815
    payload: dict[str, Any] | None = None
    raw: str | None = None


async def get_message(context: ActionContext, asked: GetMessageInput) -> GmailMessage:
    """Answer the message: 20 quota units. Raises GmailNotFoundError."""
    query: dict[str, str | list[str]] = {"format": asked.format}
    if asked.metadataHeaders:
        query["metadataHeaders"] = asked.metadataHeaders
    found = await context.gmail.call("GET", f"/messages/{asked.id}", query=query)
    return GmailMessage.model_validate(found)


ACTION = Action(
    name="get-message",
    summary="Read one message by its id.",
    input=GetMessageInput,
    output=GmailMessage,
    run=get_message,
    scopes=(READONLY, METADATA),
)
