"""The method table: every Gmail method served here, with price and scopes (FACTS 1.3)."""

from collections.abc import Callable
from functools import wraps
from typing import Final

import orjson

from infra.local.google.gmail import (
    account_settings,
    attachments,
    drafts,
    history,
    labels,
    messages,
    settings,
    threads,
    users,
)
from infra.local.google.gmail.call import Answer, Call, Media, Method, Query, Watches
from infra.local.google.gmail.errors import GmailError, unreadable
from infra.local.google.gmail.fields import parse_fields, select
from infra.local.google.gmail.payload import METADATA, SCOPE

__all__ = [
    "METHODS",
    "Answer",
    "Call",
    "GmailError",
    "Media",
    "Method",
    "Query",
    "Watches",
]

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
READ_SETTINGS: Final = READ_BODIES | SETTINGS_BASIC

LISTING: Final = "includeSpamTrash labelIds maxResults pageToken q"
READING: Final = "format metadataHeaders"


def _checked(handler: Callable[[Call], Answer], params: frozenset[str]) -> Callable[[Call], Answer]:
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


def _method(
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
        handler=_checked(handler, allowed),
        params=allowed,
        upload=f"/upload{path}" if upload else None,
    )


MESSAGES: Final = (
    _method("messages.list", "GET messages", 5, READ, messages.list_, LISTING),
    _method("messages.get", "GET messages/{id}", 20, READ_ONE, messages.get, READING),
    _method("messages.send", "POST messages/send", 100, SEND, messages.send_, upload=True),
    _method(
        "messages.insert",
        "POST messages",
        25,
        PUT,
        messages.insert,
        "deleted internalDateSource",
        upload=True,
    ),
    _method(
        "messages.import",
        "POST messages/import",
        25,
        PUT,
        messages.import_,
        "deleted internalDateSource neverMarkSpam processForCalendar",
        upload=True,
    ),
    _method("messages.batchModify", "POST messages/batchModify", 50, CHANGE, messages.batch_modify),
    _method(
        "messages.batchDelete", "POST messages/batchDelete", 50, DESTROY, messages.batch_delete
    ),
    _method("messages.modify", "POST messages/{id}/modify", 5, CHANGE, messages.modify),
    _method("messages.trash", "POST messages/{id}/trash", 20, CHANGE, messages.trash),
    _method("messages.untrash", "POST messages/{id}/untrash", 5, CHANGE, messages.untrash),
    _method("messages.delete", "DELETE messages/{id}", 10, DESTROY, messages.delete),
    _method(
        "messages.attachments.get",
        "GET messages/{messageId}/attachments/{id}",
        20,
        READ_BODIES | READ_SHOWN,
        attachments.get,
    ),
)

THREADS: Final = (
    _method("threads.list", "GET threads", 10, READ, threads.list_, LISTING),
    _method("threads.get", "GET threads/{id}", 40, READ_ONE, threads.get, READING),
    _method("threads.modify", "POST threads/{id}/modify", 10, CHANGE, threads.modify),
    _method("threads.trash", "POST threads/{id}/trash", 20, CHANGE, threads.trash),
    _method("threads.untrash", "POST threads/{id}/untrash", 10, CHANGE, threads.untrash),
    _method("threads.delete", "DELETE threads/{id}", 20, DESTROY, threads.delete),
)

DRAFTS: Final = (
    _method(
        "drafts.list",
        "GET drafts",
        5,
        READ_BODIES | {COMPOSE},
        drafts.list_,
        "includeSpamTrash maxResults pageToken q",
    ),
    _method("drafts.get", "GET drafts/{id}", 20, READ_BODIES | {COMPOSE}, drafts.get, "format"),
    _method("drafts.create", "POST drafts", 10, WRITE_DRAFTS, drafts.create, upload=True),
    _method("drafts.send", "POST drafts/send", 100, WRITE_DRAFTS, drafts.send, upload=True),
    _method("drafts.update", "PUT drafts/{id}", 15, WRITE_DRAFTS, drafts.update, upload=True),
    _method("drafts.delete", "DELETE drafts/{id}", 10, WRITE_DRAFTS, drafts.delete),
)

LABEL_METHODS: Final = (
    _method("labels.list", "GET labels", 1, READ_LABELS, labels.list_),
    _method("labels.get", "GET labels/{id}", 1, READ_LABELS, labels.get),
    _method("labels.create", "POST labels", 5, CHANGE_LABELS, labels.create),
    _method("labels.update", "PUT labels/{id}", 5, CHANGE_LABELS, labels.update),
    _method("labels.patch", "PATCH labels/{id}", 5, CHANGE_LABELS, labels.patch),
    _method("labels.delete", "DELETE labels/{id}", 5, CHANGE_LABELS, labels.delete),
)


def _setting(name: str, change: frozenset[str]) -> tuple[Method, Method]:
    """Declare a setting's two methods: no price is published, these are those of labels."""
    title, route = name[0].upper() + name[1:], f"settings/{name}"
    read, replace = account_settings.reads(name), account_settings.replaces(name)
    return (
        _method(f"settings.get{title}", f"GET {route}", 1, READ_SETTINGS, read),
        _method(f"settings.update{title}", f"PUT {route}", 5, change, replace),
    )


ACCOUNT_SETTINGS: Final = (
    *_setting("autoForwarding", SETTINGS_SHARING),
    *_setting("imap", SETTINGS_BASIC),
    *_setting("language", SETTINGS_BASIC),
    *_setting("pop", SETTINGS_BASIC),
    *_setting("vacation", SETTINGS_BASIC),
)

FILTERS: Final = (
    _method(
        "settings.filters.list",
        "GET settings/filters",
        1,
        READ_SETTINGS,
        account_settings.list_filters,
    ),
    _method(
        "settings.filters.get",
        "GET settings/filters/{id}",
        1,
        READ_SETTINGS,
        account_settings.get_filter,
    ),
    _method(
        "settings.filters.create",
        "POST settings/filters",
        5,
        SETTINGS_BASIC,
        account_settings.create_filter,
    ),
    _method(
        "settings.filters.delete",
        "DELETE settings/filters/{id}",
        5,
        SETTINGS_BASIC,
        account_settings.delete_filter,
    ),
    _method(
        "settings.forwardingAddresses.list",
        "GET settings/forwardingAddresses",
        1,
        READ_SETTINGS,
        account_settings.list_forwarding_addresses,
    ),
)

METHODS: Final[tuple[Method, ...]] = (
    _method("getProfile", "GET profile", 1, READ | {COMPOSE}, users.get_profile),
    _method("watch", "POST watch", 100, READ, users.watch),
    _method("stop", "POST stop", 50, READ, users.stop),
    _method(
        "history.list",
        "GET history",
        2,
        READ,
        history.list_,
        "historyTypes labelId maxResults pageToken startHistoryId",
    ),
    *MESSAGES,
    *THREADS,
    *DRAFTS,
    *LABEL_METHODS,
    _method("settings.sendAs.list", "GET settings/sendAs", 1, READ_SETTINGS, settings.list_),
    _method(
        "settings.sendAs.get",
        "GET settings/sendAs/{sendAsEmail}",
        1,
        READ_SETTINGS,
        settings.get,
    ),
    *ACCOUNT_SETTINGS,
    *FILTERS,
)
"""All of them; for a path that several match, the one without a parameter there goes first."""
