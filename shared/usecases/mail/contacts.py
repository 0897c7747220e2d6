"""Who a mailbox has written with: addresses of its stored records, by name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.ids import ConnectionId, LabelId
from shared.domain.mail.message_fields import iso
from shared.domain.sync.records.record import Record
from shared.domain.sync.records.search import FROM, SEARCHED_CHARS, TO, person_terms
from shared.ports.sync_store import SEARCHED, Records, SearchQuery
from shared.usecases.mail.stored import message_of

UNWANTED: Final = frozenset({LabelId("SPAM"), LabelId("TRASH")})
PAGE: Final = 100


@dataclass(slots=True)
class Contact:
    """An address, and how much was written with it among the newest messages looked at."""

    email: str
    name: str = ""
    messages: int = 0
    last: str = ""


@dataclass(frozen=True, slots=True)
class FindContact:
    """Finds addresses in one connection's records, without any call to Gmail."""

    records: Records

    async def __call__(
        self, connection_id: ConnectionId, wanted: str, own: str, limit: int
    ) -> Sequence[Contact]:
        """Return who fits, who was written with most first; without words, of the newest mail.

        `own` is the mailbox's own address, which is left out. Whole words and addresses are looked
        up; where none fits, parts of them are looked for in the newest SEARCHED messages.
        """
        text = wanted.strip().casefold()
        found = await self._by_terms(connection_id, text) if text else []
        contacts = _contacts(found, text, own)
        if not contacts:
            contacts = _contacts(await self._newest(connection_id), text, own)
        return sorted(contacts, key=lambda one: (-one.messages, one.email))[:limit]

    async def _by_terms(self, connection_id: ConnectionId, text: str) -> list[Record]:
        found: dict[str, Record] = {}
        for field in (FROM, TO):
            if terms := person_terms(field, text):
                query = SearchQuery(PAGE, terms, without=UNWANTED)
                page = await self.records.search(connection_id, query)
                found |= {one.head.message_id: one for one in page.records}
        return [*found.values()]

    async def _newest(self, connection_id: ConnectionId) -> Sequence[Record]:
        page = await self.records.search(connection_id, SearchQuery(SEARCHED, without=UNWANTED))
        return page.records


def _contacts(records: Iterable[Record], text: str, own: str) -> list[Contact]:
    found: dict[str, Contact] = {}
    for record in records:
        for person in _people(message_of(record)):
            email = person["email"].casefold()
            if not email or email == own.casefold() or not _fits(person, text):
                continue
            contact = found.setdefault(email, Contact(email))
            contact.name = contact.name or person["name"]
            contact.messages += 1
            contact.last = max(contact.last, iso(record.head.internal_date))
    return [*found.values()]


def _people(message: dict[str, Any]) -> list[dict[str, str]]:
    people = [message.get("from"), *message.get("to", ()), *message.get("cc", ())]
    return [one for one in people if one]


def _fits(person: dict[str, str], text: str) -> bool:
    """Whether every word stands in the name or the address."""
    whole = f"{person['name']} {person['email']}"[:SEARCHED_CHARS].casefold()
    return all(word in whole for word in text.removeprefix("@").split())
