"""How much of the mail an event carries to one receiver."""

from enum import StrEnum


class Content(StrEnum):
    """What a receiver is sent of the messages that a `sync` event reports."""

    NONE = "none"
    SUMMARY = "summary"
    FULL = "full"
