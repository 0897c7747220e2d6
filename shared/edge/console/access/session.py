"""Who is signed in: a sealed cookie, worth as much as the settings say when it comes back.

Its name is stored, so that it can be listed and taken back: a cookie whose session is not there
opens nothing. The role is looked up at every request, so a person or a key that is taken out
of the settings is out at once; a session ends an hour after the last page that was asked for, and
eight hours after the sign-in at the latest.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from shared.domain.base64url import decode_base64url, encode_base64url
from shared.domain.ids import GoogleSub
from shared.domain.keys.console_session import ConsoleSession
from shared.edge.settings.console import ConsoleOptions, Role
from shared.edge.settings.deployment import Settings
from shared.errors import CorruptStateError
from shared.ports.access import ConsoleSessions
from shared.ports.documents import until_written, update
from shared.ports.google.oauth import Identity, Sealer
from shared.usecases.connect.tokens.token_seal import open_alone, seal_alone

IDLE = timedelta(hours=1)
LONGEST = timedelta(hours=8)
RENEW_AFTER = timedelta(minutes=5)
PURPOSE = "console-session"
MOST_CHARS = 3_800
"""A browser keeps no longer cookie."""


@dataclass(frozen=True, slots=True)
class Session:
    """A person at the console. `key` is the hash of the operator key, or `email` an address."""

    csrf: str
    since: datetime
    until: datetime
    key: str | None = None
    email: str | None = None
    hosted_domain: str | None = None
    role: Role = Role.VIEWER
    id: str = field(default_factory=lambda: token_urlsafe(16))

    @property
    def operator(self) -> bool:
        """Whether the person may change something."""
        return self.role is Role.OPERATOR

    @property
    def name(self) -> str:
        """What the person is called, in the console and in the operations log."""
        return self.email or f"operator key {(self.key or '')[:8]}"

    def renewable(self, now: datetime) -> bool:
        """Whether it is time to move the end."""
        return now > self.until - IDLE + RENEW_AFTER and now + IDLE < self.since + LONGEST


def key_session(digest: str, now: datetime) -> Session:
    """Return the session of a person who gave an operator key."""
    return Session(token_urlsafe(32), now, now + IDLE, key=digest, role=Role.OPERATOR)


def google_session(person: Identity, role: Role, now: datetime) -> Session:
    """Return the session of a person whom Google named."""
    email, hosted = person.email.strip().lower(), person.hosted_domain
    return Session(token_urlsafe(32), now, now + IDLE, None, email, hosted, role)


def record_of(session: Session, now: datetime) -> ConsoleSession:
    """Return what is stored of a session that is in use now."""
    return ConsoleSession(session.id, session.name, session.since, now, _end(session, now))


async def note_session(sessions: ConsoleSessions, session: Session, now: datetime) -> None:
    """Store that the session is in use, and on until when; one that was taken back stays away."""
    until = _end(session, now)
    await update(sessions, session.id, lambda was: replace(was, seen_at=now, expires_at=until))


async def drop_session(sessions: ConsoleSessions, id: str) -> None:
    """Take a session back: its cookie opens nothing from now on."""

    async def attempt() -> None:
        if (found := await sessions.get(id)) is not None:
            await sessions.delete(found)

    await until_written(attempt)


def cookie_name(settings: Settings) -> str:
    """`__Host-` where there is TLS: no other host can set it. Plain on loopback only."""
    return "__Host-postroom-console" if settings.secure else "postroom-console"


async def set_session(
    response: Response, session: Session, settings: Settings, sealer: Sealer, now: datetime
) -> None:
    """Give the browser the session, for an hour from now."""
    until = _end(session, now)
    sealed = await seal_alone(
        sealer, _encode(replace(session, until=until)), owner=PURPOSE, purpose=PURPOSE
    )
    set_sealed(response, cookie_name(settings), sealed, settings, until - now, path="/")


def end_session(response: Response, settings: Settings) -> None:
    """Take the session away from the browser."""
    name = cookie_name(settings)
    response.delete_cookie(name, path="/", secure=settings.secure, httponly=True, samesite="lax")


async def session_of(
    request: Request, settings: Settings, sealer: Sealer, now: datetime, sessions: ConsoleSessions
) -> Session | None:
    """Return who asks; None for a stranger, an old or a revoked session, or one no longer let in.

    Raises StoreUnavailableError.
    """
    session = await sealed_session(request, settings, sealer, now)
    return session if session and await sessions.get(session.id) else None


async def sealed_session(
    request: Request, settings: Settings, sealer: Sealer, now: datetime
) -> Session | None:
    """Return whom the cookie names, whether the session was taken back or not."""
    sealed = sealed_cookie(request, cookie_name(settings))
    if sealed is None:
        return None
    try:
        text = await open_alone(sealer, sealed, owner=PURPOSE, purpose=PURPOSE)
        session = _decode(orjson.loads(text))
    except (CorruptStateError, ValueError, KeyError, TypeError):
        return None
    role = _role(session, settings.console)
    if role is None or now >= min(session.until, session.since + LONGEST):
        return None
    return replace(session, role=role)


def set_sealed(
    response: Response,
    name: str,
    sealed: bytes,
    settings: Settings,
    lifetime: timedelta,
    *,
    path: str,
) -> None:
    """Set a cookie that no script reads and no foreign form sends along."""
    response.set_cookie(
        name,
        encode_base64url(sealed),
        max_age=int(lifetime.total_seconds()),
        path=path,
        secure=settings.secure,
        httponly=True,
        samesite="lax",
    )


def sealed_cookie(request: Request, name: str) -> bytes | None:
    """Return the sealed bytes of a cookie, None where there are none."""
    text = request.cookies.get(name, "")
    if not text or len(text) > MOST_CHARS:
        return None
    try:
        return decode_base64url(text)
    except ValueError:
        return None


def _role(session: Session, options: ConsoleOptions) -> Role | None:
    if session.key is not None:
        return Role.OPERATOR if session.key in options.keys else None
    if session.email is None:
        return None
    known = Identity(GoogleSub(""), session.email, True, session.hosted_domain)  # noqa: FBT003
    return options.role_of(known)


def _encode(session: Session) -> str:
    return orjson.dumps(
        {
            "id": session.id,
            "csrf": session.csrf,
            "since": session.since.timestamp(),
            "until": session.until.timestamp(),
            "key": session.key,
            "email": session.email,
            "hosted_domain": session.hosted_domain,
        }
    ).decode()


def _decode(stored: dict[str, Any]) -> Session:
    """Raise KeyError, TypeError, ValueError where it is not what `_encode` writes."""
    return Session(
        csrf=str(stored["csrf"]),
        since=datetime.fromtimestamp(float(stored["since"]), UTC),
        until=datetime.fromtimestamp(float(stored["until"]), UTC),
        key=stored["key"],
        email=stored["email"],
        hosted_domain=stored["hosted_domain"],
        id=str(stored["id"]),
    )


def _end(session: Session, now: datetime) -> datetime:
    """Return when a session that is in use now is over."""
    return min(now + IDLE, session.since + LONGEST)


def digest_of_key(key: str) -> str:
    """Return the form in which an operator key is configured."""
    return sha256(key.strip().encode()).hexdigest()
