"""Which tools an agent is listed: presets and names, joined by commas (API 8.1).

A choice narrows what is listed, and no call: what may be called is the key's to say.
"""

from collections.abc import Mapping
from typing import Final

from shared.actions.loading import READ_RECORDS, actions, built_in_actions

READING: Final = (
    *("search-mail", "read-messages", "read-thread", "list-conversations", "read-attachment"),
    *("find-contact", "list-labels"),
)
DRAFTING: Final = ("create-draft", "update-draft")
PRESETS: Final[Mapping[str, frozenset[str]]] = {
    "read": frozenset(READING),
    "triage": frozenset({*READING, "modify-messages", "trash-message", *DRAFTING}),
    "write": frozenset(
        {*READING, *DRAFTING, "send-draft", "send-email", "list-scheduled", "cancel-send"}
    ),
}
DEFAULT: Final = PRESETS["write"] | {"modify-messages"}
"""What is listed where nothing is chosen, beside the deployment's own actions."""
ALL: Final = "all"


def is_listed(tool: str, chosen: str) -> bool:
    """Whether the tool is one of those chosen; the deployment's own are of the default set."""
    names = _names(chosen)
    if not names:
        return tool in DEFAULT or tool not in built_in_actions()
    return ALL in names or tool in names or any(tool in PRESETS.get(name, ()) for name in names)


def checked_choice(chosen: str) -> str:
    """Return a choice. Raises ValueError naming what is no preset and no tool."""
    tools = {one.name for one in actions().values() if one.for_agents}
    if unknown := sorted(_names(chosen) - tools - {ALL, READ_RECORDS, *PRESETS}):
        raise ValueError(f"no preset and no tool: {', '.join(unknown)}")
    return ",".join(name.strip() for name in chosen.split(",") if name.strip())


def _names(chosen: str) -> set[str]:
    return {name.strip() for name in chosen.split(",")} - {""}
