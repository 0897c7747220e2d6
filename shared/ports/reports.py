"""What every process reports beside its work: troubles of the deployment, what it saw of Google."""

from typing import Protocol

from shared.domain.observations import Observed
from shared.domain.trouble_board import TroubleBoard
from shared.ports.documents import Documents


class Troubles(Documents[TroubleBoard], Protocol):
    """The one board, by BOARD."""


class Observations(Documents[Observed], Protocol):
    """One document a shard, by its number."""
