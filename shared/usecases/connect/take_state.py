"""A consent under way is finished once, and in the browser that began it (DESIGN 5)."""

from hmac import compare_digest

from shared.domain.connect import OAuthState, token_hash
from shared.errors import ConflictError, ConnectRefusedError
from shared.ports.clock import Clock
from shared.ports.connect_store import OAuthStates


async def take_state(
    states: OAuthStates, clock: Clock, state: str, cookie: str | None
) -> OAuthState:
    """Answer what the `state` parameter stands for and make it worthless.

    Raises ConnectRefusedError: "unknown_state", "expired_state", "other_browser". A browser
    without the cookie does not use the state up: its owner may still come.
    """
    found = await states.get(token_hash(state))
    if found is None:
        raise _unknown()
    if not compare_digest(token_hash(cookie or ""), found.value.cookie_hash):
        raise ConnectRefusedError(
            "This sign-in was started in another browser.", code="other_browser"
        )
    if found.value.expires_at <= clock.now():
        raise ConnectRefusedError("This sign-in took too long.", code="expired_state")
    try:
        first = await states.delete(found)
    except ConflictError:
        first = False
    if not first:
        raise _unknown()
    return found.value


def _unknown() -> ConnectRefusedError:
    return ConnectRefusedError("This sign-in is unknown or was finished.", code="unknown_state")
