"""The peak hour of many mailboxes, simulated from what one machine measures."""

from tests.bench.peak.measure import measure

__all__ = ["measure"]
