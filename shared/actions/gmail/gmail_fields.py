"""What several actions take and answer, in Gmail's own names (FACTS 14)."""

# ruff: noqa: N815  Gmail's spelling

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, model_validator

from shared.actions.registry import ActionContext, ActionInput, ActionOutput, GmailShaped
from shared.domain.connect.scopes import READONLY, SETTINGS_BASIC, SETTINGS_SHARING, implied_scopes
from shared.errors import MissingScopeError

Id = Annotated[
    str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}$", description="As Gmail gave it; 16 hex digits.")
]
LabelIdField = Annotated[str, Field(min_length=1, max_length=200)]
LabelIds = Annotated[
    list[LabelIdField], Field(max_length=100, description="Ids, not names: list-labels has both.")
]
PageToken = Annotated[
    str | None,
    Field(
        max_length=500,
        description="`nextPageToken` of the page before.",
        coerce_numbers_to_str=True,
    ),
]
Address = Annotated[
    str,
    Field(pattern=r"^[^\s/?#%\\@]{1,64}@[^\s/?#%\\@]{1,255}$", description="An address, no name."),
]
SETTINGS = (SETTINGS_BASIC, SETTINGS_SHARING)
"""An agent is offered settings only where the end user granted one of these in so many words."""
Query = dict[str, str | Sequence[str]]
SEARCH = "As in Gmail's search box: from:ada after:1388552400."
SPAM_AND_TRASH = "Whether spam and trash are looked through too."
FORMAT = "How much of it to answer."


def spellings(*names: str) -> AliasChoices:
    """Return the spellings that a field takes; the first is the one that is described."""
    return AliasChoices(*names)


class ById(ActionInput):
    """One thing by its id."""

    id: Id


class MessageById(ById):
    """A message by its id."""

    id: Id = Field(validation_alias=spellings("id", "messageId", "message_id"))


class ThreadById(ById):
    """A thread by its id."""

    id: Id = Field(validation_alias=spellings("id", "threadId", "thread_id"))


class Paged(ActionInput):
    """A page of a listing."""

    maxResults: int = Field(100, ge=1, le=500, description="Most entries of a page.")
    pageToken: PageToken = None

    def as_query(self) -> Query:
        """Return Gmail's query parameters of everything that was given."""
        given = self.model_dump(mode="json", exclude_unset=True, exclude_none=True)
        return {name: _parameter(value) for name, value in given.items()}


class Search(Paged):
    """A listing of messages or threads."""

    q: str | None = Field(None, max_length=2_000, description=SEARCH)
    labelIds: LabelIds = Field(default_factory=list, description="Only what has all of them.")
    includeSpamTrash: bool = Field(default=False, description=SPAM_AND_TRASH)

    def require_search(self, context: ActionContext) -> None:
        """Raise MissingScopeError where `q` is given to a grant of headers only (FACTS 4.1)."""
        if self.q is not None and READONLY not in implied_scopes(context.connection.scopes):
            raise MissingScopeError(
                f"q needs the scope {READONLY}, which the end user did not grant.", scope=READONLY
            )


class Formatted(ById):
    """One thing, in the shape wanted."""

    format: Literal["full", "metadata", "minimal"] = Field("full", description=FORMAT)
    metadataHeaders: list[Annotated[str, Field(max_length=200)]] = Field(
        [], max_length=50, description="Headers to answer with format=metadata."
    )

    def as_query(self) -> Query:
        """Return Gmail's query parameters."""
        query: Query = {"format": self.format}
        return query | ({"metadataHeaders": self.metadataHeaders} if self.metadataHeaders else {})


class LabelChange(ActionInput):
    """Labels to add and to remove; at least one."""

    addLabelIds: LabelIds = Field(default_factory=list)
    removeLabelIds: LabelIds = Field(default_factory=list)

    @model_validator(mode="after")
    def _some_label(self) -> "LabelChange":
        if not self.addLabelIds and not self.removeLabelIds:
            raise ValueError("give addLabelIds or removeLabelIds")
        return self

    def as_body(self) -> Mapping[str, Any]:
        """Return Gmail's body of the change."""
        return {"addLabelIds": self.addLabelIds, "removeLabelIds": self.removeLabelIds}


class MayLetMailOut(ActionInput):
    """A setting by which the mailbox may write to people whom no policy of a key can see."""

    @property
    @abstractmethod
    def lets_mail_out(self) -> bool:
        """Whether this one does."""


class Untrashed(ById):
    """What comes out of the trash, and whether the inbox shows it again."""

    to_inbox: bool = Field(
        default=False,
        description="Back into the inbox too, at the same price: Gmail alone takes mail out of "
        "the trash and leaves it archived, wherever it was trashed from.",
    )

    def as_call(self, path: str) -> tuple[str, Mapping[str, Any] | None]:
        """Return the path and body of the one call that does it, below a message or thread."""
        if not self.to_inbox:
            return f"{path}/untrash", None
        return f"{path}/modify", {"addLabelIds": ["INBOX"], "removeLabelIds": ["TRASH"]}


class NoInput(ActionInput):
    """Nothing to say: `{}`."""


class Done(ActionOutput):
    """Gmail took it; it answers nothing."""

    success: Literal[True] = True


class Deleted(Done):
    """Gone for good."""

    id: str


class GmailMessage(GmailShaped):
    """users.messages: which fields come depends on `format`."""

    id: str
    threadId: str
    labelIds: list[str] = Field(default_factory=list)
    snippet: str | None = None
    historyId: str | None = None
    internalDate: str | None = None
    sizeEstimate: int | None = None
    payload: dict[str, Any] | None = None
    raw: str | None = None


class GmailRef(GmailShaped):
    """What a listing or a change says of a message."""

    id: str
    threadId: str | None = None
    labelIds: list[str] = Field(default_factory=list)


def _parameter(value: Any) -> str | Sequence[str]:
    if isinstance(value, bool):
        return "true" if value else "false"
    return [str(one) for one in value] if isinstance(value, list) else str(value)
