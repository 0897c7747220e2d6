"""The whole of it on sockets, as `make demo` runs it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from infra.local.google.settings import GoogleSettings
from infra.local.system import LocalSystem
from tests.harness.google import PLENTY

UNPACED = {"POSTROOM_UNITS_PER_MINUTE": str(PLENTY)}


@asynccontextmanager
async def whole_system(
    folder: Path,
    mailboxes: Mapping[str, int],
    environ: Mapping[str, str] | None = None,
    **google: Any,
) -> AsyncIterator[LocalSystem]:
    """Run a system in which nothing waits for quota.

    `mailboxes` are addresses, each with a number of seeded messages; `environ` is added to the
    system's settings, and `google` are the emulated Google's.
    """
    settings = GoogleSettings(**{"units_per_minute": PLENTY} | google)
    own = {**UNPACED, **(environ or {})}
    async with LocalSystem.start(folder, environ=own, google=settings) as system:
        for email, messages in mailboxes.items():
            await system.control("/mailboxes", {"email": email, "messages": messages})
        yield system
