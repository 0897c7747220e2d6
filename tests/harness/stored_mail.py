"""Mail in the records as a sync stores it, without a sync."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from shared.domain.ids import LabelId, ThreadId
from shared.domain.mail.message_fields import iso
from shared.domain.mail.reply_text.extract import reply_text
from shared.domain.sync.records.payload import make_payload
from shared.domain.sync.records.record import Record
from shared.domain.sync.records.search import terms_of
from tests.harness.samples import NOW, a_record

ANN = {"name": "Ann Lee", "email": "ann@acme.example"}
BOB = {"name": "Bob", "email": "bob@far.example"}
ME = {"name": "Ada", "email": "ada@acme.example"}


def stored_mail(
    number: int,
    subject: str = "Hello",
    text: str = "Hi.",
    *,
    sender: Mapping[str, str] = BOB,
    to: Sequence[Mapping[str, str]] = (ME,),
    thread: int | None = None,
    labels: Sequence[str] = ("INBOX",),
    **fields: Any,
) -> Record:
    """Return the record of a message of `number` minutes after NOW."""
    made = a_record(
        number,
        thread_id=ThreadId(f"{thread or number:016x}"),
        label_ids=frozenset(map(LabelId, labels)),
    )
    message = {
        "id": made.head.message_id,
        "threadId": made.head.thread_id,
        "from": sender,
        "to": [*to],
        "cc": [],
        "bcc": [],
        "subject": subject,
        "snippet": text[:40],
        "date": iso(NOW + timedelta(minutes=number)),
        "text": text,
        "replyText": reply_text(text),
        "html": None,
        "attachments": [],
        **fields,
    }
    return replace(made, payload=make_payload(message).data, terms=terms_of(message))
