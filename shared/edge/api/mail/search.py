"""GET /records/search: stored mail by plain filters, or by Gmail's operators (API 4.6)."""

from typing import Literal

from pydantic import Field

from shared.actions.gmail.gmail_fields import LabelIdField
from shared.actions.jobs.fields import FoundMailOutput
from shared.domain.connect.scopes import READONLY, implied_scopes
from shared.domain.validation import Moment
from shared.edge.web.call import Call
from shared.edge.web.routes import Permission, RequestModel, Route, Tenant
from shared.errors import MissingScopeError
from shared.usecases.mail.search import LARGEST_PAGE, MailFilter, SearchMail


class RecordsSearch(RequestModel):
    """Plain filters, or `q`; `from` and `to` take an address, a domain, or words of a name."""

    q: str = Field("", max_length=1_000, description="Gmail's operators: 5 quota units.")
    from_: str = Field("", alias="from", max_length=300)
    to: str = Field("", max_length=300)
    subject: str = Field("", max_length=300, description="Words, all of them.")
    label: list[LabelIdField] = Field(default_factory=list, max_length=10)
    thread_id: str = Field("", max_length=64)
    has: Literal["attachment"] | None = None
    unread: bool = Field(default=False, description="`true`: only unread ones.")
    after: Moment = None
    before: Moment = Field(None, description="The first moment not included.")
    limit: int = Field(50, ge=1, le=LARGEST_PAGE)
    page: str = Field("", max_length=2_000, description="`next_page` of the page before.")

    def as_filter(self) -> MailFilter:
        """Return the use case's filter."""
        return MailFilter(
            sender=self.from_,
            to=self.to,
            subject=self.subject,
            labels=self.label,
            unread=self.unread,
            has_attachment=self.has is not None,
            thread_id=self.thread_id,
            after=self.after,
            before=self.before,
        )


async def search_records(call: Call) -> FoundMailOutput:
    """Return rows of the messages that fit all filters, newest first.

    Without `q` the stored records answer, at no quota units; at most 500 of them are looked at for
    a page, and where that was not enough `complete` is false and `next_page` goes on. With `q`
    Gmail searches, and a message that is not stored is a row of its ids.
    """
    connection, asked = (await call.connection()).value, call.query(RecordsSearch)
    if asked.q and READONLY not in implied_scopes(connection.scopes):
        raise MissingScopeError(f"q needs the scope {READONLY}.", scope=READONLY)
    found = await call.use(SearchMail)(
        connection.id, asked.as_filter(), q=asked.q, limit=asked.limit, page=asked.page
    )
    return FoundMailOutput.model_validate(found, from_attributes=True)


ROUTES = (
    Route(
        "GET",
        "/records/search",
        Permission.RECORDS_READ,
        search_records,
        "Search stored mail",
        query=RecordsSearch,
        tenant=Tenant.REQUIRED,
    ),
)
