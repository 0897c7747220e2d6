"""Which method of Gmail a call is, as its discovery document names it below `gmail.users.`."""

from typing import Final

NAMED: Final = {"profile": "getProfile", "watch": "watch", "stop": "stop"}
"""Methods of the mailbox itself."""
OF_THE_LIST: Final = {"GET": "list", "POST": "create"}
OF_ONE: Final = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
VERBS: Final = frozenset(
    {"send", "import", "batchModify", "batchDelete", "modify", "trash", "untrash"}
)


def method_of(verb: str, path: str) -> str:
    """Return such as `messages.get` of a path below the mailbox."""
    head, *rest = path.strip("/").split("/")
    if head in NAMED:
        return NAMED[head]
    if head == "settings":
        head, rest = f"settings.{rest[0]}", rest[1:]
    if rest and rest[-1] in VERBS:
        return f"{head}.{rest[-1]}"
    if "attachments" in rest:
        return f"{head}.attachments.get"
    if rest:
        return f"{head}.{OF_ONE[verb]}"
    if (verb, head) == ("POST", "messages"):
        return "messages.insert"
    return f"{head}.{OF_THE_LIST[verb]}"
