"""GET /labels: how many stored messages each label has, and how many are unread (API 4.7)."""

from pydantic import Field

from shared.edge.web.call import Call
from shared.edge.web.routes import Permission, ResponseModel, Route, Tenant
from shared.usecases.mail.count_labels import CountLabels


class LabelView(ResponseModel):
    """A label by its id, as records name it; `list-labels` has the names people gave."""

    id: str
    total: int
    unread: int


class LabelsAnswer(ResponseModel):
    """Every label that a stored message has, sorted by id."""

    labels: list[LabelView]
    messages: int = Field(description="Stored messages that were counted.")
    unread: int = Field(description="How many of them are unread.")
    complete: bool = Field(description="Whether all were counted, not only the newest 20,000.")


async def count_labels(call: Call) -> LabelsAnswer:
    """Return for each label how many stored messages have it, and how many of them are unread.

    The stored records answer, at no quota units: it is the window of the connection that counts,
    not the whole mailbox.
    """
    found = await call.use(CountLabels)((await call.reading_connection()).id)
    return LabelsAnswer.model_validate(found, from_attributes=True)


ROUTES = (
    Route(
        "GET",
        "/labels",
        Permission.RECORDS_READ,
        count_labels,
        "Count stored messages by label",
        tenant=Tenant.REQUIRED,
    ),
)
