"""The board of what concerns the whole deployment."""

from typing import Protocol

from shared.domain.trouble_board import TroubleBoard
from shared.ports.documents import Documents


class Troubles(Documents[TroubleBoard], Protocol):
    """The one board, by BOARD."""
