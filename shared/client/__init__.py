"""Python client of the HTTP API, for products; nothing in `shared` imports it."""

from shared.client.answers import (
    Connection,
    ConnectSession,
    EmailMessage,
    Progress,
    RecordsPage,
    Screen,
    Sent,
    SyncStatus,
)
from shared.client.postroom import Postroom, PostroomApiError, PostroomUnreachableError

__all__ = [
    "ConnectSession",
    "Connection",
    "EmailMessage",
    "Postroom",
    "PostroomApiError",
    "PostroomUnreachableError",
    "Progress",
    "RecordsPage",
    "Screen",
    "Sent",
    "SyncStatus",
]
