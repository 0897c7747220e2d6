"""The table of projections: what a deployment makes of messages beside EmailMessage."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from shared.actions import registry
from shared.domain.projection import Projection
from shared.domain.sync_event import MODEL_NAMES, SYNC_ALIAS, SYNC_NAME
from shared.errors import ConfigurationError


@cache
def projections() -> Mapping[str, Projection[Any]]:
    """Answer every projection by its model's name.

    Raises ConfigurationError where a name is taken, by another one or by Postroom.
    """
    found: dict[str, Projection[Any]] = {}
    syncs = {SYNC_NAME, SYNC_ALIAS}
    for module in registry.modules():
        for one in registry.exported(module, "PROJECTION", Projection):
            if one.name in {*found, *MODEL_NAMES} or one.sync in syncs:
                raise ConfigurationError(f"The projection {one.name} or its sync is there already.")
            found[one.name] = one
            syncs.add(one.sync)
    return found
