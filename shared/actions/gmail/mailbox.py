"""The mailbox itself: profile, its watch and its history.

Postroom arms and renews the watch by itself; these are for looking at it and for forcing it.
"""

# ruff: noqa: N815  Gmail's spelling

from typing import Any, Literal

from pydantic import Field

from shared.actions.gmail.gmail_fields import Done, NoInput, Paged
from shared.actions.registry import Action, ActionContext, ActionInput, Effect, GmailShaped
from shared.domain.connect.scopes import COMPOSE, METADATA, READONLY
from shared.domain.keys.policy import Does
from shared.errors import ConflictError, GmailNotFoundError, GmailRefusedError, InvalidRequestError
from shared.ports.connections import Mailboxes
from shared.ports.google.gmail import GmailTopic
from shared.usecases.sync.watch.start import Armed, StartWatch
from shared.usecases.sync.watch.stop import StopWatch

UNKNOWN_HISTORY = (
    "Gmail has no history since this startHistoryId: take get-profile's historyId and list anew."
)


class GmailProfile(GmailShaped):
    """users.getProfile."""

    emailAddress: str
    messagesTotal: int | None = None
    threadsTotal: int | None = None
    historyId: str


class Watch(GmailShaped):
    """The watch of the mailbox; `expiration` is epoch milliseconds."""

    expiration: str


class ListHistoryInput(Paged):
    """Changes after `startHistoryId`, oldest first."""

    startHistoryId: str = Field(
        pattern=r"^[0-9]{1,20}$",
        description="`historyId` of a profile, a message or a page.",
        coerce_numbers_to_str=True,
    )
    historyTypes: list[Literal["messageAdded", "messageDeleted", "labelAdded", "labelRemoved"]] = (
        Field(default_factory=list, max_length=4, description="Only these kinds of change.")
    )
    labelId: str | None = Field(None, max_length=200, description="Only messages under this label.")


class WatchInput(ActionInput):
    """Nothing to say: the watch is the deployment's own, and covers the whole mailbox."""

    topicName: str | None = Field(
        None, max_length=500, description="The deployment's own topic, or left out."
    )


class HistoryOutput(GmailShaped):
    """history.list: `historyId` is the mailbox's current one on every page (FACTS 3.3)."""

    history: list[dict[str, Any]] = Field(default_factory=list)
    nextPageToken: str | None = None
    historyId: str


async def get_profile(context: ActionContext, _: NoInput) -> GmailProfile:
    """Return address, totals and the current history ID: 1 quota unit."""
    return GmailProfile.model_validate(await context.gmail.call("GET", "/profile"))


async def watch_mailbox(context: ActionContext, asked: WatchInput) -> Watch:
    """Arm the mailbox's watch again now: 101 quota units.

    Raises ConflictError where another call is at it, GmailRefusedError, InvalidRequestError where
    another topic is named.
    """
    if asked.topicName is not None and asked.topicName != context.use(GmailTopic):
        raise InvalidRequestError("Gmail publishes to the deployment's own topic: leave it out.")
    mailbox = await context.use(Mailboxes).get(context.connection.mailbox_id)
    if mailbox is None:
        raise ConflictError("This mailbox is being connected or disconnected: try again.")
    outcome = await context.use(StartWatch).renew(mailbox, context.connection.id)
    if isinstance(outcome, Armed):
        return Watch(expiration=str(round(outcome.expires_at.timestamp() * 1000)))
    if outcome.reason in {"busy", "moved"}:
        raise ConflictError("Somebody is arming this watch right now: try again.")
    raise outcome.error or GmailRefusedError(f"It was not armed: {outcome.reason}.", status=400)


async def stop_watch(context: ActionContext, _: NoInput) -> Done:
    """Stop the mailbox's notifications, for every connection on it: 50 quota units.

    They come back with the first renewal after an hour, or with watch-mailbox; until then mail is
    still found by the regular reading of history. Raises ConflictError.
    """
    await context.use(StopWatch)(context.connection)
    return Done(success=True)


async def list_watch_history(context: ActionContext, asked: ListHistoryInput) -> HistoryOutput:
    """Return a page of changes: 2 quota units. Raises GmailNotFoundError (FACTS 3.2)."""
    try:
        found = await context.gmail.call("GET", "/history", query=asked.as_query())
    except GmailNotFoundError as error:
        raise GmailNotFoundError(UNKNOWN_HISTORY) from error
    return HistoryOutput.model_validate(found)


READ = (READONLY, METADATA)
SYNCS_WRITE = "syncs:write"
"""What a key needs to change how a mailbox is kept current."""
ACTIONS: tuple[Action[Any, Any], ...] = (
    Action(
        name="get-profile",
        summary="The mailbox's address, totals and current history ID.",
        input=NoInput,
        output=GmailProfile,
        run=get_profile,
        scopes=(*READ, COMPOSE),
    ),
    Action(
        name="watch-mailbox",
        summary="Arm the mailbox's watch again now; Postroom otherwise does it in time.",
        input=WatchInput,
        output=Watch,
        run=watch_mailbox,
        scopes=READ,
        effect=Effect.STORED,
        does=Does.CHANGE,
        permission=SYNCS_WRITE,
    ),
    Action(
        name="stop-watch",
        summary="Stop the mailbox's push notifications, for every connection on it, for an hour.",
        input=NoInput,
        output=Done,
        run=stop_watch,
        scopes=READ,
        effect=Effect.STORED,
        does=Does.CHANGE,
        permission=SYNCS_WRITE,
    ),
    Action(
        name="list-watch-history",
        summary="List what changed in the mailbox since a history ID.",
        input=ListHistoryInput,
        output=HistoryOutput,
        run=list_watch_history,
        scopes=READ,
        internal=True,
    ),
)
