"""The refusals about tokens and the project in Gmail's words: outer and inner message, details.

Recorded for ListHistory; the names of the other methods follow its pattern.
"""

from typing import Any, Final

from infra.local.google.gmail.errors import GmailError

_EXPECTED: Final = (
    "Expected OAuth 2 access token, login cookie or other valid authentication credential. See "
    "https://developers.google.com/identity/sign-in/web/devconsole-project."
)
_IN_HEADER: Final = {"location": "Authorization", "locationType": "header"}
_SERVICE: Final = "caribou.api.proto.MailboxService."
_MANY: Final = frozenset({"list", "batchModify", "batchDelete"})


def rpc_name(method_id: str) -> str:
    """Return what Google calls a method of the API inside: ListMessages, GetMessage, Watch."""
    *_, resource, verb = method_id.split(".")
    verb = verb[:1].upper() + verb[1:]
    if resource in {"users", "settings"}:
        return _SERVICE + verb
    name = resource[:1].upper() + resource[1:]
    many = verb[:1].lower() + verb[1:] in _MANY
    return _SERVICE + verb + (name if many or name == "History" else name.removesuffix("s"))


def _error_info(reason: str, method_id: str) -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": {"method": rpc_name(method_id), "service": "gmail.googleapis.com"},
    }


def no_token(method_id: str) -> GmailError:
    """Return the 401 for a request without credentials."""
    return GmailError(
        401,
        "required",
        f"Request is missing required authentication credential. {_EXPECTED}",
        inner="Login Required.",
        where=_IN_HEADER,
        details=(_error_info("CREDENTIALS_MISSING", method_id),),
    )


def bad_token() -> GmailError:
    """Return the 401 for credentials that are not valid."""
    return GmailError(
        401,
        "authError",
        f"Request had invalid authentication credentials. {_EXPECTED}",
        inner="Invalid Credentials",
        where=_IN_HEADER,
    )


def scope_missing(method_id: str) -> GmailError:
    """Return the 403 for a token that was granted too little."""
    return GmailError(
        403,
        "insufficientPermissions",
        "Request had insufficient authentication scopes.",
        inner="Insufficient Permission",
        details=(_error_info("ACCESS_TOKEN_SCOPE_INSUFFICIENT", method_id),),
    )


_ACTIVATE: Final = (
    "https://console.developers.google.com/apis/api/gmail.googleapis.com/overview?project="
)


def api_disabled(project: str = "1") -> GmailError:
    """Return the 403 of a project in which the Gmail API is not enabled (FACTS 18.9)."""
    return GmailError(
        403,
        "accessNotConfigured",
        f"Gmail API has not been used in project {project} before or it is disabled. Enable it by "
        f"visiting {_ACTIVATE}{project} then retry. If you enabled this API recently, wait a few "
        "minutes for the action to propagate to our systems and retry.",
        domain="usageLimits",
        where={"extendedHelp": "https://console.developers.google.com"},
        details=(_help(project), _service_disabled(project)),
    )


def _help(project: str) -> dict[str, Any]:
    link = {
        "description": "Google developers console API activation",
        "url": f"{_ACTIVATE}{project}",
    }
    return {"@type": "type.googleapis.com/google.rpc.Help", "links": [link]}


def _service_disabled(project: str) -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "SERVICE_DISABLED",
        "domain": "googleapis.com",
        "metadata": {"service": "gmail.googleapis.com", "consumer": f"projects/{project}"},
    }
