"""Python client of the HTTP API, for products; it knows that API and nothing else of Postroom."""

from .blocking import PostroomSync
from .connections import Connection, ConnectionDetails, ConnectSession
from .errors import (
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
from .postroom import Postroom
from .records import EmailMessage, RecordsPage, Screen
from .sends import Message, Sent
from .syncs import SyncStatus
from .transport import RetryPolicy
from .webhook import ForgedWebhookError, read_webhook

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
    "Postroom",
    "PostroomApiError",
    "PostroomError",
    "PostroomSync",
    "PostroomUnreachableError",
    "RateLimitedError",
    "ReauthRequiredError",
    "RecordsPage",
    "RetryPolicy",
    "Screen",
    "Sent",
    "ServerError",
    "SyncStatus",
    "UpstreamError",
    "WaitingForApprovalError",
    "read_webhook",
]
