"""Filters: a polled list, 1 unit an hour."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shared.actions.syncs import Sync, SyncContext
from shared.domain.connect.scopes import READONLY


class GmailFilter(BaseModel):
    """A rule of the mailbox: what it matches, and what it does to that.

    `from` and `addLabelIds` say once more what most rules are about.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    id: str
    sender: str | None = Field(None, alias="from")
    addLabelIds: tuple[str, ...] = ()  # noqa: N815  Gmail's spelling
    criteria: dict[str, Any]
    action: dict[str, Any]


async def filters(context: SyncContext[None]) -> None:
    """Read every filter; Gmail answers no list at all where there is none."""
    async with context.listing(GmailFilter):
        found = await context.gmail.get("/settings/filters")
        for one in found.get("filter", ()):
            context.save(filter_of(one))


def filter_of(found: dict[str, Any]) -> GmailFilter:
    """Return the record of a filter."""
    criteria, action = found.get("criteria", {}), found.get("action", {})
    return GmailFilter(
        id=found["id"],
        sender=criteria.get("from"),
        addLabelIds=tuple(action.get("addLabelIds", ())),
        criteria=criteria,
        action=action,
    )


SYNC = Sync(
    name="sync-filters",
    summary="The mailbox's filters.",
    models=(GmailFilter,),
    run=filters,
    version=2,
    scopes=(READONLY,),
)
