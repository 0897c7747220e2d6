"""The table of projections: what a deployment makes of messages beside EmailMessage."""

from collections.abc import Mapping
from typing import Any, Final

from shared.actions.loading import catalogue
from shared.actions.published_email import published_email
from shared.domain.sync.alias import SyncAliases
from shared.domain.sync.records.projection import Projection

NO_ALIAS: Final = SyncAliases()


def projections(aliases: SyncAliases = NO_ALIAS) -> Mapping[str, Projection[Any]]:
    """Return every projection by its model's name, an alias's too; one's own model comes first."""
    named = {one.model: published_email(one) for one in aliases.rows}
    return {**named, **catalogue().projections}
