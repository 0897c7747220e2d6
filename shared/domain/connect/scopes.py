"""Gmail's OAuth scopes: presets, spelling, and what a grant allows (FACTS 6.11)."""

from collections.abc import Iterable

MAIL = "https://mail.google.com/"
GMAIL_PREFIX = "https://www.googleapis.com/auth/gmail."
MODIFY = f"{GMAIL_PREFIX}modify"
READONLY = f"{GMAIL_PREFIX}readonly"
COMPOSE = f"{GMAIL_PREFIX}compose"
SEND = f"{GMAIL_PREFIX}send"
LABELS = f"{GMAIL_PREFIX}labels"
METADATA = f"{GMAIL_PREFIX}metadata"
INSERT = f"{GMAIL_PREFIX}insert"
SETTINGS_BASIC = f"{GMAIL_PREFIX}settings.basic"
SETTINGS_SHARING = f"{GMAIL_PREFIX}settings.sharing"
"""Google lets service accounts with domain-wide authority use it, and no one else."""

CONTACTS = "https://www.googleapis.com/auth/contacts.readonly"
EXTRA = frozenset({CONTACTS})
"""Scopes beside Gmail's that a ready sync needs; asked for in full."""

SIGN_IN = ("openid", "email")
"""Always asked: the id_token's `sub` is the identity (FACTS 6.5)."""
PRESETS = {"send": (SEND,), "read": (READONLY,), "full": (MODIFY,)}
DEFAULT = PRESETS["full"]
KNOWN = frozenset({
    MAIL, MODIFY, READONLY, COMPOSE, SEND, LABELS, METADATA, INSERT, SETTINGS_BASIC,
    SETTINGS_SHARING,
})  # fmt: skip

_MODIFY_INCLUDES = frozenset({READONLY, COMPOSE, SEND, LABELS, METADATA, INSERT})
INCLUDES = {
    MAIL: KNOWN - {MAIL, SETTINGS_BASIC, SETTINGS_SHARING},
    MODIFY: _MODIFY_INCLUDES,
    READONLY: frozenset({METADATA}),
    COMPOSE: frozenset({SEND}),
}
"""What a wider scope allows without being asked for the narrower one."""


def spelled_out(names: Iterable[str]) -> tuple[str, ...]:
    """Return Gmail scopes in full from presets, short names (`gmail.send`) and addresses.

    Sign-in scopes are left out: they are always asked. Raises ValueError naming the unknown one.
    """
    scopes: dict[str, None] = {}
    for name in names:
        scopes.update(dict.fromkeys(_spell(name)))
    return tuple(scopes)


def _spell(name: str) -> tuple[str, ...]:
    if name in PRESETS:
        return PRESETS[name]
    if name in {*SIGN_IN, "profile"} or "/auth/userinfo." in name:
        return ()
    full = f"{GMAIL_PREFIX}{name.removeprefix('gmail.')}" if name.startswith("gmail.") else name
    full = MAIL if full.rstrip("/") == MAIL.rstrip("/") else full
    if full not in KNOWN | EXTRA:
        raise ValueError(name)
    return (full,)


def implied_scopes(granted: Iterable[str]) -> frozenset[str]:
    """Return the granted scopes with all that they include."""
    scopes = frozenset(granted)
    return scopes.union(*(INCLUDES.get(scope, frozenset()) for scope in scopes))


def missing(asked: Iterable[str], granted: Iterable[str]) -> tuple[str, ...]:
    """Return what was asked and not granted: an end user may untick scopes (FACTS 6.3)."""
    have = implied_scopes(granted)
    return tuple(scope for scope in asked if scope not in have)


def is_narrowed(granted: Iterable[str]) -> bool:
    """Whether gmail.metadata stands beside a scope that reads whole messages (FACTS 18.10).

    Gmail then refuses searches and full messages, whatever else was granted.
    """
    scopes = frozenset(granted)
    return METADATA in scopes and READONLY in implied_scopes(scopes)


def reads(granted: Iterable[str]) -> bool:
    """Whether a mailbox can be synced with this grant."""
    return READONLY in implied_scopes(granted)
