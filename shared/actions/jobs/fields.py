"""What the reading actions take and answer alike."""

# ruff: noqa: N815  Gmail's spelling

from typing import Annotated, Any, Literal

from pydantic import Field

from shared.actions.gmail.gmail_fields import LabelIdField
from shared.actions.registry import ActionInput, ActionOutput
from shared.domain.connect.scopes import METADATA, READONLY
from shared.domain.validation import Moment
from shared.usecases.mail.search import LARGEST_PAGE, MailFilter

READ = (READONLY, METADATA)
PAGE = "`next_page` of the page before."


Page = Annotated[str, Field(max_length=2_000)]


class MailFilterInput(ActionInput):
    """Plain filters; what is empty filters nothing."""

    from_: str = Field(
        "", alias="from", max_length=300, description="Address, domain, or words of the name."
    )
    to: str = Field("", max_length=300, description="The same, of to, cc or bcc.")
    subject: str = Field("", max_length=300, description="Words of the subject.")
    labels: list[LabelIdField] = Field(
        default_factory=list, max_length=10, description="Label ids that it has: INBOX, Label_7."
    )
    unread: bool = Field(default=False, description="Only unread ones.")
    after: Moment = Field(None, description="Date or time, ISO 8601.")
    before: Moment = Field(None, description="The same; not included.")

    def as_filter(self, **more: Any) -> MailFilter:
        """Return the use case's filter."""
        return MailFilter(
            sender=self.from_,
            to=self.to,
            subject=self.subject,
            labels=self.labels,
            unread=self.unread,
            after=self.after,
            before=self.before,
            **more,
        )


class SearchInput(MailFilterInput):
    """Plain filters, or Gmail's operators in `q`."""

    q: str = Field(
        "",
        max_length=1_000,
        description="Gmail's search operators, for what the filters cannot say (5 units).",
    )
    has_attachment: bool = Field(default=False, description="Only with files.")
    thread_id: str = Field("", max_length=64, description="Only of this conversation.")
    limit: int = Field(25, ge=1, le=LARGEST_PAGE, description="Most of a page.")
    page: Page = Field("", description=PAGE)


class Person(ActionOutput):
    """One address."""

    name: str
    email: str


class MailRow(ActionOutput):
    """What a listing says of a message; of one that is not stored its ids alone."""

    id: str
    threadId: str
    from_: Person | None = Field(None, alias="from")
    to: list[Person] = Field(default_factory=list)
    subject: str = ""
    date: str | None = None
    snippet: str = ""
    labelIds: list[str] = Field(default_factory=list)
    isUnread: bool = False
    attachments: int = Field(0, description="How many files it has.")


class FoundMailOutput(ActionOutput):
    """A page of messages, newest first.

    `complete` is false where the search stopped early: `next_page` goes on.
    """

    records: list[MailRow]
    next_page: str | None
    complete: bool
    source: Literal["store", "gmail"]
    units: int = Field(description="Gmail's quota units that it cost.")
