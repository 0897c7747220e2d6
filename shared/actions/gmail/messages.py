"""Messages: read, list, label, trash. Gmail's own names throughout.

Ids that Gmail does not know end in `upstream_error` with its 404; an id it cannot read with its
400 (FACTS 14.1).
"""

# ruff: noqa: N815  Gmail's spelling

from typing import Any, Literal

from pydantic import Field

from shared.actions.gmail.gmail_fields import (
    FORMAT,
    Deleted,
    Done,
    Formatted,
    GmailMessage,
    GmailRef,
    Id,
    LabelChange,
    MessageById,
    Search,
    Untrashed,
)
from shared.actions.registry import Action, ActionContext, ActionInput, Effect, GmailShaped
from shared.domain.connect.scopes import MAIL, METADATA, MODIFY, READONLY, implied_scopes
from shared.domain.keys.policy import Does
from shared.errors import MissingScopeError


class GetMessageInput(MessageById, Formatted):
    """`raw` answers the whole message, base64url; body parts are base64url too."""

    format: Literal["full", "metadata", "minimal", "raw"] = Field(  # type: ignore[assignment]
        "full", description=FORMAT
    )


class MessageList(GmailShaped):
    """A page of ids; `messages` is empty where nothing matches."""

    messages: list[GmailRef] = Field(default_factory=list)
    nextPageToken: str | None = None
    resultSizeEstimate: int = Field(0, description="Gmail's guess (FACTS 4.1).")


class ModifyMessageInput(MessageById, LabelChange):
    """Marking read is removing UNREAD; archiving is removing INBOX."""


class ManyMessages(ActionInput):
    """Messages by their ids; unknown ones are passed over by Gmail."""

    ids: list[Id] = Field(min_length=1, max_length=1_000, description="Of the messages.")


class BatchModifyInput(ManyMessages, LabelChange):
    """Many messages, one change."""


class BatchModified(Done):
    """How many messages were named; Gmail does not say how many it found."""

    modifiedCount: int


class UntrashMessageInput(MessageById, Untrashed):
    """Which message comes out of the trash."""


async def get_message(context: ActionContext, asked: GetMessageInput) -> GmailMessage:
    """Return the message: 20 quota units. Raises GmailNotFoundError, MissingScopeError."""
    reads_bodies = READONLY in implied_scopes(context.connection.scopes)
    if asked.format in {"full", "raw"} and not reads_bodies:
        raise MissingScopeError(
            f"format={asked.format} needs the scope {READONLY}; format=metadata does not.",
            scope=READONLY,
        )
    found = await context.gmail.call("GET", f"/messages/{asked.id}", query=asked.as_query())
    return GmailMessage.model_validate(found)


async def list_messages(context: ActionContext, asked: Search) -> MessageList:
    """Return a page of ids: 5 quota units. Raises MissingScopeError."""
    asked.require_search(context)
    found = await context.gmail.call("GET", "/messages", query=asked.as_query())
    return MessageList.model_validate(found)


async def modify_message(context: ActionContext, asked: ModifyMessageInput) -> GmailRef:
    """Change labels: 5 quota units. Raises GmailNotFoundError."""
    return await _change(context, f"/messages/{asked.id}/modify", asked.as_body())


async def batch_modify_messages(context: ActionContext, asked: BatchModifyInput) -> BatchModified:
    """Change the labels of up to 1,000 messages: 50 quota units."""
    body = {"ids": asked.ids, **asked.as_body()}
    await context.gmail.call("POST", "/messages/batchModify", body=body)
    return BatchModified(success=True, modifiedCount=len(asked.ids))


async def trash_message(context: ActionContext, asked: MessageById) -> GmailRef:
    """Move to the trash, where Gmail keeps it for 30 days: 20 quota units."""
    return await _change(context, f"/messages/{asked.id}/trash", None)


async def untrash_message(context: ActionContext, asked: UntrashMessageInput) -> GmailRef:
    """Take out of the trash, into the inbox where asked: 5 quota units."""
    return await _change(context, *asked.as_call(f"/messages/{asked.id}"))


async def delete_message(context: ActionContext, asked: MessageById) -> Deleted:
    """Delete a message for good, past the trash: 10 quota units. Raises GmailNotFoundError."""
    await context.gmail.call("DELETE", f"/messages/{asked.id}")
    return Deleted(success=True, id=asked.id)


async def batch_delete_messages(context: ActionContext, asked: ManyMessages) -> Done:
    """Delete up to 1,000 messages for good: 50 quota units."""
    await context.gmail.call("POST", "/messages/batchDelete", body={"ids": asked.ids})
    return Done(success=True)


async def _change(context: ActionContext, path: str, body: Any) -> GmailRef:
    return GmailRef.model_validate(await context.gmail.call("POST", path, body=body))


READ = (READONLY, METADATA)

ACTIONS: tuple[Action[Any, Any], ...] = (
    Action(
        name="get-message",
        summary="Read one message by its id.",
        input=GetMessageInput,
        output=GmailMessage,
        run=get_message,
        scopes=READ,
    ),
    Action(
        name="list-messages",
        summary="List or search message ids, newest first, as Gmail's search box does.",
        input=Search,
        output=MessageList,
        run=list_messages,
        scopes=READ,
    ),
    Action(
        name="modify-message",
        summary="Add and remove labels of one message: mark read, archive, star.",
        input=ModifyMessageInput,
        output=GmailRef,
        run=modify_message,
        scopes=(MODIFY,),
        effect=Effect.STORED,
        does=Does.CHANGE,
    ),
    Action(
        name="batch-modify-messages",
        summary="Add and remove labels of up to 1,000 messages at once.",
        input=BatchModifyInput,
        output=BatchModified,
        run=batch_modify_messages,
        scopes=(MODIFY,),
        effect=Effect.STORED,
        does=Does.CHANGE,
    ),
    Action(
        name="modify-messages",
        summary="Add and remove labels: remove UNREAD marks read, remove INBOX archives.",
        input=BatchModifyInput,
        output=BatchModified,
        run=batch_modify_messages,
        scopes=(MODIFY,),
        effect=Effect.STORED,
        does=Does.CHANGE,
    ),
    Action(
        name="trash-message",
        summary="Move one message to the trash.",
        input=MessageById,
        output=GmailRef,
        run=trash_message,
        scopes=(MODIFY,),
        effect=Effect.STORED,
        does=Does.CHANGE,
    ),
    Action(
        name="untrash-message",
        summary="Take one message out of the trash; to_inbox puts it back into the inbox too.",
        input=UntrashMessageInput,
        output=GmailRef,
        run=untrash_message,
        scopes=(MODIFY,),
        effect=Effect.STORED,
        does=Does.CHANGE,
    ),
    Action(
        name="delete-message",
        summary="Delete one message for good; trash-message keeps it for 30 days.",
        input=MessageById,
        output=Deleted,
        run=delete_message,
        scopes=(MAIL,),
        effect=Effect.STORED,
        does=Does.DELETE,
    ),
    Action(
        name="batch-delete-messages",
        summary="Delete up to 1,000 messages for good, at once.",
        input=ManyMessages,
        output=Done,
        run=batch_delete_messages,
        scopes=(MAIL,),
        effect=Effect.STORED,
        does=Does.DELETE,
    ),
)
