"""Filters: a polled list, 1 unit an hour."""

from dataclasses import dataclass
from typing import Any

from shared.actions.syncs import Sync, SyncContext
from shared.domain.connect.scopes import READONLY


@dataclass(frozen=True)
class GmailFilter:
    """A rule of the mailbox: what it matches, and what it does to that."""

    id: str
    criteria: dict[str, Any]
    action: dict[str, Any]


async def filters(context: SyncContext[None]) -> None:
    """Read every filter; Gmail answers no list at all where there is none."""
    async with context.listing(GmailFilter):
        found = await context.gmail.get("/settings/filters")
        for one in found.get("filter", ()):
            context.save(GmailFilter(one["id"], one.get("criteria", {}), one.get("action", {})))


SYNC = Sync(
    name="sync-filters",
    summary="The mailbox's filters.",
    models=(GmailFilter,),
    run=filters,
    scopes=(READONLY,),
)
