"""A container for one command, over the deployment's own stores."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.deployment import settings_from
from shared.errors import ConfigurationError

UNUSED = frozenset({
    "PUBLIC_URL", "TASKS_SERVICE_ACCOUNT", "PUSH_SERVICE_ACCOUNT", "SCHEDULER_SERVICE_ACCOUNT",
    "GMAIL_TOPIC", "OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET",
})  # fmt: skip
"""Settings that commands do without."""


@asynccontextmanager
async def container_of_environment(
    *, without: frozenset[str] = UNUSED
) -> AsyncIterator[AutowiredContainer]:
    """Return the container of the POSTROOM_* variables. Raises ConfigurationError."""
    settings = settings_from(os.environ, without=without)
    path = settings.sqlite_path
    if path is not None and not path.parent.is_dir():
        raise ConfigurationError(
            f"{path.parent} does not exist: has Postroom ever run? `make demo`"
        )
    container = AutowiredContainer(settings)
    try:
        yield container
    finally:
        await container.close()
