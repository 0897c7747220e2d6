"""Labels: list, read, create, change, delete. System labels cannot be changed."""

# ruff: noqa: N815  Gmail's spelling

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from shared.actions.gmail.gmail_fields import Done, NoInput, spellings
from shared.actions.registry import Action, ActionContext, ActionInput, Effect, GmailShaped
from shared.domain.connect.scopes import LABELS, METADATA, READONLY
from shared.domain.keys.policy import Does

LabelId = Annotated[str, Field(pattern=r"^[0-9A-Za-z_^-]{1,200}$", description="INBOX, Label_7...")]
Color = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$", description="Of Gmail's palette.")]


LABEL_ID = spellings("id", "labelId", "label_id")


class LabelById(ActionInput):
    """A label by its id, not its name."""

    id: LabelId = Field(validation_alias=LABEL_ID)


class LabelColor(ActionInput):
    """Both or neither."""

    textColor: Color
    backgroundColor: Color


class LabelFields(ActionInput):
    """What can be set of a label."""

    name: str = Field(min_length=1, max_length=225, description="`Work/Invoices` makes it nested.")
    messageListVisibility: Literal["show", "hide"] | None = Field(
        None, description="Whether messages show the label in lists."
    )
    labelListVisibility: Literal["labelShow", "labelShowIfUnread", "labelHide"] | None = Field(
        None, description="Whether Gmail's list of labels shows it."
    )
    color: LabelColor | None = Field(None, description="Of text and background.")

    @model_validator(mode="before")
    @classmethod
    def _without_its_type(cls, given: Any) -> object:
        """Leave out `type: user`: no other can be made or changed."""
        if isinstance(given, dict) and given.get("type") == "user":
            return {name: value for name, value in given.items() if name != "type"}
        return given


class UpdateLabelInput(LabelFields):
    """Only what is given changes."""

    id: LabelId = Field(validation_alias=LABEL_ID)
    name: str = Field("", max_length=225, description="The new name; left out, it stays.")


class GmailLabel(GmailShaped):
    """users.labels; the four counts come with get-label only (FACTS 14.3)."""

    id: str
    name: str
    type: str | None = None
    messageListVisibility: str | None = None
    labelListVisibility: str | None = None
    messagesTotal: int | None = None
    messagesUnread: int | None = None
    threadsTotal: int | None = None
    threadsUnread: int | None = None


class LabelList(GmailShaped):
    """Every label of the mailbox, system ones too."""

    labels: list[GmailLabel] = Field(default_factory=list)


async def list_labels(context: ActionContext, _: NoInput) -> LabelList:
    """Return all labels, without counts: 1 quota unit."""
    return LabelList.model_validate(await context.gmail.call("GET", "/labels"))


async def get_label(context: ActionContext, asked: LabelById) -> GmailLabel:
    """Return one label with its counts: 1 quota unit. Raises GmailNotFoundError."""
    return GmailLabel.model_validate(await context.gmail.call("GET", f"/labels/{asked.id}"))


async def create_label(context: ActionContext, asked: LabelFields) -> GmailLabel:
    """Create a label: 5 quota units. Raises GmailRefusedError (409: the name is taken)."""
    made = await context.gmail.call("POST", "/labels", body=_body(asked))
    return GmailLabel.model_validate(made)


async def update_label(context: ActionContext, asked: UpdateLabelInput) -> GmailLabel:
    """Change what is given: 5 quota units. Raises GmailNotFoundError, GmailRefusedError."""
    made = await context.gmail.call("PATCH", f"/labels/{asked.id}", body=_body(asked))
    return GmailLabel.model_validate(made)


async def delete_label(context: ActionContext, asked: LabelById) -> Done:
    """Delete a label and take it off every message: 5 quota units."""
    await context.gmail.call("DELETE", f"/labels/{asked.id}")
    return Done(success=True)


async def label_name(context: ActionContext, asked: LabelById | UpdateLabelInput) -> str:
    """Return what the label is called now: 1 quota unit. Raises GmailNotFoundError."""
    return str((await context.gmail.call("GET", f"/labels/{asked.id}"))["name"])


def _body(asked: LabelFields) -> dict[str, Any]:
    given = asked.model_dump(mode="json", exclude_none=True, exclude={"id"})
    return {name: value for name, value in given.items() if value != ""}


READ = (LABELS, READONLY, METADATA)
ACTIONS: tuple[Action[Any, Any], ...] = (
    Action(
        name="list-labels",
        summary="List all labels with their ids.",
        input=NoInput,
        output=LabelList,
        run=list_labels,
        scopes=READ,
    ),
    Action(
        name="get-label",
        summary="Read one label and how many messages and threads have it.",
        input=LabelById,
        output=GmailLabel,
        run=get_label,
        scopes=READ,
    ),
    Action(
        name="create-label",
        summary="Create a label.",
        input=LabelFields,
        output=GmailLabel,
        run=create_label,
        scopes=(LABELS,),
        effect=Effect.STORED,
        does=Does.CHANGE,
    ),
    Action(
        name="update-label",
        summary="Change a label's name, visibility or colour.",
        input=UpdateLabelInput,
        output=GmailLabel,
        run=update_label,
        scopes=(LABELS,),
        effect=Effect.STORED,
        does=Does.CHANGE,
        pin=label_name,
    ),
    Action(
        name="delete-label",
        summary="Delete a label; its messages stay.",
        input=LabelById,
        output=Done,
        run=delete_label,
        scopes=(LABELS,),
        effect=Effect.STORED,
        does=Does.DELETE,
        pin=label_name,
    ),
)
