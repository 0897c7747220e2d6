"""Python client of the HTTP API, for products; it knows that API and nothing else of Postroom."""

from shared.client.connections import Connection, ConnectionDetails, ConnectSession
from shared.client.errors import (
    ConflictError,
    ForbiddenError,
    InProgressError,
    InvalidRequestError,
    NotAuthenticatedError,
    NotFoundError,
    PostroomApiError,
    PostroomError,
    PostroomUnreachableError,
    RateLimitedError,
    ReauthRequiredError,
    ServerError,
    UpstreamError,
    WaitingForApprovalError,
)
from shared.client.postroom import Postroom
from shared.client.records import EmailMessage, RecordsPage, Screen
from shared.client.sends import Message, Sent
from shared.client.syncs import SyncStatus
from shared.client.webhook import ForgedWebhookError, read_webhook
from shared.client.wire import Patience

__all__ = [
    "ConflictError",
    "ConnectSession",
    "Connection",
    "ConnectionDetails",
    "EmailMessage",
    "ForbiddenError",
    "ForgedWebhookError",
    "InProgressError",
    "InvalidRequestError",
    "Message",
    "NotAuthenticatedError",
    "NotFoundError",
    "Patience",
    "Postroom",
    "PostroomApiError",
    "PostroomError",
    "PostroomUnreachableError",
    "RateLimitedError",
    "ReauthRequiredError",
    "RecordsPage",
    "Screen",
    "Sent",
    "ServerError",
    "SyncStatus",
    "UpstreamError",
    "WaitingForApprovalError",
    "read_webhook",
]
