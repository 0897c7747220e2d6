"""What a simulated hour showed, which setting held it up, and the settings that carry it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from statistics import quantiles

import simpy

from tests.bench.peak.hostility import Hostility
from tests.bench.peak.hour import Limits, Load, Service, World
from tests.bench.peak.resources import Pool

SLOW_S = 10.0
"""A wait that 1 in 20 exceeds is more than a burst: the setting is too small."""
FULL = 0.8
"""The share of the project's units above which a worse minute than others finds none."""
LEFT_OVER = 0.2
"""The share of a wave of new connections that may still be reading when the hour ends."""
ROUNDS = 24
COARSER = 2
"""A trial looks at one in so many of the mailboxes that are simulated in the end."""


@dataclass(frozen=True, slots=True)
class Hour:
    """One simulated hour; counts are of the whole deployment, not of the sample."""

    load: Load
    limits: Limits
    lag_p50_s: float
    lag_p95_s: float
    lag_p99_s: float
    told_p50_s: float
    told_p99_s: float
    instances: int
    """At the peak, over all functions."""
    cpus: float
    """Busy on average."""
    units_per_minute: float
    longest_queue_s: float
    unfinished_backfills: int
    held_up_by: tuple[str, ...]


def simulate(service: Service, load: Load, limits: Limits) -> Hour:
    """Let the hour pass."""
    env = simpy.Environment()
    world = World(env, service, load, limits)
    world.begin()
    env.run(until=load.seconds)
    pools = (world.push, world.sync, world.deliver)
    lines = (world.live, world.events, world.retries)
    told_s = world.telling.told_s
    sample = load.sample
    return Hour(
        load=load,
        limits=limits,
        lag_p50_s=_quantile(world.lags_s, 50),
        lag_p95_s=_quantile(world.lags_s, 95),
        lag_p99_s=_quantile(world.lags_s, 99),
        told_p50_s=_quantile(told_s, 50),
        told_p99_s=_quantile(told_s, 99),
        instances=sum(ceil(_needed(pool, sample)) for pool in pools),
        cpus=sum(pool.busy_s for pool in pools) / load.seconds * sample,
        units_per_minute=world.quota.spent / (load.seconds / 60) * sample,
        longest_queue_s=max(max(line.waited_s, default=0.0) for line in lines),
        unfinished_backfills=world.backfilling * sample,
        held_up_by=tuple(_held_up(world)),
    )


def carried(service: Service, load: Load) -> tuple[Hour, Hour]:
    """Return the hour under the default settings, and under those that carry it."""
    first = simulate(service, load, Limits())
    limits, trial = Limits(), replace(load, sample=load.sample * COARSER)
    for _ in range(ROUNDS):
        found = simulate(service, trial, limits)
        if not found.held_up_by:
            break
        limits = _raised(limits, found.held_up_by)
    return first, first if limits == first.limits else simulate(service, load, limits)


def besieged(service: Service, calm: Hour, hostility: Hostility) -> Hour:
    """Return the hour under the same settings, with everything hostile at once."""
    return simulate(service, replace(calm.load, hostility=hostility), calm.limits)


def changed(limits: Limits) -> dict[str, tuple[int, int]]:
    """Return the settings that differ from the defaults: from, to."""
    default = Limits()
    names = Limits.__dataclass_fields__
    pairs = {name: (getattr(default, name), getattr(limits, name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _raised(limits: Limits, names: Sequence[str]) -> Limits:
    return replace(limits, **{name: round(getattr(limits, name) * 1.5) for name in names})


def _held_up(world: World) -> list[str]:
    """Name the settings that somebody waited for; the units first, as they hold up all others."""
    started = world.load.connecting * world.simulated
    spent = world.quota.spent / (world.quota.per_s * world.load.seconds)
    late = _quantile(world.lags_s, 95) > SLOW_S
    if late or spent > FULL or world.backfilling > LEFT_OVER * started:
        return ["units_per_minute"]
    found = [
        name
        for name, pool, most in (
            ("push_instances", world.push, world.limits.push_instances),
            ("sync_instances", world.sync, world.limits.sync_instances),
            ("deliver_instances", world.deliver, world.limits.deliver_instances),
        )
        if _needed(pool, world.load.sample) > most
    ]
    for name, line in (("live", world.live), ("events", world.events), ("retries", world.retries)):
        if max(_quantile(line.waited_s, 95), line.behind_s) > SLOW_S:
            found += [f"{name}_per_second", f"{name}_at_once"]
    if world.renewals_late * world.load.sample > world.load.mailboxes / (24 * 6):
        found.append("renewal_runs")
    return found


def _needed(pool: Pool, sample: int) -> float:
    """Return the instances that the work asked for in all but its worst hundredth."""
    return _quantile(pool.needs, 99) * sample


def _quantile(values: Sequence[float], percent: int) -> float:
    return quantiles(values, n=100)[percent - 1] if len(values) > 1 else 0.0
