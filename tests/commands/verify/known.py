"""What probes find of the emulated Google where they do not hold, each with its reason."""

from typing import Final

DIFFERENCES: Final = {
    "P37": "2026-11-29: the emulated Google answers every change with the whole message, as one "
    "recorded change was answered; whether that one changed anything is not known",
}
NOT_TRIED: Final = {
    "P25": "2026-11-29: a bare token has no refresh token; a connection's is tried beside it",
    "P40": "2026-11-29: a push comes to a connection only, which is tried beside it",
}
NOT_REPLAYED: Final = {
    "P33.history.list": "2026-11-29: the records of a draft come from calls to drafts, and a "
    "replay of history makes changes of messages",
}
"""What of a transcript answers otherwise in a mailbox that was built for one call."""
