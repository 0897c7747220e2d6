"""Objects by their type: how an entry point gets the use case it names."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

T = TypeVar("T")


class Container(Protocol):
    """The objects of one deployment in one process, each built when first asked for."""

    def use(self, wanted: type[T]) -> T:
        """Return the process's one `wanted`: a use case, or what stands behind a port."""
        ...


@dataclass
class RequestsInFlight:
    """How many requests this process answers, and what hands over when the last one ends.

    An instance has CPU during requests only, and may end while it has none (FACTS 8.1): what waits
    for company would wait for the next request, or be lost.
    """

    count: int = 0
    handovers: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    def begin(self) -> None:
        """Note a request; `end` follows before its answer is complete."""
        self.count += 1

    async def end(self) -> None:
        """Hand over what waits, where no other request is being answered."""
        try:
            if self.count == 1:
                for hand_over in self.handovers:
                    await hand_over()
        finally:
            self.count -= 1
