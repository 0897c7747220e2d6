"""Google sends the end user back: check everything, then bind, ask, or explain (DESIGN 5.3)."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.connect.connect_session import ConnectSession, ConnectStatus, OAuthState
from shared.domain.connect.connection import Connection, ConnectionStatus
from shared.domain.connect.scopes import is_narrowed, missing
from shared.domain.google.refusals import CONSENT_ERRORS
from shared.domain.google.trouble import DeploymentError, GrantEndedError
from shared.errors import (
    ConfigurationError,
    ConnectRefusedError,
    GrantRevokedError,
    PostroomError,
    ReauthRequiredError,
    TransientError,
    UnauthenticatedError,
)
from shared.ports.clock import Clock
from shared.ports.connections import Connections, ConnectSessions, OAuthStates
from shared.ports.google.oauth import GoogleOAuth, Identity, Sealer, Tokens
from shared.usecases.connect.consent.create_connection import CreateConnection
from shared.usecases.connect.consent.outcomes import (
    ConfirmNeeded,
    Connected,
    ConsentOutcome,
    FailConsent,
    Refusal,
    Refused,
)
from shared.usecases.connect.consent.pending import PendingGrants, agrees
from shared.usecases.connect.consent.start_consent import VERIFIER, consume_state, unknown_state
from shared.usecases.connect.settings import ConnectSettings
from shared.usecases.connect.tokens.token_seal import open_alone

PAGE_OF = {"org_internal": "org_internal", "policy_enforced": "admin_policy_enforced"}
"""The page for why a grant that was never used has ended."""


@dataclass(frozen=True, slots=True)
class ConsentAnswer:
    """What came to the redirect address; `cookie` is this flow's, if the browser sent it."""

    state: str
    cookie: str | None
    code: str | None = None
    error: str | None = None
    iss: str | None = None


@dataclass(frozen=True)
class FinishConsent:
    """Return how the consent ended; what was expected to go wrong is an outcome."""

    sessions: ConnectSessions
    states: OAuthStates
    connections: Connections
    sealer: Sealer
    oauth: GoogleOAuth
    clock: Clock
    settings: ConnectSettings
    create_connection: CreateConnection
    pending_grants: PendingGrants
    refuse: FailConsent

    async def __call__(self, answer: ConsentAnswer) -> ConsentOutcome:
        """Raise ConnectRefusedError where the answer belongs to no flow of this browser."""
        started_at = self.clock.now()
        state = await consume_state(self.states, answer.state, answer.cookie)
        session = await _session_of(self.sessions, state)
        if state.used:
            return await self._shown_again(session)
        try:
            outcome = await self._finish(answer, state, session, started_at)
        except PostroomError as error:
            outcome = Refusal(_code(error))
        if isinstance(outcome, Refusal):
            return await self.refuse(session, outcome, started_at)
        return outcome

    async def _shown_again(self, session: ConnectSession) -> Connected:
        """Return the success of a consent whose page is loaded again."""
        id = session.connection_id
        found = await self.connections.get(id) if id is not None else None
        if found is None or session.status is not ConnectStatus.CONNECTED:
            raise unknown_state()
        return Connected(
            found.value.id, found.value.email, reconnected=session.reconnect is not None
        )

    async def _finish(
        self, answer: ConsentAnswer, state: OAuthState, session: ConnectSession, began: datetime
    ) -> ConsentOutcome | Refusal:
        if session.status is ConnectStatus.CONNECTED:
            return Refusal("already_connected")
        if state.expires_at <= began:
            return Refusal("expired_state")
        code = self._checked_code(answer)
        before = await self._find_reconnecting(session)
        if before is not None:
            # Who it must be is known: joined before the exchange, no revocation can come between.
            await self.create_connection.join(before)
        tokens = await self._exchange(code, state)
        identity = await self.oauth.verify_id_token(tokens.id_token or "", nonce=state.nonce)
        refusal = _refusal_of(session, before, identity, tokens)
        if refusal is not None:
            return refusal
        if before is None and not agrees(session, identity):
            return await self._ask_confirmation(session, identity, tokens)
        return await self.create_connection(session, identity, tokens, began)

    def _checked_code(self, answer: ConsentAnswer) -> str:
        """Return the code to redeem. An answer of another issuer is never redeemed (FACTS 6.1)."""
        if answer.iss is not None and answer.iss != self.settings.issuer:
            raise ConnectRefusedError("The answer came from elsewhere.", code="wrong_issuer")
        if answer.error is not None:
            code = answer.error if answer.error in CONSENT_ERRORS else "google_error"
            raise ConnectRefusedError("Google refused.", code=code)
        if answer.iss is None or not answer.code:
            raise ConnectRefusedError("The answer is incomplete.", code="google_error")
        return answer.code

    async def _find_reconnecting(self, session: ConnectSession) -> Connection | None:
        if session.reconnect is None:
            return None
        found = await self.connections.get(session.reconnect)
        if found is None or found.value.status is ConnectionStatus.DISCONNECTING:
            raise ConnectRefusedError("The connection was removed.", code="disconnecting")
        return found.value

    async def _exchange(self, code: str, state: OAuthState) -> Tokens:
        verifier = await open_alone(
            self.sealer, state.code_verifier, owner=state.id, purpose=VERIFIER
        )
        return await self.oauth.exchange(code=code, code_verifier=verifier)

    async def _ask_confirmation(
        self, session: ConnectSession, identity: Identity, tokens: Tokens
    ) -> ConfirmNeeded:
        return await self.pending_grants.keep(session, identity, tokens)


async def _session_of(sessions: ConnectSessions, state: OAuthState) -> ConnectSession:
    found = await sessions.get(state.session_id)
    if found is None or found.value.deleted:
        raise ConnectRefusedError("The connect session is over.", code="expired_session")
    return found.value


def _refusal_of(
    session: ConnectSession, before: Connection | None, identity: Identity, tokens: Tokens
) -> Refusal | None:
    if before is not None and not before.is_of(identity.sub, identity.email):
        return Refusal("wrong_account", expected=before.email, given=identity.email)
    if not identity.email_verified:
        return Refusal("unverified_email", given=identity.email)
    if untick := missing(session.scopes, tokens.scopes):
        return Refusal("missing_scope", scopes=untick)
    if is_narrowed(tokens.scopes):
        return Refusal("metadata_scope")
    if tokens.refresh_token is None:
        return Refusal("google_error")
    return None


def _code(error: PostroomError) -> str:
    """Return the page for an error of Google's or ours. Unknown ones go on as they are."""
    match error:
        case ConnectRefusedError(code=code):
            return code
        case ReauthRequiredError():
            return _page_of(error)
        case UnauthenticatedError():
            return "bad_identity"
        case ConfigurationError() | DeploymentError():
            return "invalid_client"
        case TransientError():
            return "unavailable"
    raise error


def _page_of(error: ReauthRequiredError) -> str:
    if isinstance(error, GrantEndedError):
        return PAGE_OF.get(error.cause, "google_error")
    return "invalid_grant" if isinstance(error, GrantRevokedError) else "session_policy"


@dataclass(frozen=True)
class ConfirmBinding:
    """Bind what was kept, or forget it.

    A declined grant is forgotten, not revoked: revocation would reach every other connection of
    that Google user (FACTS 6.9), and without the tokens it cannot be used.
    """

    sessions: ConnectSessions
    states: OAuthStates
    clock: Clock
    pending_grants: PendingGrants
    create_connection: CreateConnection
    refuse: FailConsent

    async def __call__(
        self, token: str, cookie: str | None, *, accepted: bool
    ) -> Connected | Refused:
        """Raise ConnectRefusedError where the confirmation belongs to no flow of this browser."""
        started_at = self.clock.now()
        state = await consume_state(self.states, token, cookie)
        session = await _session_of(self.sessions, state)
        if state.used:
            raise unknown_state()
        if session.status is ConnectStatus.CONNECTED:
            return await self.refuse(session, Refusal("already_connected"), started_at)
        if not accepted:
            return await self.refuse(session, Refusal("declined"), started_at)
        if state.expires_at <= started_at:
            return await self.refuse(session, Refusal("expired_state"), started_at)
        try:
            identity, tokens = await self.pending_grants.open(state)
            return await self.create_connection(session, identity, tokens, started_at)
        except PostroomError as error:
            return await self.refuse(session, Refusal(_code(error)), started_at)
