"""How the platform calls, and how long it lets a process stand still: counted, for the doctor.

What its documentation leaves open answers itself at the first deployment: whose user agent a call
names, whether the signature of its token was removed (FACTS 7.3), how late a task comes (FACTS
8.10), whether there is CPU after an answer (FACTS 8.1).
"""

import asyncio
import gc
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.requests import Request

from shared.domain.google.observations import OTHER, Count, Duration, Kinds, Sightings
from shared.ports.clock import Clock
from shared.ports.container import Container

AGENTS: Final = (
    "CloudPubSub-Google",
    "APIs-Google",
    "Google-Cloud-Tasks",
    "Google-Cloud-Scheduler",
)
REMOVED: Final = ".SIGNATURE_REMOVED_BY_GOOGLE"
ETA: Final = re.compile(r"\d{1,10}(?:\.\d{1,9})?")
BEAT_S: Final = 1.0
"""How long after an answer it is looked whether time went by."""


def note_call(
    request: Request, access: str, token: str, container: Container, outcome: str
) -> None:
    """Count a call of Google's by who makes it, its token's signature, and what came of it."""
    seen = container.use(Sightings)
    told = request.headers.get("user-agent", "")
    agent = next((one for one in AGENTS if one in told), OTHER)
    signature = "removed" if token.endswith(REMOVED) else "kept"
    seen.count_kind(Kinds.CALLS, f"{access}.{agent}.{signature}.{outcome}")
    eta = request.headers.get("x-cloudtasks-tasketa", "")
    if ETA.fullmatch(eta):
        due = datetime.fromtimestamp(float(eta), UTC)
        seen.measure(Duration.TASK_LATENESS, container.use(Clock).now() - due)
    if request.headers.get("x-cloudtasks-taskretrycount", "0") != "0":
        seen.count(Count.TASKS_RETRIED)


def end_start() -> None:
    """Let the collector work again, leaving alone what the start has loaded."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


@dataclass(slots=True)
class Standstill:
    """Measures by a timer how long a process got no CPU after an answer."""

    sightings: Sightings
    _due: float | None = field(default=None)

    def watch(self) -> None:
        """Look again in a moment, unless that is to come already."""
        if self._due is None:
            loop = asyncio.get_running_loop()
            self._due = loop.time() + BEAT_S
            loop.call_later(BEAT_S, self.look, loop)

    def look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Note how much later it is than it was to be."""
        late = 0.0 if self._due is None else loop.time() - self._due
        self._due = None
        if late >= BEAT_S:
            self.sightings.measure(Duration.STANDSTILL, timedelta(seconds=late))
