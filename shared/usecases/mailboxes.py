"""Find a mailbox by what Google calls it: look-ups that are unique, moved by compare-and-set.

The address in a notification is no key: an account is renamed, and x@googlemail.com is announced as
x@gmail.com (FACTS 18.11). So a mailbox keeps its id, and its names lead to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from shared.domain.ids import (
    EmailKey,
    GoogleSub,
    MailboxId,
    email_key,
    first_mailbox_id,
    first_mailbox_ids,
    told_sub,
)
from shared.domain.sync.mailbox import Mailbox, MailboxName, address_name, sub_name
from shared.ports.connections import Mailboxes, MailboxNames
from shared.ports.documents import Versioned, until_written, update


@dataclass(frozen=True, slots=True)
class MailboxDirectory:
    """The mailboxes and their names."""

    mailboxes: Mailboxes
    names: MailboxNames

    async def by_address(self, email: str) -> Versioned[Mailbox] | None:
        """Return the mailbox that an address leads to.

        Most have the address for an id, and are found by one read.
        """
        key = email_key(email)
        first, *others = first_mailbox_ids(email)
        if (found := await self._find_known(first, key)) is not None:
            return found
        if (found := await self._name(address_name(key))) is not None:
            return found
        for id in others:
            if (found := await self._find_known(id, key)) is not None:
                return found
        return None

    async def of_account(self, sub: GoogleSub, email: str) -> Versioned[Mailbox] | None:
        """Return the mailbox of a Google account that has this address now."""
        told = told_sub(sub)
        if told is not None and (found := await self._name(sub_name(told))) is not None:
            return found
        found = await self.by_address(email)
        return found if found is not None and _fits(found.value, told, email) else None

    async def id_for(self, sub: GoogleSub, email: str) -> MailboxId:
        """Return the id of the account's mailbox, or of the one to be made for it."""
        if (found := await self.of_account(sub, email)) is not None:
            return found.value.key
        first = first_mailbox_id(email)
        taken = await self.mailboxes.get(first) is not None
        return MailboxId(f"mailbox:{sub}") if taken else first

    async def claim(self, id: MailboxId, email: str, sub: GoogleSub) -> None:
        """Let an address and an account lead to this mailbox, whichever they led to before."""
        key = email_key(email)
        await until_written(partial(self._claim, address_name(key), id, key))
        if (told := told_sub(sub)) is not None:
            await until_written(partial(self._claim, sub_name(told), id))

    async def _claim(self, name: str, id: MailboxId, key: EmailKey | None = None) -> None:
        was = await self.names.get(name)
        if key is not None:
            # Taken from the holders first: where this breaks off, the name still leads there.
            await self._withdraw(
                key, first_mailbox_ids(key) if was is None else [was.value.mailbox], id
            )
        if was is None:
            await self.names.create(MailboxName(name, id))
        elif was.value.mailbox != id:
            await self.names.swap(was, replace(was.value, mailbox=id))

    async def _withdraw(self, key: EmailKey, holders: Sequence[MailboxId], id: MailboxId) -> None:
        for holder in holders:
            if holder != id:
                await update(self.mailboxes, holder, lambda it: _without(it, key))

    async def _name(self, name: str) -> Versioned[Mailbox] | None:
        found = await self.names.get(name)
        return None if found is None else await self.mailboxes.get(found.value.mailbox)

    async def _find_known(self, id: MailboxId, key: EmailKey) -> Versioned[Mailbox] | None:
        found = await self.mailboxes.get(id)
        return found if found is not None and found.value.is_known_as(key) else None


async def release_names(names: MailboxNames, mailbox: Mailbox) -> None:
    """Delete the names that still lead to a mailbox which is about to be deleted."""
    addresses = mailbox.addresses or frozenset({email_key(mailbox.key)})
    for name in (*map(address_name, addresses), *((sub_name(mailbox.sub),) if mailbox.sub else ())):
        await until_written(partial(_release, names, name, mailbox.key))


async def _release(names: MailboxNames, name: str, id: MailboxId) -> None:
    found = await names.get(name)
    if found is not None and found.value.mailbox == id:
        await names.delete(found)


def _fits(mailbox: Mailbox, told: GoogleSub | None, email: str) -> bool:
    """Whether the mailbox that an address leads to is this account's.

    By its `sub`; where one of the two is not known, by the address that it has now.
    """
    if told is not None and mailbox.sub is not None:
        return told == mailbox.sub
    return mailbox.email is None or email_key(mailbox.email) == email_key(email)


def _without(mailbox: Mailbox, key: EmailKey) -> Mailbox:
    known = {email_key(mailbox.key)} if mailbox.addresses is None else mailbox.addresses
    return replace(mailbox, addresses=frozenset(known - {key}))
