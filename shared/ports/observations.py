"""What was seen of Google."""

from typing import Protocol

from shared.domain.observations import Observed
from shared.ports.documents import Documents


class Observations(Documents[Observed], Protocol):
    """One document a shard, by its number."""
