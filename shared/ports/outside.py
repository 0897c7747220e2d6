"""What a deployment's own code needs of the world beside Google: other hosts, and secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from shared.errors import TransientError


class OutsideUnavailableError(TransientError):
    """A host did not answer, or answered that it is in trouble."""

    code = "outside_unavailable"


@dataclass(frozen=True, slots=True)
class OutsideRequest:
    """One request as it leaves; only method and host may be logged."""

    method: str
    host: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(repr=False)
    timeout_s: float


@dataclass(frozen=True, slots=True)
class OutsideAnswer:
    """What came back."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


class OutsideHttp(Protocol):
    """Requests to the public internet."""

    async def __call__(self, request: OutsideRequest) -> OutsideAnswer:
        """Return the answer, whatever its status; follow no redirect and repeat nothing.

        Raises OutsideUnavailableError, and HttpRefusedError for an address on no public network,
        or an answer that is too large.
        """
        ...


class Secrets(Protocol):
    """Values of the deployment's own secrets."""

    def get(self, name: str) -> str | None:
        """Return the value; None where there is none."""
        ...
