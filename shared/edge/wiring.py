"""The use cases of one deployment, composed from its ports.

One process has one wiring per settings: functions that share a process (the laptop) share its
stores and its warm connections to Google.
"""

# ruff: noqa: PLC0415  each function loads only the use cases it serves (FACTS 16.4)

from shared.edge.settings import Settings
from shared.edge.wired_ports import WiredPorts


class Wiring(WiredPorts):
    """Ports and use cases; each use case is a property that composes it from the ports."""


_WIRINGS: dict[Settings, Wiring] = {}


def wiring_for(settings: Settings) -> Wiring:
    """Answer this process's wiring for `settings`."""
    return _WIRINGS.setdefault(settings, Wiring(settings))


def forget(settings: Settings) -> None:
    """Drop this process's wiring for `settings`; the next request composes a new one."""
    _WIRINGS.pop(settings, None)
