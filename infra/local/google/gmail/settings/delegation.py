"""Methods that Google keeps for service accounts with domain-wide authority.

Here a client that was granted the scope has that authority, so that the methods can be tried;
the fault `not_delegated` answers as every other account meets them.
"""

from collections.abc import Callable
from functools import wraps
from typing import Final

from infra.local.google.gmail.call import Answer, Call
from infra.local.google.gmail.errors import forbidden

ONLY_DELEGATED: Final = (
    "Access restricted to service accounts that have been delegated domain-wide authority"
)


def check_delegated(call: Call) -> None:
    """Raise the 403 of an account without domain-wide authority, if so scripted."""
    if call.fault("not_delegated"):
        raise forbidden(ONLY_DELEGATED)


def require_delegation(handler: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
    """Return the method, refused where `check_delegated` refuses."""

    @wraps(handler)
    def answer(call: Call) -> Answer:
        check_delegated(call)
        return handler(call)

    return answer
