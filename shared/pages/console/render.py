"""The console's pages as HTML."""

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from shared.pages.assets import Assets

if TYPE_CHECKING:
    from jinja2 import Environment

ASSETS: Final = Assets(Path(__file__).parent, "/console/static")
THEMES = ("light", "dark")
THEME_COOKIE: Final = "postroom-theme"
LIVE: Final = "live"
"""The block of a template that is fetched again by itself."""
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def page(template: str, **context: Any) -> str:
    """Return a page's HTML; everything in `context` is escaped."""
    return _environment().get_template(template).render(asset=ASSETS.address, **context)


def live(template: str, **context: Any) -> str | None:
    """Return the HTML of a template's live block alone, None where it has none."""
    made = _environment().get_template(template)
    if LIVE not in made.blocks:
        return None
    known = made.new_context({"asset": ASSETS.address, **context})
    return "".join(made.blocks[LIVE](known))


def in_time(moment: datetime | None, now: datetime) -> str:
    """Return a moment as seen from now: `3 min ago`, `in 2 d`."""
    if moment is None:
        return "never"
    gone = now - moment
    if abs(gone) < timedelta(seconds=1):
        return "now"
    return f"{span(gone)} ago" if gone > timedelta() else f"in {span(-gone)}"


def span(length: timedelta | float | None) -> str:
    """Return a duration in its largest fitting unit: `850 ms`, `12 s`, `3 min`, `5 h`, `2 d`."""
    if length is None:
        return "unknown"
    length = length if isinstance(length, timedelta) else timedelta(seconds=length)
    if length < timedelta(seconds=1):
        return f"{round(length.total_seconds() * 1000)} ms"
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if length >= unit * 2 or (unit is not DAY and length >= unit):
            return f"{length // unit} {name}"
    return f"{length // timedelta(seconds=1)} s"


def moment(value: datetime | None) -> str:
    """Return a moment in full, as a title and for machines: ISO 8601 in UTC."""
    return "" if value is None else value.isoformat(timespec="seconds").replace("+00:00", "Z")


def number(value: float | None) -> str:
    """Return a number with its thousands apart."""
    return "unknown" if value is None else f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def percent(share: float | None) -> str:
    """Return a share as a percentage that never rounds up to the whole."""
    if share is None:
        return "not audited"
    return "100 %" if share >= 1 else f"{int(share * 1000) / 10:.1f} %"


@cache
def _environment() -> "Environment":
    made = ASSETS.environment
    made.filters.update(in_time=in_time, span=span, moment=moment, number=number, percent=percent)
    return made
