"""What Google refuses for another's sake than the call's, as errors (the tree: `shared/errors.py`).

Who has to act is another each time: the operator, the mailbox's administrator, the end user.
"""

from typing import Final

from shared.errors import (
    GmailUnavailableError,
    GoogleOAuthUnavailableError,
    ReauthRequiredError,
    StoreUnavailableError,
    TransientError,
)

REMEDIES: Final = {
    "gmail_api_disabled": (
        "Google refuses the whole project: enable the Gmail API in it, and see that it is neither "
        "suspended nor without billing. It takes a few minutes to be noticed."
    ),
    "oauth_client_refused": (
        "Google refuses the OAuth client: check POSTROOM_OAUTH_CLIENT_ID, "
        "POSTROOM_OAUTH_CLIENT_SECRET and the redirect URI."
    ),
    "topic_forbidden": (
        "Gmail may not publish to the Pub/Sub topic: give the service account "
        "gmail-api-push@system.gserviceaccount.com the role Pub/Sub Publisher on it, "
        "and see that POSTROOM_GMAIL_TOPIC names it."
    ),
    "mail_not_enabled": (
        "Mail is not enabled for this Google account: its administrator can switch Gmail on."
    ),
    "domain_policy": (
        "The administrators of this mailbox's domain have disabled Gmail apps: they can allow them."
    ),
    "keys_refused": (
        "Cloud KMS refuses the key of POSTROOM_KEYRING: see that it is enabled and that this "
        "service account may encrypt and decrypt with it."
    ),
    "store_index_missing": (
        "The store lacks an index that a query needs: apply Terraform again and wait until "
        "Firestore has built it."
    ),
}
"""What helps, by code."""
MAILBOX_CODES: Final = ("mail_not_enabled", "domain_policy")
DEPLOYMENT_CODES: Final = tuple(code for code in REMEDIES if code not in MAILBOX_CODES)
"""What concerns every connection, and an operator ends."""

OTHER_CLIENT: Final = "unauthorized_client"
"""Google's code where a refresh token was issued to another OAuth client."""


class DeploymentError(TransientError):
    """Google refuses the deployment as a whole: no connection is at fault, an operator has to act.

    `code` says what it is, the message what helps, and `told` is Google's own code, if it gave one.
    """

    code = "oauth_client_refused"

    def __init__(self, code: str, told: str = "") -> None:
        super().__init__(REMEDIES[code] + (f" Google said: {told}." if told else ""))
        self.code = code
        self.told = told


class StoreIndexMissingError(StoreUnavailableError):
    """The store refuses a query for want of an index: only an operator can end that."""

    code = "store_index_missing"

    def __init__(self) -> None:
        super().__init__(REMEDIES[self.code])


class MailboxClosedError(TransientError):
    """Gmail refuses every call on this mailbox until an administrator of its domain acts."""

    code = "mail_not_enabled"

    def __init__(self, code: str) -> None:
        super().__init__(REMEDIES[code])
        self.code = code


class MessagesRefusedError(TransientError):
    """Gmail refuses most messages of a mailbox alike: its trouble, and no single message's own."""

    code = "messages_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Gmail refuses most of the messages alike: {reason}.")


class PreconditionFailedError(GmailUnavailableError):
    """Gmail refused without naming what it missed (FACTS 18.9): nothing was done.

    It comes and goes; where it stays, looks at it grow rarer up to one an hour.
    """


class GrantEndedError(ReauthRequiredError):
    """Google says why it will not refresh: `cause` is a code, such as account_deleted."""

    def __init__(self, message: str, *, cause: str) -> None:
        super().__init__(message)
        self.cause = cause


class UnnamedRefusalError(GoogleOAuthUnavailableError):
    """The token endpoint refused as no source describes: passing at first, not for ever."""
