"""The console's menu."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NavEntry:
    """One entry; `key` is what a page names as its `nav`, `icon` a symbol of `icons.html`."""

    key: str
    path: str
    label: str
    icon: str


NAV = (
    NavEntry("connections", "/console/connections", "Connections", "mailbox"),
    NavEntry("overview", "/console/overview", "Overview", "chart"),
    NavEntry("operations", "/console/operations", "Operations", "list"),
    NavEntry("deliveries", "/console/deliveries", "Deliveries", "deliver"),
    NavEntry("endpoints", "/console/endpoints", "Endpoints", "hook"),
    NavEntry("sends", "/console/sends", "Sends", "send"),
    NavEntry("approvals", "/console/approvals", "Approvals", "approve"),
    NavEntry("agents", "/console/agents", "Agents", "agent"),
    NavEntry("api-keys", "/console/api-keys", "API keys", "key"),
    NavEntry("sessions", "/console/sessions", "Sessions", "leave"),
    NavEntry("playground", "/console/playground", "Playground", "flask"),
)
HOME = NAV[0].path
"""Where a person lands after signing in."""
