"""Cold start to its end: a function's first answer that read Firestore and called Google."""

from tests.bench.whole_cold_start.measure import measure

__all__ = ["measure"]
