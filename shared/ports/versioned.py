"""A document as read, with the version a compare-and-set must find."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Versioned(Generic[T]):
    """A value and the store's opaque version of it."""

    value: T
    version: str
