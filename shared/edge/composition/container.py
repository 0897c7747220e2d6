"""The use cases of one deployment, composed from its ports.

One process has one wiring per settings: functions that share a process (the laptop) share its
stores and its warm connections to Google.
"""

# ruff: noqa: PLC0415  each function loads only the use cases it serves (FACTS 16.4)

from functools import cached_property
from typing import TYPE_CHECKING

from shared.edge.composition.keys import WiredKeys
from shared.edge.composition.sends import WiredSends
from shared.edge.settings.deployment import Settings

if TYPE_CHECKING:
    from shared.usecases.connect.begin_sync import BeginSync
    from shared.usecases.connect.create_connection import CreateConnection
    from shared.usecases.connect.disconnect import AcceptDisconnect, Disconnect
    from shared.usecases.connect.finish_consent import ConfirmBinding, FinishConsent
    from shared.usecases.connect.import_refresh_token import ImportGrant
    from shared.usecases.connect.outcomes import FailConsent
    from shared.usecases.connect.pending import PendingGrants
    from shared.usecases.connect.read_credentials import ReadCredentials
    from shared.usecases.connect.sessions import (
        CreateConnectSession,
        ExchangeTicket,
        OpenConnectSession,
        TakeTicket,
        WithdrawConnectSession,
    )
    from shared.usecases.connect.start_consent import StartConsent


class Wiring(WiredKeys, WiredSends):
    """Ports and use cases; here those of connecting and disconnecting."""

    @cached_property
    def create_connect_session(self) -> "CreateConnectSession":
        """Opens a connect session."""
        from shared.usecases.connect.sessions import CreateConnectSession

        return CreateConnectSession(
            sessions=self.connect_sessions,
            connections=self.connections,
            clock=self.clock,
            settings=self.connect_settings,
        )

    @cached_property
    def open_connect_session(self) -> "OpenConnectSession":
        """Answers the session of a token."""
        from shared.usecases.connect.sessions import OpenConnectSession

        return OpenConnectSession(sessions=self.connect_sessions, clock=self.clock)

    @cached_property
    def withdraw_connect_session(self) -> "WithdrawConnectSession":
        """Ends a session early."""
        from shared.usecases.connect.sessions import WithdrawConnectSession

        return WithdrawConnectSession(sessions=self.connect_sessions)

    @cached_property
    def exchange_ticket(self) -> "ExchangeTicket":
        """Gives a ticket for a session."""
        from shared.usecases.connect.sessions import ExchangeTicket

        return ExchangeTicket(tickets=self.connect_tickets, clock=self.clock)

    @cached_property
    def take_ticket(self) -> "TakeTicket":
        """Takes a ticket, once."""
        from shared.usecases.connect.sessions import TakeTicket

        return TakeTicket(tickets=self.connect_tickets, clock=self.clock)

    @cached_property
    def start_consent(self) -> "StartConsent":
        """Sends the browser to Google."""
        from shared.usecases.connect.start_consent import StartConsent

        return StartConsent(
            sessions=self.connect_sessions,
            states=self.oauth_states,
            connections=self.connections,
            sealer=self.sealer,
            oauth=self.oauth,
            clock=self.clock,
        )

    @cached_property
    def begin_sync(self) -> "BeginSync":
        """Starts the sync of a new connection."""
        from shared.usecases.connect.begin_sync import BeginSync

        return BeginSync(
            sync_states=self.sync_states,
            outbox=self.outbox,
            clock=self.clock,
            settings=self.connect_settings,
        )

    @cached_property
    def create_connection(self) -> "CreateConnection":
        """Turns a consent into a connection."""
        from shared.usecases.connect.create_connection import CreateConnection

        return CreateConnection(
            connections=self.connections,
            grants=self.grants,
            google_users=self.google_users,
            mailboxes=self.mailboxes,
            sessions=self.connect_sessions,
            operations=self.operations,
            queue=self.queue,
            sealer=self.sealer,
            oauth=self.oauth,
            clock=self.clock,
            begin_sync=self.begin_sync,
            start_watch=self.start_watch,
            forget_tokens=self.access_tokens.forget,
        )

    @cached_property
    def import_grant(self) -> "ImportGrant":
        """Turns a refresh token into a connection."""
        from shared.usecases.connect.import_refresh_token import ImportGrant

        return ImportGrant(
            connections=self.connections,
            oauth=self.oauth,
            clock=self.clock,
            create_connection=self.create_connection,
            change_connection=self.change_connection,
        )

    @cached_property
    def pending_grants(self) -> "PendingGrants":
        """Keeps a consent until it is confirmed."""
        from shared.usecases.connect.pending import PendingGrants

        return PendingGrants(states=self.oauth_states, sealer=self.sealer, clock=self.clock)

    @cached_property
    def fail_consent(self) -> "FailConsent":
        """Records a consent that failed."""
        from shared.usecases.connect.outcomes import FailConsent

        return FailConsent(
            sessions=self.connect_sessions,
            operations=self.operations,
            exchange_ticket=self.exchange_ticket,
            clock=self.clock,
        )

    @cached_property
    def finish_consent(self) -> "FinishConsent":
        """Takes Google's answer."""
        from shared.usecases.connect.finish_consent import FinishConsent

        return FinishConsent(
            sessions=self.connect_sessions,
            states=self.oauth_states,
            connections=self.connections,
            sealer=self.sealer,
            oauth=self.oauth,
            clock=self.clock,
            settings=self.connect_settings,
            create_connection=self.create_connection,
            pending_grants=self.pending_grants,
            refuse=self.fail_consent,
        )

    @cached_property
    def confirm_binding(self) -> "ConfirmBinding":
        """Takes the end user's word on which mailbox is meant."""
        from shared.usecases.connect.finish_consent import ConfirmBinding

        return ConfirmBinding(
            sessions=self.connect_sessions,
            states=self.oauth_states,
            clock=self.clock,
            pending_grants=self.pending_grants,
            create_connection=self.create_connection,
            refuse=self.fail_consent,
        )

    @cached_property
    def read_credentials(self) -> "ReadCredentials":
        """Answers a connection's live tokens."""
        from shared.usecases.connect.read_credentials import ReadCredentials

        return ReadCredentials(
            grants=self.grants, access_tokens=self.access_tokens, sealer=self.sealer
        )

    @cached_property
    def accept_disconnect(self) -> "AcceptDisconnect":
        """Accepts a disconnect durably."""
        from shared.usecases.connect.disconnect import AcceptDisconnect

        return AcceptDisconnect(connections=self.connections, queue=self.queue, clock=self.clock)

    @cached_property
    def disconnect(self) -> "Disconnect":
        """Carries a disconnect out, step by step."""
        from shared.usecases.connect.disconnect import Disconnect

        return Disconnect(
            connections=self.connections,
            grants=self.grants,
            google_users=self.google_users,
            mailboxes=self.mailboxes,
            sync_states=self.sync_states,
            records=self.records,
            outbox=self.outbox,
            operations=self.operations,
            receipts=self.receipts,
            retention=self.retention,
            gmail=self.gmail,
            oauth=self.oauth,
            sealer=self.sealer,
            queue=self.queue,
            clock=self.clock,
            settings=self.connect_settings,
            forget_tokens=self.access_tokens.forget,
        )


_WIRINGS: dict[Settings, Wiring] = {}


def wiring_for(settings: Settings) -> Wiring:
    """Return this process's wiring for `settings`."""
    return _WIRINGS.setdefault(settings, Wiring(settings))


def forget(settings: Settings) -> None:
    """Drop this process's wiring for `settings`; the next request composes a new one."""
    _WIRINGS.pop(settings, None)
