"""`find-contact`: who this mailbox has written with."""

from pydantic import Field

from shared.actions.jobs.fields import READ
from shared.actions.registry import Action, ActionContext, ActionInput, ActionOutput
from shared.usecases.mail.contacts import FindContact


class FindContactInput(ActionInput):
    """Whom to look for."""

    name: str = Field(
        "", max_length=300, description="Words of the name or address; empty: the most frequent."
    )
    limit: int = Field(10, ge=1, le=50, description="Most of a page.")


class ContactRow(ActionOutput):
    """An address, how many messages were written with it, and when the last."""

    email: str
    name: str
    messages: int
    last: str


class ContactsOutput(ActionOutput):
    """Who fits, the most frequent first."""

    contacts: list[ContactRow]


async def find_contact(context: ActionContext, asked: FindContactInput) -> ContactsOutput:
    """Return addresses of the stored mail: 0 quota units."""
    connection = context.connection
    find = context.use(FindContact)
    found = await find(connection.id, asked.name, connection.email, asked.limit)
    return ContactsOutput(
        contacts=[ContactRow.model_validate(one, from_attributes=True) for one in found]
    )


ACTION = Action(
    name="find-contact",
    summary="Find the address of someone this mailbox has written with.",
    input=FindContactInput,
    output=ContactsOutput,
    run=find_contact,
    scopes=READ,
)
