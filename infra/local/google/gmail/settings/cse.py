"""users.settings.cse: client-side encryption, which no account here has.

Gmail answers such an account with 403 (seen of identities.list and keypairs.list); the words are
those its front end has for any caller without a permission.
"""

from typing import Final, NoReturn

from infra.local.google.gmail.call import Call
from infra.local.google.gmail.errors import forbidden

METHODS: Final = (
    ("identities.create", "POST", "identities", ""),
    ("identities.delete", "DELETE", "identities/{cseEmailAddress}", ""),
    ("identities.get", "GET", "identities/{cseEmailAddress}", ""),
    ("identities.list", "GET", "identities", "pageSize pageToken"),
    ("identities.patch", "PATCH", "identities/{emailAddress}", ""),
    ("keypairs.create", "POST", "keypairs", "chainValidation"),
    ("keypairs.disable", "POST", "keypairs/{keyPairId}:disable", ""),
    ("keypairs.enable", "POST", "keypairs/{keyPairId}:enable", ""),
    ("keypairs.get", "GET", "keypairs/{keyPairId}", ""),
    ("keypairs.list", "GET", "keypairs", "pageSize pageToken"),
    ("keypairs.obliterate", "POST", "keypairs/{keyPairId}:obliterate", ""),
)
"""Name, verb, path below settings/cse, and parameters."""


def refuse(_call: Call) -> NoReturn:
    """Raise the 403 of an account without the service."""
    raise forbidden("The caller does not have permission")
