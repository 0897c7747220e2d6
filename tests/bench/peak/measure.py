"""The peak hour of 10,000, 100,000 and 1,000,000 mailboxes, from a real run of 1,000.

Calm, and then hostile, as `hostility.py` describes it: what that may change for other customers is
a ratio with an aim.
"""

import time
from dataclasses import replace
from pathlib import Path

from infra.costs import Load as MonthlyLoad
from infra.costs import counts, monthly
from shared.domain.mail.reading.email_message import read_message
from tests.bench.figures import Figure
from tests.bench.peak.findings import Hour, besieged, carried, changed, simulate
from tests.bench.peak.hostility import ALL_CUT_OFF, HOSTILE
from tests.bench.peak.hour import HOUR_S, Limits, Load, Service
from tests.bench.peak.real_run import Observed, observe
from tests.bench.scale import Scale
from tests.domain.hostile import MESSAGES

SIZES = ((10_000, 2), (100_000, 20), (1_000_000, 200))
"""Mailboxes, and how many of them each simulated one stands for."""
SAMPLED, HOSTILE_SIZE = 16_000, 120_000
"""Characters by which the costliest family is found, and of the mail that is charged."""
MOST_TIMES = 2.0
LOCAL_STORE_S, LOCAL_START_S = 0.001, 0.0
MAILS_A_DAY = 50


async def measure(directory: Path, scale: Scale) -> list[Figure]:
    """Observe, check the model against what was seen, then simulate the hours."""
    seen = await observe(directory, scale)
    service = Service(
        push_cpu_s=seen.quiet.cpu_per_mail_s,
        message_cpu_s=seen.message_cpu_s,
        deliver_cpu_s=seen.quiet.cpu_per_mail_s / 2,
        hostile_cpu_s=hostile_cpu_s(),
        gmail_s=scale.latency_ms / 1e3,
    )
    figures = _checked(seen, service)
    hours = []
    for mailboxes, sample in SIZES:
        load = Load(mailboxes, sample * scale.coarser, mails_a_day=MAILS_A_DAY)
        first, enough = carried(service, load)
        hours.append(enough)
        figures += _figures(first, enough)
        figures += _compared("hostile", enough, besieged(service, enough, HOSTILE))
    figures += _compared("all cut off", hours[0], besieged(service, hours[0], ALL_CUT_OFF))
    small, large = hours[0], hours[-1]
    growth = (large.cpus / small.cpus) / (large.load.mailboxes / small.load.mailboxes)
    return [*figures, Figure("peak", "CPUs a mailbox, 1,000,000 against 10,000", growth, "x", 1.3)]


def hostile_cpu_s() -> float:
    """Return the CPU seconds of reading one large mail of the costliest family."""
    costliest = max(MESSAGES, key=lambda name: _reading_s(name, SAMPLED))
    return _reading_s(costliest, HOSTILE_SIZE)


def _reading_s(family: str, size: int) -> float:
    message = MESSAGES[family](size)
    began = time.process_time()
    read_message(message)
    return time.process_time() - began


def _compared(kind: str, calm: Hour, hour: Hour) -> list[Figure]:
    """Return what a hostile hour does to other customers, against the calm one."""
    size = f"{hour.load.mailboxes:,}, {kind}"
    pairs = (
        ("lag p50 against the calm hour", calm.lag_p50_s, hour.lag_p50_s),
        ("lag p99 against the calm hour", calm.lag_p99_s, hour.lag_p99_s),
        ("event p50 against the calm hour", calm.told_p50_s, hour.told_p50_s),
        ("event p99 against the calm hour", calm.told_p99_s, hour.told_p99_s),
    )
    against = [
        Figure("peak", f"{size}: others' {name}", bad / good, "x", MOST_TIMES)
        for name, good, bad in pairs
    ]
    return [
        *against,
        Figure("peak", f"{size}: CPUs busy on average", hour.cpus),
        Figure("peak", f"{size}: longest wait in a task queue", hour.longest_queue_s, "s"),
    ]


def _checked(seen: Observed, service: Service) -> list[Figure]:
    """Let the model predict the busier stretch of the real run."""
    local = replace(service, store_s=LOCAL_STORE_S, start_s=LOCAL_START_S)
    day = seen.busy.per_second / seen.mailboxes * HOUR_S / 0.1
    load = Load(
        seen.mailboxes,
        mails_a_day=day,
        changes_per_mail=0,
        idle=0,
        sent_share=0,
        connecting=0,
        seconds=HOUR_S / 6,
    )
    model = simulate(local, load, Limits(push_instances=1))
    cpu = seen.busy.cpu_per_mail_s * seen.busy.per_second
    pairs = (
        ("lag, median", "ms", model.lag_p50_s * 1e3, seen.busy.lag_s(50) * 1e3),
        ("lag, p95", "ms", model.lag_p95_s * 1e3, seen.busy.lag_s(95) * 1e3),
        ("CPUs busy", "", model.cpus, cpu),
    )
    figures = [
        Figure("peak", "real run: mailboxes", seen.mailboxes),
        Figure("peak", "real run: mails a second", seen.busy.per_second),
        Figure("peak", "CPU of a notification", service.push_cpu_s * 1e3, "ms"),
        Figure("peak", "CPU of a hostile mail", service.hostile_cpu_s * 1e3, "ms"),
    ]
    for name, unit, said, was in pairs:
        figures += [
            Figure("peak", f"real run: {name}", was, unit),
            Figure("peak", f"model of that run: {name}", said, unit),
        ]
    return figures


def _figures(first: Hour, hour: Hour) -> list[Figure]:
    """One size's figures, under the settings that carry it."""
    size = f"{hour.load.mailboxes:,}"
    month = sum(monthly(counts(), MonthlyLoad(hour.load.mailboxes, MAILS_A_DAY)).values())
    return [
        Figure("peak", f"{size}: lag p50", hour.lag_p50_s, "s"),
        Figure("peak", f"{size}: lag p99", hour.lag_p99_s, "s"),
        Figure("peak", f"{size}: lag p99 with the settings as they come", first.lag_p99_s, "s"),
        Figure("peak", f"{size}: event to the product p99", hour.told_p99_s, "s"),
        Figure("peak", f"{size}: longest wait in a task queue", hour.longest_queue_s, "s"),
        Figure("peak", f"{size}: instances", hour.instances),
        Figure("peak", f"{size}: CPUs busy on average", hour.cpus),
        Figure("peak", f"{size}: Gmail units a minute", hour.units_per_minute),
        Figure("peak", f"{size}: US$ a month and mailbox", month / hour.load.mailboxes),
        *(
            Figure("peak", f"{size}: {name} must go from {was:,} to", to)
            for name, (was, to) in changed(hour.limits).items()
        ),
    ]
