"""Filters: rules of the mailbox for mail that arrives. Gmail cannot change one: delete and create.

Gmail names its list `filter`; here it is `filters`.
"""

# ruff: noqa: N815  Gmail's spelling

from typing import Annotated, Any, Literal

from pydantic import Field

from shared.actions.gmail.gmail_fields import (
    SETTINGS,
    Deleted,
    LabelIds,
    MayLetMailOut,
    NoInput,
    spellings,
)
from shared.actions.registry import Action, ActionContext, ActionInput, Effect, GmailShaped
from shared.domain.connect.scopes import READONLY, SETTINGS_BASIC
from shared.domain.keys.policy import Does

Words = Annotated[str | None, Field(max_length=2_000)]


class FilterById(ActionInput):
    """A filter by its id."""

    id: str = Field(
        pattern=r"^[0-9A-Za-z_-]{1,200}$",
        validation_alias=spellings("id", "filterId", "filter_id"),
        description="As list-filters has it.",
    )


class FilterCriteria(ActionInput):
    """What mail it is for: all that is given has to fit."""

    from_: Words = Field(None, alias="from", description="The sender's name or address.")
    to: Words = Field(None, description="A recipient, also in cc and bcc.")
    subject: Words = Field(None, description="Words of the subject.")
    query: Words = Field(None, description="As in Gmail's search box.")
    negatedQuery: Words = Field(None, description="What must not be found.")
    hasAttachment: bool | None = Field(None, description="Whether it has files.")
    excludeChats: bool | None = Field(None, description="Whether chats are passed over.")
    size: int | None = Field(None, ge=0, description="Bytes of the whole message.")
    sizeComparison: Literal["smaller", "larger"] | None = Field(None, description="Than `size`.")


class FilterAction(ActionInput):
    """What becomes of it: archived by removing INBOX, read by removing UNREAD."""

    addLabelIds: LabelIds = Field(default_factory=list)
    removeLabelIds: LabelIds = Field(default_factory=list)
    forward: str | None = Field(
        None, max_length=320, description="A verified forwarding address that gets a copy."
    )


class CreateFilterInput(MayLetMailOut):
    """A rule for mail that arrives from now on."""

    criteria: FilterCriteria = Field(description="What mail it is for.")
    action: FilterAction = Field(description="What becomes of it.")

    @property
    def lets_mail_out(self) -> bool:
        """Whether it forwards."""
        return self.action.forward is not None


class GmailFilter(GmailShaped):
    """users.settings.filters."""

    id: str
    criteria: dict[str, Any] = Field(default_factory=dict)
    action: dict[str, Any] = Field(default_factory=dict)


class FilterList(GmailShaped):
    """Every filter of the mailbox."""

    filters: list[GmailFilter] = Field(default_factory=list)


async def list_filters(context: ActionContext, _: NoInput) -> FilterList:
    """Return all filters: 1 quota unit."""
    found = await context.gmail.call("GET", "/settings/filters")
    return FilterList.model_validate({"filters": found.get("filter", [])})


async def get_filter(context: ActionContext, asked: FilterById) -> GmailFilter:
    """Return one filter: 1 quota unit. Raises GmailNotFoundError."""
    found = await context.gmail.call("GET", f"/settings/filters/{asked.id}")
    return GmailFilter.model_validate(found)


async def create_filter(context: ActionContext, asked: CreateFilterInput) -> GmailFilter:
    """Create a filter: 5 quota units. Raises GmailRefusedError (400: it is there already)."""
    body = asked.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True)
    made = await context.gmail.call("POST", "/settings/filters", body=body)
    return GmailFilter.model_validate(made)


async def delete_filter(context: ActionContext, asked: FilterById) -> Deleted:
    """Delete a filter; what it did stays: 5 quota units. Raises GmailNotFoundError."""
    await context.gmail.call("DELETE", f"/settings/filters/{asked.id}")
    return Deleted(success=True, id=asked.id)


READ = (READONLY, SETTINGS_BASIC)
ACTIONS: tuple[Action[Any, Any], ...] = (
    Action(
        name="list-filters",
        summary="List the mailbox's filters.",
        input=NoInput,
        output=FilterList,
        run=list_filters,
        scopes=READ,
        agents_need=SETTINGS,
    ),
    Action(
        name="get-filter",
        summary="Read one filter.",
        input=FilterById,
        output=GmailFilter,
        run=get_filter,
        scopes=READ,
        agents_need=SETTINGS,
    ),
    Action(
        name="create-filter",
        summary="Create a filter for mail that arrives from now on.",
        input=CreateFilterInput,
        output=GmailFilter,
        run=create_filter,
        scopes=(SETTINGS_BASIC,),
        effect=Effect.STORED,
        does=Does.CHANGE,
    ),
    Action(
        name="delete-filter",
        summary="Delete a filter; what it did to mail stays.",
        input=FilterById,
        output=Deleted,
        run=delete_filter,
        scopes=(SETTINGS_BASIC,),
        effect=Effect.STORED,
        does=Does.DELETE,
    ),
)
