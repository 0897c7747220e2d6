"""The end user says whether the Google address is the one that is meant."""

from dataclasses import dataclass

from shared.domain.connect import ConnectStatus
from shared.errors import ConnectRefusedError, TransientError
from shared.ports.clock import Clock
from shared.ports.connect_store import ConnectSessions, OAuthStates
from shared.usecases.bind_grant import BindGrant
from shared.usecases.connect.outcomes import Connected, Refusal, Refused
from shared.usecases.connect.pending import PendingGrants
from shared.usecases.connect.refuse import RefuseConsent
from shared.usecases.connect.take_state import take_state


@dataclass(frozen=True)
class ConfirmBinding:
    """Bind what was kept, or forget it.

    A declined grant is forgotten, not revoked: revocation would reach every other connection of
    that Google user (FACTS 6.9), and without the tokens nobody can use it.
    """

    sessions: ConnectSessions
    states: OAuthStates
    clock: Clock
    pending_grants: PendingGrants
    bind_grant: BindGrant
    refuse: RefuseConsent

    async def __call__(
        self, token: str, cookie: str | None, *, accepted: bool
    ) -> Connected | Refused:
        """Raise ConnectRefusedError where the confirmation belongs to no flow of this browser."""
        started_at = self.clock.now()
        state = await take_state(self.states, self.clock, token, cookie)
        found = await self.sessions.get(state.session_id)
        if found is None or found.value.deleted:
            raise ConnectRefusedError("The connect session is over.", code="expired_session")
        session = found.value
        if session.status is ConnectStatus.CONNECTED:
            return await self.refuse(session, Refusal("already_connected"), started_at)
        if not accepted:
            return await self.refuse(session, Refusal("declined"), started_at)
        identity, tokens = await self.pending_grants.open(state)
        try:
            return await self.bind_grant(session, identity, tokens, started_at)
        except ConnectRefusedError as refused:
            return await self.refuse(session, Refusal(refused.code), started_at)
        except TransientError:
            return await self.refuse(session, Refusal("unavailable"), started_at)
