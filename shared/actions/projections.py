"""The table of projections: what a deployment makes of messages beside EmailMessage."""

from collections.abc import Mapping
from typing import Any

from shared.actions.loading import catalogue
from shared.domain.sync.projection import Projection


def projections() -> Mapping[str, Projection[Any]]:
    """Return every projection by its model's name."""
    return catalogue().projections
