"""The table of projections: what a deployment makes of messages beside EmailMessage."""

from collections.abc import Mapping
from typing import Any, Final

from shared.actions.loading import catalogue
from shared.actions.published_email import published_email
from shared.domain.sync.alias import SyncAlias
from shared.domain.sync.records.projection import Projection

NO_ALIAS: Final = SyncAlias()


def projections(alias: SyncAlias = NO_ALIAS) -> Mapping[str, Projection[Any]]:
    """Return every projection by its model's name, the alias's too; one's own model comes first."""
    own = catalogue().projections
    return {alias.model: published_email(alias), **own} if alias.named else own
