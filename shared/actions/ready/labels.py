"""Labels: a polled list, 1 unit an hour; a label deleted at Gmail ends its record."""

from dataclasses import dataclass

from shared.actions.syncs import Sync, SyncContext
from shared.domain.connect.scopes import READONLY


@dataclass(frozen=True)
class GmailLabel:
    """A label, Gmail's own and the user's."""

    id: str
    name: str
    type: str
    messageListVisibility: str | None = None  # noqa: N815  Gmail's spelling
    labelListVisibility: str | None = None  # noqa: N815
    color: dict[str, str] | None = None


async def labels(context: SyncContext[None]) -> None:
    """Read every label."""
    async with context.listing(GmailLabel):
        found = await context.gmail.get("/labels")
        context.save(
            *(
                GmailLabel(
                    one["id"],
                    one["name"],
                    one.get("type", "user"),
                    one.get("messageListVisibility"),
                    one.get("labelListVisibility"),
                    one.get("color"),
                )
                for one in found.get("labels", ())
            )
        )


SYNC = Sync(
    name="sync-labels",
    summary="The mailbox's labels.",
    models=(GmailLabel,),
    run=labels,
    scopes=(READONLY,),
)
