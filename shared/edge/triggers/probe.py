"""POST /tasks/probe, and a push that is a probe: the doctor asks how the platform calls us.

Nothing follows from one but a note of how it came and a line in the log: names of headers and of
the token's claims, never a value.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson
from pydantic import Field

from shared.domain.base64url import decode_base64url
from shared.domain.google.observations import OTHER, Duration
from shared.edge.web.call import Call
from shared.edge.web.logs import log
from shared.edge.web.platform import AGENTS, ETA, REMOVED
from shared.edge.web.routes import Access, RequestModel, Route
from shared.ports.clock import Clock
from shared.usecases.probe import PROBE_ID, PROBE_TASK, ProbeId, Probes

BEAT_S: Final = 0.5
MOST_BEATS: Final = 240
"""Two minutes of them: a process is not kept awake for longer."""


@dataclass(slots=True)
class Beats:
    """Counts the moments in which a process had CPU after a probe, to hold to those that passed."""

    _begun_at: float | None = None
    _count: int = 0

    def look(self, loop: asyncio.AbstractEventLoop) -> timedelta | None:
        """Return for how long there was no CPU since the last look, None at the first; begin."""
        passed = None if self._begun_at is None else loop.time() - self._begun_at
        counted, was_beating = self._count * BEAT_S, self._begun_at is not None
        self._begun_at, self._count = loop.time(), 0
        if not was_beating:
            loop.call_later(BEAT_S, self.beat, loop)
        if passed is None:
            return None
        return timedelta(seconds=max(0.0, passed - counted - BEAT_S))

    def beat(self, loop: asyncio.AbstractEventLoop) -> None:
        """Count one, and come again."""
        self._count += 1
        if self._count < MOST_BEATS:
            loop.call_later(BEAT_S, self.beat, loop)
        else:
            self._begun_at = None


class ProbeTask(RequestModel):
    """Which probe."""

    probe_id: str = Field(pattern=f"^{PROBE_ID.pattern}$")


async def probe_task(call: Call) -> None:
    """Note how a task came, and for how long the process had no CPU since the probe before."""
    now, told = call.use(Clock).now(), call.request.headers.get("x-cloudtasks-tasketa", "")
    durations = {}
    if ETA.fullmatch(told):
        durations[Duration.TASK_LATENESS] = now - datetime.fromtimestamp(float(told), UTC)
    stood_still = call.use(Beats).look(asyncio.get_running_loop())
    if stood_still is not None:
        durations[Duration.STANDSTILL] = stood_still
    await note_probe(call, ProbeId(call.body(ProbeTask).probe_id), durations)


async def note_probe(
    call: Call, id: ProbeId, durations: dict[Duration, timedelta], *further: str
) -> None:
    """Store the note and write the line; `further` are names beside those of the request."""
    log("probe", probe=id)
    await call.use(Probes).note(id, (*call_names(call), *further), durations)


def call_names(call: Call) -> Iterator[str]:
    """Yield whose agent it was, whether the token's signature was kept, claims and headers."""
    headers = call.request.headers
    told, token = headers.get("user-agent", ""), headers.get("authorization", "")
    yield f"agent.{next((one for one in AGENTS if one in told), OTHER)}"
    yield f"signature.{'removed' if token.endswith(REMOVED) else 'kept'}"
    yield from (f"claim.{name}" for name in _claims(token))
    yield from (f"header.{name}" for name in sorted(set(headers.keys())))


def _claims(token: str) -> list[str]:
    """Return the names of what a token claims: it was verified, and is still another's text."""
    try:
        claims = orjson.loads(decode_base64url(token.split(".")[1]))
    except (ValueError, IndexError):
        return []
    return sorted(claims) if isinstance(claims, dict) else []


PROBE_ROUTES = (
    Route(
        "POST",
        PROBE_TASK,
        Access.TASKS,
        probe_task,
        "Note how a task comes",
        body=ProbeTask,
        documented=False,
    ),
)
