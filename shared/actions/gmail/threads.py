"""Threads: read, list, label, trash; a change touches every message of the thread."""

# ruff: noqa: N815  Gmail's spelling

from typing import Any

from pydantic import Field

from shared.actions.gmail.gmail_fields import (
    Deleted,
    Formatted,
    GmailMessage,
    LabelChange,
    Search,
    ThreadById,
    Untrashed,
)
from shared.actions.registry import Action, ActionContext, Effect, GmailShaped
from shared.domain.connect.scopes import MAIL, METADATA, MODIFY, READONLY, implied_scopes
from shared.domain.keys.policy import Does
from shared.errors import MissingScopeError


class GmailThread(GmailShaped):
    """users.threads: `messages` oldest first; a listing has a snippet instead (FACTS 14.3)."""

    id: str
    historyId: str | None = None
    snippet: str | None = None
    messages: list[GmailMessage] = Field(default_factory=list)


class ThreadList(GmailShaped):
    """A page of threads, the one with the newest match first."""

    threads: list[GmailThread] = Field(default_factory=list)
    nextPageToken: str | None = None
    resultSizeEstimate: int = 0


class GetThreadInput(ThreadById, Formatted):
    """A thread, its messages in the shape wanted."""


class ModifyThreadInput(ThreadById, LabelChange):
    """The change is made to every message of the thread as it is now."""


class UntrashThreadInput(ThreadById, Untrashed):
    """Which thread comes out of the trash."""


async def get_thread(context: ActionContext, asked: GetThreadInput) -> GmailThread:
    """Return all its messages: 40 quota units. Raises GmailNotFoundError, MissingScopeError."""
    if asked.format == "full" and READONLY not in implied_scopes(context.connection.scopes):
        raise MissingScopeError(
            f"format=full needs the scope {READONLY}; format=metadata does not.", scope=READONLY
        )
    found = await context.gmail.call("GET", f"/threads/{asked.id}", query=asked.as_query())
    return GmailThread.model_validate(found)


async def list_threads(context: ActionContext, asked: Search) -> ThreadList:
    """Return a page of threads: 10 quota units. Raises MissingScopeError."""
    asked.require_search(context)
    found = await context.gmail.call("GET", "/threads", query=asked.as_query())
    return ThreadList.model_validate(found)


async def modify_thread(context: ActionContext, asked: ModifyThreadInput) -> GmailThread:
    """Change labels: 10 quota units. Raises GmailNotFoundError."""
    return await _change(context, f"/threads/{asked.id}/modify", asked.as_body())


async def trash_thread(context: ActionContext, asked: ThreadById) -> GmailThread:
    """Move to the trash: 20 quota units. Raises GmailNotFoundError."""
    return await _change(context, f"/threads/{asked.id}/trash", None)


async def untrash_thread(context: ActionContext, asked: UntrashThreadInput) -> GmailThread:
    """Take out of the trash, into the inbox where asked: 10 quota units.

    Raises GmailNotFoundError.
    """
    return await _change(context, *asked.as_call(f"/threads/{asked.id}"))


async def delete_thread(context: ActionContext, asked: ThreadById) -> Deleted:
    """Delete a conversation for good, past the trash: 20 quota units. Raises GmailNotFoundError."""
    await context.gmail.call("DELETE", f"/threads/{asked.id}")
    return Deleted(success=True, id=asked.id)


async def messages_in(context: ActionContext, asked: ThreadById) -> str:
    """Return which messages the thread has now: 40 quota units. Raises GmailNotFoundError."""
    query = {"format": "minimal"}
    found = await context.gmail.call("GET", f"/threads/{asked.id}", query=query)
    return " ".join(sorted(str(one["id"]) for one in found.get("messages", ())))


async def _change(context: ActionContext, path: str, body: Any) -> GmailThread:
    return GmailThread.model_validate(await context.gmail.call("POST", path, body=body))


READ = (READONLY, METADATA)
ACTIONS: tuple[Action[Any, Any], ...] = (
    Action(
        name="get-thread",
        summary="Read a whole conversation, oldest message first.",
        input=GetThreadInput,
        output=GmailThread,
        run=get_thread,
        scopes=READ,
    ),
    Action(
        name="list-threads",
        summary="List or search conversations, newest first.",
        input=Search,
        output=ThreadList,
        run=list_threads,
        scopes=READ,
    ),
    Action(
        name="modify-thread",
        summary="Add and remove labels of every message of a conversation.",
        input=ModifyThreadInput,
        output=GmailThread,
        run=modify_thread,
        scopes=(MODIFY,),
        effect=Effect.STORED,
        does=Does.CHANGE,
        pin=messages_in,
    ),
    Action(
        name="trash-thread",
        summary="Move a conversation to the trash.",
        input=ThreadById,
        output=GmailThread,
        run=trash_thread,
        scopes=(MODIFY,),
        effect=Effect.STORED,
        does=Does.CHANGE,
        pin=messages_in,
    ),
    Action(
        name="untrash-thread",
        summary="Take a conversation out of the trash; to_inbox puts it back into the inbox too.",
        input=UntrashThreadInput,
        output=GmailThread,
        run=untrash_thread,
        scopes=(MODIFY,),
        effect=Effect.STORED,
        does=Does.CHANGE,
        pin=messages_in,
    ),
    Action(
        name="delete-thread",
        summary="Delete a conversation for good; trash-thread keeps it for 30 days.",
        input=ThreadById,
        output=Deleted,
        run=delete_thread,
        scopes=(MAIL,),
        effect=Effect.STORED,
        does=Does.DELETE,
        pin=messages_in,
    ),
)
