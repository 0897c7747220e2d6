"""`read-messages` and `read-thread`: what was written, 0 quota units where it is stored."""

# ruff: noqa: N815  Gmail's spelling

from typing import Any

from pydantic import Field

from shared.actions.gmail.gmail_fields import Id
from shared.actions.jobs.fields import Person
from shared.actions.registry import Action, ActionContext, ActionInput, ActionOutput
from shared.domain.connect.scopes import READONLY
from shared.usecases.mail.read_messages import ReadMail, ReadMessages

MOST = 25
WHOLE = "With quoted history, signature and footers too."


class ReadMessagesInput(ActionInput):
    """Which messages."""

    ids: list[Id] = Field(min_length=1, max_length=MOST, description="Up to 25 message ids.")
    whole: bool = Field(default=False, description=WHOLE)


class ReadThreadInput(ActionInput):
    """Which conversation."""

    id: Id = Field(description="The conversation's threadId.")
    whole: bool = Field(default=False, description=WHOLE)


class MessageFile(ActionOutput):
    """A file of a message; `read-attachment` reads it."""

    partId: str
    filename: str
    mimeType: str
    size: int


class ReadMessage(ActionOutput):
    """A message to read; `hidden` where text that people cannot see was found."""

    id: str
    threadId: str
    from_: Person | None = Field(None, alias="from")
    to: list[Person] | None = None
    cc: list[Person] | None = None
    subject: str | None = None
    date: str | None = None
    labelIds: list[str] = Field(default_factory=list)
    isUnread: bool = False
    text: str
    attachments: list[MessageFile] = Field(default_factory=list)
    hidden: bool = False


class ReadMailOutput(ActionOutput):
    """Messages; `missing` are ids that no message has."""

    messages: list[ReadMessage]
    missing: list[str] = Field(default_factory=list)
    units: int = Field(description="Gmail's quota units that it cost.")


async def read_messages(context: ActionContext, asked: ReadMessagesInput) -> ReadMailOutput:
    """Return messages: 0 quota units for each that is stored, else 20."""
    reader = context.use(ReadMessages)
    return _output(await reader(context.connection.id, asked.ids, whole=asked.whole))


async def read_thread(context: ActionContext, asked: ReadThreadInput) -> ReadMailOutput:
    """Return a conversation: 0 quota units where it is stored, else 40.

    Raises GmailNotFoundError where there is none of that id.
    """
    reader = context.use(ReadMessages)
    return _output(await reader.thread(context.connection.id, asked.id, whole=asked.whole))


def _output(found: ReadMail) -> ReadMailOutput:
    return ReadMailOutput.model_validate(found, from_attributes=True)


ACTIONS: tuple[Action[Any, Any], ...] = (
    Action(
        name="read-messages",
        summary="Read up to 25 messages: what their senders wrote, and their files' names.",
        input=ReadMessagesInput,
        output=ReadMailOutput,
        run=read_messages,
        scopes=(READONLY,),
    ),
    Action(
        name="read-thread",
        summary="Read one conversation in order, without quoted history.",
        input=ReadThreadInput,
        output=ReadMailOutput,
        run=read_thread,
        scopes=(READONLY,),
    ),
)
