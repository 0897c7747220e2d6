"""What Cloud Logging makes of a line on standard output, and which filters it then meets.

After "Structured logging" of its reference: special fields are taken out of the line, the rest is
the payload. Of the query language only what our metrics use; another word raises ValueError.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

SEVERITIES: Final = frozenset({
    "DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY",
})  # fmt: skip
TERM: Final = re.compile(r'(NOT )?([\w.]+)=(?:"([^"]*)"|(\d+)|\(([^)]*)\))')
SPECIAL: Final = "logging.googleapis.com/"
REVISION: Final = {"resource.type": "cloud_run_revision"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One log entry."""

    severity: str
    timestamp: datetime
    trace: str | None
    span_id: str | None
    trace_sampled: bool
    payload: Mapping[str, Any]

    def meets(self, filter: str) -> bool:
        """Whether a query finds the entry."""
        return all(self._meets(term) for term in filter.split(" AND "))

    def _meets(self, term: str) -> bool:
        found = TERM.fullmatch(term)
        if found is None:
            raise ValueError(f"not known here: {term}")
        negated, path, text, number, several = found.groups()
        wanted = {text} if text is not None else {number}
        if several is not None:
            wanted = {*re.findall(r'"([^"]*)"', several)}
        return (self._value(path) in wanted) != bool(negated)

    def _value(self, path: str) -> str | None:
        if path in REVISION:
            return REVISION[path]
        root, _, field = path.partition(".")
        if root != "jsonPayload":
            raise ValueError(f"not known here: {path}")
        value = self.payload.get(field)
        return None if value is None else str(value)


def entry_of(line: str) -> Entry:
    """Return the entry of a line. Raises where Cloud Logging would not take it for structured."""
    payload: dict[str, Any] = json.loads(line)
    severity, at = payload.pop("severity"), payload.pop("time")
    assert severity in SEVERITIES
    assert isinstance(payload["message"], str)
    special = {name: payload.pop(name) for name in [*payload] if name.startswith(SPECIAL)}
    assert {*special} <= {SPECIAL + name for name in ("trace", "spanId", "trace_sampled")}
    return Entry(
        severity,
        datetime.fromisoformat(at),
        special.get(f"{SPECIAL}trace"),
        special.get(f"{SPECIAL}spanId"),
        special.get(f"{SPECIAL}trace_sampled", False),
        payload,
    )
