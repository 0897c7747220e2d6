"""The bodies of one event: one for each form that its receivers want."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import orjson

from shared.domain.connect.connection import ConnectionStatus
from shared.domain.connect.integration_names import IntegrationNames
from shared.domain.events.delivery import body_of
from shared.domain.events.endpoint import Content
from shared.domain.events.event import Event
from shared.domain.events.flavour import Flavour
from shared.domain.ids import SequenceNumber
from shared.domain.sync.alias import SyncAliases
from shared.domain.sync.event import SYNC_NAME
from shared.domain.sync.records.content import MOST_BYTES, MOST_MESSAGES, content_row
from shared.errors import PostroomError
from shared.ports.connections import Connections
from shared.ports.sinks import Receiver
from shared.ports.sync_store import RecordPage, RecordQuery, Records
from shared.usecases.off_loop import off_loop, stored_weight

log = logging.getLogger(__name__)
Form = tuple[Flavour, Content]
"""What the bodies of two receivers differ by."""


@dataclass(frozen=True, slots=True)
class EventBodies:
    """Makes them; records are read only where a receiver wants messages."""

    connections: Connections
    records: Records
    integration: IntegrationNames
    aliases: SyncAliases

    async def __call__(self, event: Event, receivers: Iterable[Receiver]) -> Mapping[Form, bytes]:
        """Return the bytes of each form; messages that cannot be read are left out."""
        forms = {(one.flavour, one.content) for one in receivers}
        messages = {
            content: await self._messages(event, content) for content in {two for _, two in forms}
        }
        return {
            (flavour, content): body_of(
                event, flavour, messages[content], self._names(event, flavour)
            )
            for flavour, content in forms
        }

    def _names(self, event: Event, flavour: Flavour) -> Mapping[str, str]:
        """Return what a receiver written for Nango calls integration, sync and model."""
        if flavour is not Flavour.NANGO:
            return {}
        names = {"providerConfigKey": self.integration.first_alias}
        alias = self.aliases.first
        if alias is not None and event.payload.get("syncName") == SYNC_NAME:
            names |= {"syncName": alias.sync, "model": alias.model}
        return names

    async def _messages(self, event: Event, content: Content) -> bytes:
        """Return the members `messages` and `messagesComplete`; nothing where none are wanted."""
        after = event.payload.get("sequenceBefore")
        if content is Content.NONE or after is None:
            return b""
        rows: list[bytes] = []
        complete = False
        try:
            rows, complete = await self._rows(event, content, SequenceNumber(after))
        except (PostroomError, ValueError) as error:  # the news goes out all the same
            log.warning("content left out: %s", type(error).__name__, extra={"event": event.id})
        joined, said = b",".join(rows), orjson.dumps(complete)
        return b'"messages":[%b],"messagesComplete":%b' % (joined, said)

    async def _rows(
        self, event: Event, content: Content, after: SequenceNumber
    ) -> tuple[list[bytes], bool]:
        """Return the messages that the event reports, and whether these are all of them.

        One that changed again meanwhile is left to the event that reports that.
        """
        page, until = await self._page(event, after), event.payload["cursorSequence"]
        reported = [one for one in page.records if one.head.sequence <= until]
        whole = page.last is None or len(reported) < len(page.records)
        rows: list[bytes] = []
        room = MOST_BYTES
        for record in reported[:MOST_MESSAGES]:
            weight, id = stored_weight(record), event.connection_id
            row = await off_loop(weight, content_row, record, id, content, room)
            if row is None:
                return rows, False
            rows.append(row)
            room -= len(row)
        return rows, whole and len(rows) == len(reported)

    async def _page(self, event: Event, after: SequenceNumber) -> RecordPage:
        """Return what changed after that; of a connection that is ending nothing is read."""
        found = await self.connections.get(event.connection_id)
        if found is None or found.value.status is ConnectionStatus.DISCONNECTING:
            return RecordPage()
        query = RecordQuery(after=after, limit=MOST_MESSAGES + 1)
        return await self.records.page(event.connection_id, query)
