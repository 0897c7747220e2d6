"""Objects by their type: how an entry point gets the use case it names."""

from typing import Protocol, TypeVar

T = TypeVar("T")


class Container(Protocol):
    """The objects of one deployment in one process, each built when first asked for."""

    def use(self, wanted: type[T]) -> T:
        """Return the process's one `wanted`: a use case, or what stands behind a port."""
        ...
