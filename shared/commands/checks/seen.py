"""What this deployment saw of Google, beside what Postroom assumes."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from shared.adapters.gmail.requests import MOST_AT_ONCE
from shared.commands.checks.context import CheckContext
from shared.commands.checks.finding import Finding, count_of, ok, warning
from shared.domain.google.observations import Amount, Count, Duration, Kinds, Observed
from shared.domain.sync.mailbox import WATCH_LIFETIME

WEEK: Final = timedelta(days=7)
SLACK: Final = timedelta(hours=1)
SHOWN: Final = 3
REPORT: Final = (
    "Ask live Gmail with `make verify-google`, and report what differs: what Postroom takes for "
    "granted has changed, or was never so."
)


async def history_lives(context: CheckContext) -> Finding:
    """Say how old history ids were that Gmail took, and that it refused (FACTS 3.2)."""
    seen = await _read_observed(context)
    taken, refused = seen.duration(Duration.HISTORY_TAKEN), seen.duration(Duration.HISTORY_REFUSED)
    if not taken.count and not refused.count:
        return ok("seen here: no history id yet (assumed: a week)")
    words = f"seen here: taken up to {_span(taken.most)} old, "
    words += f"refused from {_span(refused.least)} on" if refused.count else "none refused"
    words += " (assumed: a week)"
    if refused.count and timedelta(seconds=refused.least) < WEEK:
        fresh = seen.counts.get(Count.FRESH_HISTORY_REFUSED, 0)
        return warning(f"{words}; {fresh} within an hour.", REPORT)
    return ok(words)


async def watches_last(context: CheckContext) -> Finding:
    """Say how long Gmail let watches live (FACTS 2.2)."""
    seen = await _read_observed(context)
    lives = seen.duration(Duration.WATCH_LIFE)
    if not lives.count:
        return ok("seen here: no watch yet (assumed: 7 d)")
    words = f"seen here: {_span(lives.least)} of {count_of(lives.count, 'watch', 'watches')}"
    words += f", refused {_name(seen.kind(Kinds.WATCHES_REFUSED))} (assumed: 7 d)"
    short = timedelta(seconds=lives.least) < WATCH_LIFETIME - SLACK
    return warning(words, REPORT) if short else ok(words)


async def pushes_take(context: CheckContext) -> Finding:
    """Say how long pushes took, and how they name a history id (FACTS 2.4, 7.8)."""
    seen = await _read_observed(context)
    delay = seen.duration(Duration.PUSH_DELAY)
    if not delay.count:
        return ok("seen here: no push yet (assumed: seconds)")
    forms = _name(seen.kind(Kinds.HISTORY_ID_AS))
    first = seen.duration(Duration.FIRST_PUSH)
    of_a_watch = f", a watch's first after {_span(first.quantile(0.5))}" if first.count else ""
    return ok(
        f"seen here: within {_span(delay.quantile(0.5))}, 95 % within "
        f"{_span(delay.quantile(0.95))}{of_a_watch}, history id as {forms} (assumed: seconds)"
    )


async def changes_are_announced(context: CheckContext) -> Finding:
    """Say what pushes brought, what came without one, what history names (FACTS 2.3, 2.7, 3.4)."""
    seen = await _read_observed(context)
    looks, records = seen.kind(Kinds.LOOKS), seen.kind(Kinds.HISTORY_RECORDS)
    if not looks:
        return ok("seen here: no push yet (assumed: one a second at most, some are dropped)")
    brought, nothing = looks.get("pushed", 0), looks.get("pushed.nothing", 0)
    silent = records.get("silent", 0)
    return ok(
        f"seen here: {count_of(brought + nothing, 'push', 'pushes')}, {nothing} brought nothing, "
        f"{count_of(looks.get('unannounced', 0), 'change')} without one; {silent} of "
        f"{count_of(sum(records.values()), 'record')} of history named no change"
    )


async def mail_arrives_after_its_date(context: CheckContext) -> Finding:
    """Say how far internalDate lies before a message's arrival (FACTS 4.2)."""
    arrival = (await _read_observed(context)).duration(Duration.ARRIVAL)
    if not arrival.count:
        return ok("seen here: no message yet (assumed: seconds after internalDate)")
    return ok(
        f"seen here: 95 % within {_span(arrival.quantile(0.95))} of internalDate, the last after "
        f"{_span(arrival.most)} (assumed: seconds, now and then half an hour)"
    )


async def sends_are_answered(context: CheckContext) -> Finding:
    """Say how sends ended, and how many answers were lost (FACTS 5.7)."""
    sends = (await _read_observed(context)).kind(Kinds.SENDS)
    total = count_of(sum(sends.values()), "send")
    lost = {name: count for name, count in sends.items() if name != "answered"}
    return ok(f"seen here: {total}, answers lost: {_name(lost)} (assumed: no draft is sent twice)")


async def early_404s_heal(context: CheckContext) -> Finding:
    """Say how soon messages were found that Gmail did not know at first (FACTS 3.6)."""
    seen = await _read_observed(context)
    found, never = seen.duration(Duration.FOUND_AFTER), seen.counts.get(Count.NEVER_FOUND, 0)
    if not found.count and not never:
        return ok("seen here: no message that Gmail did not know at first (assumed: an hour)")
    return ok(
        f"seen here: {found.count} found, after at most {_span(found.most)}, {never} never "
        "(assumed: within an hour)"
    )


async def grants_end(context: CheckContext) -> Finding:
    """Say why grants ended, and how old they were (FACTS 6.6)."""
    seen = await _read_observed(context)
    ended, rotated = seen.kind(Kinds.GRANTS_ENDED), seen.kind(Kinds.REFRESHES).get("rotated", 0)
    tokens = f"; {count_of(rotated, 'new refresh token')} came with a refresh" if rotated else ""
    if not ended:
        return ok(f"seen here: no grant ended{tokens}")
    ages = seen.duration(Duration.GRANT_AGE)
    return ok(f"seen here: {_name(ended)}, at {_span(ages.least)} to {_span(ages.most)}{tokens}")


async def refusals_are_known(context: CheckContext) -> Finding:
    """Say what Gmail refused, and what of it and of its answers is not known here."""
    seen = await _read_observed(context)
    surprises = seen.kind(Kinds.SURPRISES)
    if surprises:
        last = ", ".join(f"{one.kind} {one.told} ({one.method})" for one in seen.surprises)
        return warning(f"not known: {_name(surprises)}; the last: {last}", REPORT)
    return ok(f"seen here: {_name(seen.kind(Kinds.REFUSALS))}, and nothing that is not known")


async def allowance_is_as_set(context: CheckContext) -> Finding:
    """Say how many units were spent in the minute of a refusal, and what waits did (FACTS 1.1)."""
    seen = await _read_observed(context)
    assumed = context.settings.units_per_minute
    units, told = seen.amount(Amount.UNITS_AT_REFUSAL), seen.duration(Duration.WAIT_TOLD)
    if not units.count:
        return ok(f"seen here: none refused for quota (assumed: {assumed} units a minute)")
    enough = seen.duration(Duration.WAIT_ENOUGH)
    words = f"seen here: refused {units.count}x, at {units.least:.0f} to {units.most:.0f} units"
    words += f", told to wait {_span(told.most)} at most" if told.count else ""
    words += f", {_span(enough.quantile(0.95))} were enough" if enough.count else ""
    return ok(f"{words} (assumed: {assumed} units a minute; what others spend is not seen)")


async def enough_at_once(context: CheckContext) -> Finding:
    """Say how many requests were in flight when Gmail refused one as too many (FACTS 1.8)."""
    at_once = (await _read_observed(context)).amount(Amount.AT_ONCE_AT_REFUSAL)
    if not at_once.count:
        return ok(f"seen here: none was one too many (assumed: never with {MOST_AT_ONCE})")
    return ok(
        f"seen here: {at_once.count}x one too many, with {at_once.least:.0f} in flight at least "
        f"(assumed: never with {MOST_AT_ONCE}, but other programs' count too)"
    )


async def platform_calls(context: CheckContext) -> Finding:
    """Say as whom Pub/Sub, Tasks and Scheduler call, and with what token (FACTS 7.3, 8.10)."""
    seen = await _read_observed(context)
    calls, late = seen.kind(Kinds.CALLS), seen.duration(Duration.TASK_LATENESS)
    words = f"seen here: {_name(calls)}"
    if late.count:
        retried = seen.counts.get(Count.TASKS_RETRIED, 0)
        words += f"; tasks late by {_span(late.quantile(0.95))} at 95 %, {retried} tried again"
    removed = any(".removed." in one for one in calls)
    return ok(f"{words} (assumed: a signature is removed {'' if removed else 'only '}behind IAM)")


async def processes_stand_still(context: CheckContext) -> Finding:
    """Say how long processes got no CPU after an answer (FACTS 8.1)."""
    still = (await _read_observed(context)).duration(Duration.STANDSTILL)
    if not still.count:
        return ok("seen here: no process stood still after an answer")
    return ok(f"seen here: {still.count} times, up to {_span(still.most)} (assumed: at any answer)")


async def _read_observed(context: CheckContext) -> Observed:
    return await context.read_observed() or Observed("", context.now)


def _name(counts: Mapping[str, int]) -> str:
    most = sorted(counts.items(), key=lambda pair: -pair[1])
    more = f" and {len(most) - SHOWN} more" if len(most) > SHOWN else ""
    return ", ".join(f"{name} {count}x" for name, count in most[:SHOWN]) + more or "nothing"


def _span(seconds: float) -> str:
    """Return `0.3 s`, `4 h` or `6.9 d`."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"
