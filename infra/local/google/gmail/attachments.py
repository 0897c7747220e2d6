"""users.messages.attachments."""

from base64 import urlsafe_b64encode

from infra.local.google.gmail.call import Answer, Call
from infra.local.google.gmail.errors import invalid, not_found
from infra.local.google.mail.rendering import attachments, body_bytes


def get(call: Call) -> Answer:
    """Return {size, data} for any attachment id ever handed out; the message id is ignored."""
    named = call.store.attachment_ids.read(call.path["id"])
    if named is None:
        raise invalid("Invalid attachment token")
    row, number = named
    if not call.store.owns(call.email, row):
        raise not_found()
    data = body_bytes(attachments(call.store.tree(row))[number])
    return {"size": len(data), "data": urlsafe_b64encode(data).decode()}
