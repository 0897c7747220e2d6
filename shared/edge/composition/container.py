"""Builds what an entry point names by type: use cases from the types of their fields.

`PROVIDERS` says which adapter stands behind which port, `SETTINGS` which small types are read off
the deployment's settings; everything else is a dataclass, whose fields are used by type in turn.
One process has one container per settings: functions that share a process (the laptop) share its
stores and its warm connections to Google.
"""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, TypeVar, get_type_hints

from shared.edge.composition.chosen import SETTINGS
from shared.edge.composition.ending import close_at_sigterm
from shared.edge.composition.providers import STORE_PORTS, provider_of
from shared.edge.settings.deployment import Settings
from shared.ports.container import Container, RequestsInFlight
from shared.ports.store import Store

T = TypeVar("T")
B = TypeVar("B")


class AutowiredContainer:
    """The container of one deployment. A test may bind any type before it is first used."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._bound: dict[Any, Any] = {Container: self}
        self._provided: dict[Any, Any] = {}
        self._wired: dict[Any, Any] = {}
        self._closing = AsyncExitStack()

    def use(self, wanted: type[T]) -> T:
        """Return the one object of this type. Raises TypeError where nothing builds it."""
        found: T = self._resolve(wanted)
        return found

    def bind(self, wanted: Any, instance: B) -> B:
        """Let `instance` be what `use(wanted)` returns from now on; its owner closes it.

        What was built from the types of its fields is built anew, for it may hold another.
        """
        self._bound[wanted] = instance
        self._wired.clear()
        return instance

    def at_close(self, close: Callable[[], Awaitable[None]]) -> None:
        """Call `close` when the container closes, before what was built earlier closes."""
        self._closing.push_async_callback(close)

    async def close(self) -> None:
        """Give back what was built, the newest first: buffers are written, connections closed."""
        await self._closing.aclose()

    def _resolve(self, wanted: Any) -> Any:
        if wanted in self._bound:
            return self._bound[wanted]
        if wanted in SETTINGS:
            return SETTINGS[wanted](self.settings)
        if (provide := provider_of(wanted)) is not None:
            if wanted not in self._provided:
                self._provided[wanted] = provide(self)
            return self._provided[wanted]
        if wanted in STORE_PORTS:
            return getattr(self.use(Store), STORE_PORTS[wanted])
        if wanted not in self._wired:
            self._wired[wanted] = self._wire(wanted)
        return self._wired[wanted]

    def _wire(self, wanted: Any) -> Any:
        if not is_dataclass(wanted):
            raise TypeError(f"{wanted} is no dataclass: give it a provider, or bind it")
        types = get_type_hints(wanted)
        given = {
            one.name: self.use(types[one.name])
            for one in fields(wanted)
            if _is_required(one) or self._provides(types[one.name])
        }
        return wanted(**given)  # type: ignore[operator]  # narrowed to an instance by mypy

    def _provides(self, wanted: Any) -> bool:
        """Whether a field of this type is filled although it has a default."""
        known = {*self._bound, *SETTINGS, *STORE_PORTS}
        return wanted in known or provider_of(wanted) is not None


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


_CONTAINERS: dict[Settings, AutowiredContainer] = {}


def container_for(settings: Settings) -> AutowiredContainer:
    """Return this process's container for `settings`; on Cloud Run it closes with the process."""
    if settings not in _CONTAINERS:
        container = _CONTAINERS[settings] = AutowiredContainer(settings)
        if settings.on_cloud_run:
            close_at_sigterm(container.use(RequestsInFlight), container.close)
    return _CONTAINERS[settings]


def forget(settings: Settings) -> None:
    """Drop this process's container for `settings`; the next request composes a new one."""
    _CONTAINERS.pop(settings, None)
