"""The rows of users.settings in the method table.

No price is published for most of them: a reading costs what labels cost, and so does a change but
for those of addresses (FACTS 1.3).
"""

from typing import Final

from infra.local.google.gmail.call import Method
from infra.local.google.gmail.declaring import (
    READ_KEYS,
    READ_SETTINGS,
    SETTINGS_BASIC,
    SETTINGS_CHANGE,
    SETTINGS_SHARING,
    method,
)
from infra.local.google.gmail.settings import addresses, cse, filters, send_as, smime, switches
from infra.local.google.gmail.settings.delegation import require_delegation

READ_UNITS: Final = 1
CHANGE_UNITS: Final = 5
ADDRESS_UNITS: Final = 100


def _switch(name: str, change: frozenset[str]) -> tuple[Method, Method]:
    """Declare a setting's two methods."""
    title, route = name[0].upper() + name[1:], f"settings/{name}"
    read, replace = switches.reads(name), switches.replaces(name)
    if change == SETTINGS_SHARING:
        replace = require_delegation(replace)
    return (
        method(f"settings.get{title}", f"GET {route}", READ_UNITS, READ_SETTINGS, read),
        method(f"settings.update{title}", f"PUT {route}", CHANGE_UNITS, change, replace),
    )


SWITCHES: Final = (
    *_switch("autoForwarding", SETTINGS_SHARING),
    *_switch("imap", SETTINGS_BASIC),
    *_switch("language", SETTINGS_BASIC),
    *_switch("pop", SETTINGS_BASIC),
    *_switch("vacation", SETTINGS_BASIC),
)

_FILTERS: Final = "settings/filters"
_FILTER: Final = f"{_FILTERS}/{{id}}"
FILTERS: Final = (
    method("settings.filters.list", f"GET {_FILTERS}", READ_UNITS, READ_SETTINGS, filters.list_),
    method(
        "settings.filters.get", f"GET {_FILTERS}/{{id}}", READ_UNITS, READ_SETTINGS, filters.get
    ),
    method(
        "settings.filters.create", f"POST {_FILTERS}", CHANGE_UNITS, SETTINGS_BASIC, filters.create
    ),
    method(
        "settings.filters.delete",
        f"DELETE {_FILTER}",
        CHANGE_UNITS,
        SETTINGS_BASIC,
        filters.delete,
    ),
)


def _addresses(kind: addresses.Kind) -> tuple[Method, ...]:
    """Declare the four methods of forwarding addresses or of delegates."""
    name, route = f"settings.{kind.listing}", f"settings/{kind.listing}"
    one = f"{route}/{{{kind.field}}}"
    list_, get = addresses.lists(kind), addresses.gets(kind)
    if kind.is_read_by_delegation:
        list_, get = require_delegation(list_), require_delegation(get)
    create, delete = (
        require_delegation(addresses.creates(kind)),
        require_delegation(addresses.deletes(kind)),
    )
    return (
        method(f"{name}.list", f"GET {route}", READ_UNITS, READ_SETTINGS, list_),
        method(f"{name}.get", f"GET {one}", READ_UNITS, READ_SETTINGS, get),
        method(f"{name}.create", f"POST {route}", ADDRESS_UNITS, SETTINGS_SHARING, create),
        method(f"{name}.delete", f"DELETE {one}", CHANGE_UNITS, SETTINGS_SHARING, delete),
    )


_SEND_AS: Final = "settings/sendAs"
_ALIAS: Final = f"{_SEND_AS}/{{sendAsEmail}}"
SEND_AS: Final = (
    method("settings.sendAs.list", f"GET {_SEND_AS}", READ_UNITS, READ_SETTINGS, send_as.list_),
    method("settings.sendAs.get", f"GET {_ALIAS}", READ_UNITS, READ_SETTINGS, send_as.get),
    method(
        "settings.sendAs.create",
        f"POST {_SEND_AS}",
        ADDRESS_UNITS,
        SETTINGS_SHARING,
        require_delegation(send_as.create),
    ),
    method(
        "settings.sendAs.update", f"PUT {_ALIAS}", ADDRESS_UNITS, SETTINGS_CHANGE, send_as.update
    ),
    method(
        "settings.sendAs.patch", f"PATCH {_ALIAS}", ADDRESS_UNITS, SETTINGS_CHANGE, send_as.patch
    ),
    method(
        "settings.sendAs.delete",
        f"DELETE {_ALIAS}",
        CHANGE_UNITS,
        SETTINGS_SHARING,
        require_delegation(send_as.delete),
    ),
    method(
        "settings.sendAs.verify",
        f"POST {_ALIAS}/verify",
        ADDRESS_UNITS,
        SETTINGS_SHARING,
        require_delegation(send_as.verify),
    ),
)

_SMIME: Final = f"{_ALIAS}/smimeInfo"
_NAME: Final = "settings.sendAs.smimeInfo"
SMIME: Final = (
    method(f"{_NAME}.list", f"GET {_SMIME}", READ_UNITS, READ_KEYS, smime.list_),
    method(f"{_NAME}.get", f"GET {_SMIME}/{{id}}", READ_UNITS, READ_KEYS, smime.get),
    method(f"{_NAME}.insert", f"POST {_SMIME}", CHANGE_UNITS, SETTINGS_CHANGE, smime.insert),
    method(
        f"{_NAME}.delete", f"DELETE {_SMIME}/{{id}}", CHANGE_UNITS, SETTINGS_CHANGE, smime.delete
    ),
    method(
        f"{_NAME}.setDefault",
        f"POST {_SMIME}/{{id}}/setDefault",
        CHANGE_UNITS,
        SETTINGS_CHANGE,
        smime.set_default,
    ),
)

CSE: Final = tuple(
    method(
        f"settings.cse.{name}",
        f"{verb} settings/cse/{route}",
        READ_UNITS if verb == "GET" else CHANGE_UNITS,
        READ_KEYS if verb == "GET" else SETTINGS_CHANGE,
        cse.refuse,
        params,
    )
    for name, verb, route, params in cse.METHODS
)

SETTINGS: Final = (
    *SWITCHES,
    *FILTERS,
    *_addresses(addresses.FORWARDING),
    *_addresses(addresses.DELEGATES),
    *SEND_AS,
    *SMIME,
    *CSE,
)
