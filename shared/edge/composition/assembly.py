"""What a provider sees of the container it builds for."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from shared.edge.settings.deployment import Settings
from shared.ports.container import Container


class Assembly(Container, Protocol):
    """The container, with the deployment's settings and a way to be told that it closes."""

    settings: Settings

    def at_close(self, close: Callable[[], Awaitable[None]]) -> None:
        """Call `close` when the container closes, before what was built earlier closes."""
        ...
