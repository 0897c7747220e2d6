"""What the product's code calls the mailbox's sync and its model, where it has names for them."""

import re
from dataclasses import dataclass

MODEL_NAME = re.compile(r"[A-Z][A-Za-z0-9]{0,63}")
SYNC_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True)
class SyncAlias:
    """Another name of the sync, and of a model whose records have the shape that it had there.

    Both are empty where a deployment has none.
    """

    sync: str = ""
    model: str = ""

    @property
    def named(self) -> bool:
        """Whether there is one."""
        return bool(self.sync)


def read_alias(text: str) -> SyncAlias:
    """Read `emails/GmailEmail`. Raises ValueError."""
    sync, _, model = text.partition("/")
    if not (SYNC_NAME.fullmatch(sync) and MODEL_NAME.fullmatch(model)):
        raise ValueError("must name a sync and a model, as emails/GmailEmail")
    return SyncAlias(sync, model)
