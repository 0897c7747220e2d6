"""How large a run is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """The same for everybody who is measured."""

    messages: int = 10_000
    units_per_minute: int = 95_000
    """Google's 6,000 made larger, so that 10,000 messages take less than two minutes."""
    latency_ms: int = 60
    far_messages: int = 2_500
    far_units_per_minute: int = 60_000
    far_latency_ms: int = 80
    peer_messages: int = 1_200
    """Others read only so many: what counts is per message."""
    single_messages: int = 300
    cpu_messages: int = 3_000
    pushes: int = 40
    sends: int = 15
    bulk: int = 1_000
    mailboxes: int = 1_000
    coarser: int = 1
    """How many times fewer mailboxes are simulated."""


QUICK = Scale(
    messages=600,
    units_per_minute=30_000,
    far_messages=500,
    peer_messages=200,
    single_messages=50,
    cpu_messages=600,
    pushes=10,
    sends=5,
    bulk=120,
    mailboxes=40,
    coarser=10,
)
