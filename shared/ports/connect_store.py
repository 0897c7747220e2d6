"""The connect flow's short-lived documents."""

from typing import Protocol

from shared.domain.connect import ConnectSession, ConnectTicket, OAuthState
from shared.ports.documents import Documents


class ConnectSessions(Documents[ConnectSession], Protocol):
    """Sessions by the hash of their token."""


class ConnectTickets(Documents[ConnectTicket], Protocol):
    """Tickets by hash; taking one is deleting it and being answered True."""


class OAuthStates(Documents[OAuthState], Protocol):
    """Consents under way by the hash of their `state`; taken like a ticket."""
