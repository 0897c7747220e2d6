"""How a Gmail method is declared: price, scopes, parameters (FACTS 1.3)."""

from collections.abc import Callable
from functools import wraps
from typing import Final

import orjson

from infra.local.google.gmail.call import Answer, Call, Method
from infra.local.google.gmail.errors import GmailError, unreadable
from infra.local.google.gmail.fields import parse_fields, select
from infra.local.google.gmail.payload import METADATA, SCOPE

COMMON: Final = frozenset(
    [
        "access_token",
        "alt",
        "callback",
        "fields",
        "key",
        "oauth_token",
        "prettyPrint",
        "quotaUser",
        "uploadType",
        "upload_protocol",
        "$.xgafv",
    ]
)
"""Parameters that every method takes."""

ALL_MAIL: Final = "https://mail.google.com/"
MODIFY: Final = f"{SCOPE}gmail.modify"
READONLY: Final = f"{SCOPE}gmail.readonly"
COMPOSE: Final = f"{SCOPE}gmail.compose"
LABELS: Final = f"{SCOPE}gmail.labels"
ADDONS: Final = f"{SCOPE}gmail.addons.current."

READ: Final = frozenset({ALL_MAIL, MODIFY, READONLY, METADATA})
READ_BODIES: Final = READ - {METADATA}
READ_SHOWN: Final = frozenset({f"{ADDONS}message.action", f"{ADDONS}message.readonly"})
"""An add-on may read the message that its user has open."""

READ_ONE: Final = READ | READ_SHOWN | {f"{ADDONS}message.metadata"}
CHANGE: Final = frozenset({ALL_MAIL, MODIFY})
DESTROY: Final = frozenset({ALL_MAIL})
WRITE_DRAFTS: Final = CHANGE | {COMPOSE, f"{ADDONS}action.compose"}
SEND: Final = WRITE_DRAFTS | {f"{SCOPE}gmail.send"}
PUT: Final = CHANGE | {f"{SCOPE}gmail.insert"}
READ_LABELS: Final = READ | {LABELS}
CHANGE_LABELS: Final = CHANGE | {LABELS}
SETTINGS_BASIC: Final = frozenset({f"{SCOPE}gmail.settings.basic"})
SETTINGS_SHARING: Final = frozenset({f"{SCOPE}gmail.settings.sharing"})
SETTINGS_CHANGE: Final = SETTINGS_BASIC | SETTINGS_SHARING
READ_SETTINGS: Final = READ_BODIES | SETTINGS_BASIC
READ_KEYS: Final = READ_SETTINGS | SETTINGS_SHARING

LISTING: Final = "includeSpamTrash labelIds maxResults pageToken q"
READING: Final = "format metadataHeaders"


def _with_checks(
    handler: Callable[[Call], Answer], params: frozenset[str]
) -> Callable[[Call], Answer]:
    """Refuse unknown parameters before, apply `fields` and `prettyPrint` after."""

    @wraps(handler)
    def answer(call: Call) -> Answer:
        for name in call.query.keys():  # noqa: SIM118 (a multi mapping, not a dict)
            if name not in params:
                raise unreadable(
                    f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query'
                    f" parameter. Field '{name}' could not be found in request message."
                )
        if call.query.get("alt") not in {None, "", "json"}:
            raise GmailError(501, "notImplemented", "Only alt=json is served here.")
        mask = parse_fields(call.query.get("fields") or "*")
        given = handler(call)
        if "*" not in mask and given is not None:
            given = select(orjson.loads(given) if isinstance(given, bytes) else given, mask)
        if call.query.get("prettyPrint") in {"true", "1"} and given is not None:
            data = orjson.loads(given) if isinstance(given, bytes) else given
            return orjson.dumps(data, option=orjson.OPT_INDENT_2)
        return given

    return answer


def method(
    name: str,
    route: str,
    units: int,
    scopes: frozenset[str],
    handler: Callable[[Call], Answer],
    params: str = "",
    *,
    upload: bool = False,
) -> Method:
    """Declare a method; `route` is its verb and its path below the mailbox."""
    verb, _, rest = route.partition(" ")
    path = f"/gmail/v1/users/{{userId}}/{rest}"
    allowed = frozenset(params.split()) | COMMON
    return Method(
        id=f"gmail.users.{name}",
        verb=verb,
        path=path,
        units=units,
        scopes=scopes,
        handler=_with_checks(handler, allowed),
        params=allowed,
        upload=f"/upload{path}" if upload else None,
    )
