"""users.settings.sendAs, read only: writing it takes a service account (FACTS 5.11)."""

from infra.local.google.gmail.call import Answer, Call
from infra.local.google.gmail.errors import not_found
from infra.local.google.mail.aliases import list_send_as


def list_(call: Call) -> Answer:
    """List the addresses the mailbox may send from, verified or not."""
    return {"sendAs": list_send_as(call.store, call.email)}


def get(call: Call) -> Answer:
    """Return one of them."""
    wanted = call.path["sendAsEmail"].lower()
    for entry in list_send_as(call.store, call.email):
        if entry["sendAsEmail"] == wanted:
            return entry
    raise not_found()
