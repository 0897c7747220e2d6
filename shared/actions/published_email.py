"""The record that Nango's published Gmail sync makes of a message, for code that reads it."""

# ruff: noqa: N815  names of the published model

from functools import cache

from pydantic import BaseModel, ConfigDict, Field, create_model

from shared.domain.mail.message_fields import iso
from shared.domain.mail.reading.address_list import format_addresses
from shared.domain.mail.reading.email_message import EmailMessage, received_at
from shared.domain.sync.alias import SyncAlias
from shared.domain.sync.records.projection import Projection

SUMMARY = "The mailbox, as records of the published model that the product's code reads."


class PublishedAttachment(BaseModel):
    """A file; `attachmentId` is its part id, which stays, unlike Gmail's ids (FACTS 4.5)."""

    model_config = ConfigDict(frozen=True)

    filename: str
    mimeType: str
    size: int
    attachmentId: str


class PublishedEmail(BaseModel):
    """A message: people are text as headers have them, the date is Gmail's own."""

    model_config = ConfigDict(frozen=True)

    sender: str
    recipients: str
    date: str
    subject: str
    body: str = Field(description="Its text.")
    attachments: list[PublishedAttachment]
    threadId: str


@cache
def published_email(alias: SyncAlias) -> Projection[PublishedEmail]:
    """Return the projection that makes records of the alias's model."""
    model = create_model(alias.model, __base__=PublishedEmail)

    def project(message: EmailMessage) -> PublishedEmail:
        return model(
            sender=format_addresses([message["from"]]),
            recipients=format_addresses(message["to"]),
            date=iso(received_at(message)),
            subject=message["subject"],
            body=message["text"],
            attachments=[
                PublishedAttachment(
                    filename=one["filename"],
                    mimeType=one["mimeType"],
                    size=one["size"],
                    attachmentId=one["partId"],
                )
                for one in message["attachments"]
            ],
            threadId=message["threadId"],
        )

    return Projection(model, project, alias.sync, SUMMARY)
