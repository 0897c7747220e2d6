"""Records as the page shows them: rows of a list, messages of a conversation."""

from collections.abc import Sequence
from typing import Any

from infra.local.product.mail_body import is_simple, shows_remote_images
from shared.client import EmailMessage
from shared.client.records import Attachment

Json = dict[str, Any]


def row(record: EmailMessage) -> Json:
    """Return what a list shows of a message."""
    return {
        "id": record["id"],
        "threadId": record["threadId"],
        "labels": record["labelIds"],
        "unread": record["isUnread"],
        "sent": record["isSent"],
        "draft": record["isDraft"],
        "arrived": record["origin"] == "live",
        "date": record.get("date"),
        "from": record.get("from") or {"name": "", "email": ""},
        "to": record.get("to") or [],
        "subject": record.get("subject") or "",
        "snippet": record.get("snippet") or "",
        "files": len(_files(record)),
    }


def message(record: EmailMessage) -> Json:
    """Return what a conversation shows of a message; its HTML is a document of its own."""
    html: str = record.get("html") or ""
    return {
        **row(record),
        "cc": record.get("cc") or [],
        "replyTo": record.get("replyTo") or [],
        "text": record.get("text") or "",
        "replyText": record.get("replyText") or record.get("text") or "",
        "html": bool(html),
        "simple": is_simple(html),
        "remoteImages": shows_remote_images(html),
        "attachments": _files(record),
        "truncated": bool(record.get("body_truncated")),
        "emptied": record["_nango_metadata"]["pruned_at"] is not None,
    }


def _files(record: EmailMessage) -> Sequence[Attachment]:
    return [part for part in record.get("attachments") or [] if not part.get("inline")]
