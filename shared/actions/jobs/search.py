"""`search-mail` and `list-conversations`: listings of the stored mail, 0 quota units."""

# ruff: noqa: N815  Gmail's spelling

from typing import Any

from pydantic import Field

from shared.actions.jobs.fields import (
    PAGE,
    READ,
    FoundMailOutput,
    MailFilterInput,
    Page,
    Person,
    SearchInput,
)
from shared.actions.registry import Action, ActionContext, ActionOutput
from shared.domain.connect.scopes import READONLY, implied_scopes
from shared.errors import MissingScopeError
from shared.usecases.mail.conversations import ListConversations
from shared.usecases.mail.search import SearchMail


class ConversationsInput(MailFilterInput):
    """Which conversations: those with a message that fits."""

    limit: int = Field(20, ge=1, le=50, description="Most of a page.")
    page: Page = Field("", description=PAGE)


class Conversation(ActionOutput):
    """A conversation by its stored messages."""

    threadId: str
    subject: str
    participants: list[Person]
    messages: int
    unread: int
    last: str
    snippet: str


class ConversationsOutput(ActionOutput):
    """Conversations by their newest message, newest first."""

    conversations: list[Conversation]
    next_page: str | None
    complete: bool


async def search_mail(context: ActionContext, asked: SearchInput) -> FoundMailOutput:
    """Return a page of rows: 0 quota units, 5 with `q`. Raises MissingScopeError."""
    if asked.q and READONLY not in implied_scopes(context.connection.scopes):
        raise MissingScopeError(
            f"q needs the scope {READONLY}, which the end user did not grant.", scope=READONLY
        )
    found = await context.use(SearchMail)(
        context.connection.id,
        asked.as_filter(has_attachment=asked.has_attachment, thread_id=asked.thread_id),
        q=asked.q,
        limit=asked.limit,
        page=asked.page,
    )
    return FoundMailOutput.model_validate(found, from_attributes=True)


async def list_conversations(
    context: ActionContext, asked: ConversationsInput
) -> ConversationsOutput:
    """Return a page of conversations: 0 quota units."""
    found = await context.use(ListConversations)(
        context.connection.id, asked.as_filter(), limit=asked.limit, page=asked.page
    )
    return ConversationsOutput.model_validate(found, from_attributes=True)


ACTIONS: tuple[Action[Any, Any], ...] = (
    Action(
        name="search-mail",
        summary="Find messages, newest first: who, what about, when, a snippet.",
        input=SearchInput,
        output=FoundMailOutput,
        run=search_mail,
        scopes=READ,
    ),
    Action(
        name="list-conversations",
        summary="List the newest conversations: participants, subject, last snippet, unread count.",
        input=ConversationsInput,
        output=ConversationsOutput,
        run=list_conversations,
        scopes=READ,
    ),
)
