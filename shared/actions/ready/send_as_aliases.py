"""Send-as aliases: the addresses a mailbox may write from, 1 unit an hour."""

from dataclasses import dataclass

from shared.actions.syncs import Sync, SyncContext
from shared.domain.connect.scopes import READONLY


@dataclass(frozen=True)
class GmailSendAsAlias:
    """An address to write from; its password for another server is never read."""

    sendAsEmail: str  # noqa: N815  Gmail's spelling
    displayName: str | None = None  # noqa: N815
    replyToAddress: str | None = None  # noqa: N815
    signature: str | None = None
    isPrimary: bool = False  # noqa: N815
    isDefault: bool = False  # noqa: N815
    treatAsAlias: bool = False  # noqa: N815
    verificationStatus: str | None = None  # noqa: N815


async def aliases(context: SyncContext[None]) -> None:
    """Read every alias."""
    async with context.listing(GmailSendAsAlias):
        found = await context.gmail.get("/settings/sendAs")
        for one in found.get("sendAs", ()):
            context.save(
                GmailSendAsAlias(
                    one["sendAsEmail"],
                    one.get("displayName"),
                    one.get("replyToAddress"),
                    one.get("signature"),
                    one.get("isPrimary", False),
                    one.get("isDefault", False),
                    one.get("treatAsAlias", False),
                    one.get("verificationStatus"),
                )
            )


SYNC = Sync(
    name="sync-send-as-aliases",
    summary="The addresses that the mailbox may write from.",
    models=(GmailSendAsAlias,),
    run=aliases,
    key="sendAsEmail",
    scopes=(READONLY,),
)
