"""Contacts: a first reading page by page, then what changed since a token."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from shared.actions.syncs import HttpRefusedError, Sync, SyncContext
from shared.domain.connect.scopes import CONTACTS

URL: Final = "https://people.googleapis.com/v1/people/me/connections"
FIELDS: Final = "names,emailAddresses,phoneNumbers,organizations"


@dataclass(frozen=True)
class GoogleContact:
    """A person of the user's contacts."""

    id: str
    name: str
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    organization: str = ""


@dataclass(frozen=True)
class Place:
    """Where the reading goes on: a page of it, or changes since a token of 7 days."""

    token: str = ""
    page: str = ""


async def contacts(context: SyncContext[Place]) -> None:
    """Read everything in a listing once, then only what changed."""
    at = context.checkpoint or Place()
    if not at.token:
        async with context.listing(GoogleContact):
            at = await pages(context, at)
        return await context.commit(at)
    try:
        await context.commit(await pages(context, at))
    except HttpRefusedError as error:
        if error.reason != "EXPIRED_SYNC_TOKEN":
            raise
        await context.start_over()


async def pages(context: SyncContext[Place], at: Place) -> Place:
    """Save page by page, each with the place of the next; return the place after the last."""
    while True:
        query = {"personFields": FIELDS, "pageSize": "1000", "requestSyncToken": "true"}
        query |= {"syncToken": at.token} if at.token else {}
        query |= {"pageToken": at.page} if at.page else {}
        answer = await context.http.get(URL, query)
        for one in answer.get("connections", ()):
            if one.get("metadata", {}).get("deleted"):
                context.delete(GoogleContact, one["resourceName"])
            else:
                context.save(contact_of(one))
        if not (page := answer.get("nextPageToken")):
            return Place(token=answer["nextSyncToken"])
        at = replace(at, page=page)
        await context.commit(at)


def contact_of(person: Mapping[str, Any]) -> GoogleContact:
    """Return the record of a person."""

    def values(field: str, name: str) -> tuple[str, ...]:
        return tuple(one[name] for one in person.get(field, ()) if one.get(name))

    return GoogleContact(
        id=person["resourceName"],
        name=next(iter(values("names", "displayName")), ""),
        emails=values("emailAddresses", "value"),
        phones=values("phoneNumbers", "value"),
        organization=next(iter(values("organizations", "name")), ""),
    )


SYNC = Sync(
    name="sync-contacts",
    summary="The user's Google contacts.",
    models=(GoogleContact,),
    run=contacts,
    checkpoint=Place,
    scopes=(CONTACTS,),
    hosts=("people.googleapis.com",),
    frequency=timedelta(hours=6),
)
