"""The corpus as the emulated Google hands it out and as Postroom reads it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, cast

from infra.local.google.mail.mime import Part, read_part
from shared.domain.mail.message_fields import iso
from shared.domain.mail.reading.email_message import EmailMessage, read_message, unfetched_bodies
from shared.domain.mail.reading.email_parts import ROOT
from tests.corpus.mail import Mail, Person
from tests.corpus.readers import folded
from tests.corpus.sources import corpus
from tests.infra.google.mail.room import Room

RECEIVED: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""When Gmail accepted every one of them."""
EMAIL: Final = "ann@acme.example"
_WORD: Final = re.compile(r"\w+")
_TAG: Final = re.compile(r"<[^<>]*>|[\x00-\x08\x0e-\x1f\x7f-\x9f]")
"""What may stand within a word; the white space among the controls ends one."""


@dataclass(frozen=True)
class Read:
    """A mail and what became of it."""

    mail: Mail
    tree: Part
    payload: dict[str, Any]
    record: EmailMessage


def fetch(mail: Mail, address_words: str = "decoded") -> dict[str, Any]:
    """Return Gmail's message JSON."""
    room = _room()
    room.store.address_words = "encoded" if address_words == "encoded" else "decoded"
    id = room.store.deliver(EMAIL, mail.raw, internal_date=RECEIVED).id
    message: dict[str, Any] = room.call("messages.get", id=id)
    return message


@cache
def _room() -> Room:
    return Room()


def read(mail: Mail, address_words: str = "decoded") -> Read:
    """Deliver and read one mail, with the large bodies that need a second request."""
    message = fetch(mail, address_words)
    tree = read_part(mail.raw)
    bodies = {id: _at(tree, id).text().encode() for id in unfetched_bodies(message)}
    record = read_message(message, bodies)
    json.dumps(record).encode()
    return Read(mail, tree, message["payload"], record)


@cache
def read_corpus(address_words: str = "decoded") -> tuple[Read, ...]:
    """Return the whole corpus, read."""
    return tuple(read(mail, address_words) for mail in corpus())


def received() -> str:
    """Return the date of a record that takes Gmail's."""
    return iso(RECEIVED)


def _at(tree: Part, part_id: str) -> Part:
    for step in filter(None, part_id.split(".")):
        tree = tree.parts[int(step)]
    return tree


def lost_leaves(one: Read) -> list[str]:
    """Return the ids of leaves with content that are neither a body nor an attachment.

    What lies in an attached message belongs to it.
    """
    attached = {found["partId"] for found in one.record["attachments"]}
    words = _words(f"{one.record['text']} {one.record['html'] or ''}")
    return [
        part_id
        for part_id, part in _leaves(one.tree, "")
        if part.body and (part_id or ROOT) not in attached and not _words(part.text()) <= words
    ]


def _leaves(part: Part, part_id: str) -> Iterator[tuple[str, Part]]:
    if not part.parts or part.mime_type == "message/rfc822":
        yield part_id, part
        return
    for number, child in enumerate(part.parts):
        yield from _leaves(child, f"{part_id}.{number}" if part_id else str(number))


def _words(text: str) -> set[str]:
    return set(_WORD.findall(_TAG.sub(" ", text))) | set(_WORD.findall(_TAG.sub("", text)))


def is_shown(text: str, record: EmailMessage) -> bool:
    """Whether a body of the record holds the text."""
    bodies = (record["text"], record["html"] or "")
    return any(folded(text) in folded(body) for body in bodies)


def people(record: EmailMessage, field: str) -> list[Person]:
    """Return the people in a field of the record."""
    given = cast("dict[str, Any]", record)[field]
    return [(one["name"], one["email"]) for one in ([given] if field == "from" else given)]
