"""The functions by name, and the paths each one serves.

The name is at once the directory under `functions/`, the entry point in its main.py, the key in
Terraform and the `function` field of its log lines.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Trigger(StrEnum):
    """Who calls a function. Only a public one may be invoked without an identity of ours."""

    PUBLIC = "public"
    PUSH = "push"
    TASKS = "tasks"
    SCHEDULER = "scheduler"


@dataclass(frozen=True, slots=True)
class Function:
    """One deployable function; a path belongs to the function with the longest prefix."""

    name: str
    trigger: Trigger
    prefixes: tuple[str, ...]
    own_code: bool = False
    """Whether it loads `shared/actions/custom/`, and so needs its packages and its secrets."""

    def serves(self, path: str) -> int:
        """Return the length of the longest prefix that covers `path`, -1 where none does."""
        return max((len(p) for p in self.prefixes if _covers(p, path)), default=-1)


FUNCTIONS = (
    Function("oauth_callback", Trigger.PUBLIC, ("/connect-ui", "/connect/session", "/oauth")),
    Function("gmail_push", Trigger.PUSH, ("/push/gmail",)),
    Function("sync_mailbox", Trigger.TASKS, ("/tasks/sync", "/tasks/disconnect", "/tasks/probe")),
    Function(
        "run_actions",
        Trigger.TASKS,
        ("/tasks/action", "/tasks/approval", "/tasks/send"),
        own_code=True,
    ),
    Function("sync_models", Trigger.TASKS, ("/tasks/models",), own_code=True),
    Function("deliver_event", Trigger.TASKS, ("/tasks/deliver",)),
    Function(
        "renew_watches",
        Trigger.SCHEDULER,
        ("/jobs/renew-watches", "/jobs/tend-grants", "/jobs/rotate-keys", "/jobs/prune-deleted"),
    ),
    Function("reconcile", Trigger.SCHEDULER, ("/jobs/reconcile",)),
    Function("send", Trigger.PUBLIC, ("/send", "/sends")),
    Function("console", Trigger.PUBLIC, ("/console",), own_code=True),
    Function("mcp", Trigger.PUBLIC, ("/mcp", "/docs/mcp"), own_code=True),
    Function("api", Trigger.PUBLIC, ("/",), own_code=True),
)


@lru_cache(256)
def function_for(path: str) -> Function:
    """Return the function that serves `path`; `api` takes what no other one names."""
    return max(FUNCTIONS, key=lambda one: one.serves(path))


def _covers(prefix: str, path: str) -> bool:
    return prefix in {"/", path} or path.startswith(prefix + "/")
