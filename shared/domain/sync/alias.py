"""What the product's code calls the mailbox's sync and its model, where it has names for them."""

import re
from dataclasses import dataclass

MODEL_NAME = re.compile(r"[A-Z][A-Za-z0-9]{0,63}")
SYNC_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True)
class SyncAlias:
    """Another name of the sync, and of a model whose records have the shape that it had there."""

    sync: str
    model: str


@dataclass(frozen=True, slots=True)
class SyncAliases:
    """A deployment's, the one that webhooks name first; none where it has none."""

    rows: tuple[SyncAlias, ...] = ()

    @property
    def first(self) -> SyncAlias | None:
        """What a receiver of webhooks is told, where there is one."""
        return self.rows[0] if self.rows else None

    @property
    def syncs(self) -> frozenset[str]:
        """The names of the sync."""
        return frozenset(one.sync for one in self.rows)

    @property
    def models(self) -> frozenset[str]:
        """The names of the model."""
        return frozenset(one.model for one in self.rows)


def read_aliases(text: str) -> SyncAliases:
    """Read `emails/GmailEmail, inbox/Email`. Raises ValueError."""
    rows = tuple(_alias(one.strip()) for one in text.split(",") if one.strip())
    found = SyncAliases(rows)
    if not len(rows) == len(found.syncs) == len(found.models):
        raise ValueError("must name each sync and each model once")
    return found


def _alias(text: str) -> SyncAlias:
    sync, _, model = text.partition("/")
    if not (SYNC_NAME.fullmatch(sync) and MODEL_NAME.fullmatch(model)):
        raise ValueError("must list a sync and a model each, as emails/GmailEmail")
    return SyncAlias(sync, model)
