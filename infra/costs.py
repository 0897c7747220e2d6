"""What a deployment costs a month: `python -m infra.costs` prints the table of the deploy guide.

Operations are counted (`infra/terraform/operations.json`, by tests/bench/test_operations.py on the
official Firestore emulator, each function a process of its own); prices are those of FACTS 7.12,
8.9, 8.12, 9.9, 10.2 and 10.5, europe-west1 or us-central1, without free tiers. What is assumed is
listed in `Assumptions`, with the least and the most that it may be.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

COUNTED: Final = Path(__file__).parent / "terraform" / "operations.json"
DAYS: Final = 30.4
HOURS_A_DAY: Final = 24
MINUTES_A_DAY: Final = 1_440
MILLION: Final = 1_000_000
SERVICES: Final = ("Firestore", "Functions", "Tasks", "Pub/Sub", "KMS", "Scheduler, secrets")
CALLS: Final = ("store_calls", "gmail_calls", "tasks", "kms_calls", "told", "exports")
"""What is waited for: an instance is billed meanwhile."""
BILLED: Final = ("reads", "writes", "deletes", "expiring", "requests", "units")
Counts = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars."""

    read: float = 0.03 / 100_000
    write: float = 0.09 / 100_000
    delete: float = 0.01 / 100_000
    vcpu_s: float = 0.000024
    gib_s: float = 0.0000025
    request: float = 0.40 / MILLION
    task: float = 0.40 / MILLION
    pubsub_tib: float = 40.0
    kms_operation: float = 0.03 / 10_000
    kms_version: float = 0.06
    secret_version: float = 0.06
    job: float = 0.10


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What was not counted; `LEAST` and `MOST` say within which ranges."""

    changes_per_mail: float = 1.0
    """Besides its arrival: read, labelled or archived, each a notification of its own."""
    sent_share: float = 0.1
    """Mails sent through us, for each one that arrives."""
    quiet_hours: float = 12.0
    """Hours of a day in which nothing comes, and one look is taken."""
    call_s: float = 0.05
    """One round trip to whatever is called, during which an instance is billed."""
    start_s: float = 0.05
    """Everything else of a request."""
    alone: float = 0.5
    """The share of that time in which no other request pays for the same instance."""
    memory_gib: float = 0.75
    notification_kb: float = 2.0
    """One notification, published and pushed; Pub/Sub bills at least one kilobyte each way."""
    active_keys: float = 5.0
    jobs: int = 5
    secrets: int = 2


LEAST: Final = Assumptions(
    changes_per_mail=0.5, sent_share=0.02, quiet_hours=8, call_s=0.02, start_s=0.02, alone=0.3
)
MOST: Final = Assumptions(
    changes_per_mail=2.0, sent_share=0.3, quiet_hours=18, call_s=0.1, start_s=0.1, alone=1.0
)


@dataclass(frozen=True, slots=True)
class Load:
    """A deployment's size; `receivers` of each event are those that were counted: 0, 1 or 3."""

    mailboxes: int
    mails_a_day: int
    receivers: int = 1
    telemetry: bool = False


def monthly(
    counted: Mapping[str, Counts],
    load: Load,
    prices: Prices | None = None,
    assumed: Assumptions | None = None,
) -> dict[str, float]:
    """Return US dollars a month, by service."""
    prices, assumed = prices or Prices(), assumed or Assumptions()
    total = operations(counted, load, assumed)
    calls = sum(total[kind] for kind in CALLS)
    seconds = (calls * assumed.call_s + total["requests"] * assumed.start_s) * assumed.alone
    return {
        "Firestore": total["reads"] * prices.read
        + total["writes"] * prices.write
        + (total["deletes"] + total["expiring"]) * prices.delete,
        "Functions": total["requests"] * prices.request
        + seconds * (prices.vcpu_s + assumed.memory_gib * prices.gib_s),
        # A task is billed when it is made and when it is delivered.
        "Tasks": 2 * total["tasks"] * prices.task,
        "Pub/Sub": total["notifications"] * assumed.notification_kb / 2**30 * prices.pubsub_tib,
        "KMS": total["kms_calls"] * prices.kms_operation + assumed.active_keys * prices.kms_version,
        "Scheduler, secrets": assumed.jobs * prices.job + assumed.secrets * prices.secret_version,
    }


def operations(
    counted: Mapping[str, Counts], load: Load, assumed: Assumptions | None = None
) -> dict[str, float]:
    """Return how often each billed thing happens in a month; `units` are Gmail's."""
    assumed = assumed or Assumptions()
    mails = load.mailboxes * load.mails_a_day * DAYS
    changes = mails * assumed.changes_per_mail
    busy_hours = HOURS_A_DAY - assumed.quiet_hours
    happens = {
        f"pushed_mail_{load.receivers}": mails,
        f"pushed_change_{load.receivers}": changes,
        # A quiet hour's look refreshes the token as well; in a busy one the last push is noted.
        "quiet_hour": load.mailboxes * assumed.quiet_hours * DAYS,
        "token_refreshed": load.mailboxes * busy_hours * DAYS,
        "watch_renewed": load.mailboxes * DAYS / 5,
        f"sent_mail_{load.receivers}": mails * assumed.sent_share,
        "reconcile_run": MINUTES_A_DAY * DAYS,
        "renew_run": MINUTES_A_DAY * DAYS,
    }
    total = dict.fromkeys((*CALLS, *BILLED), 0.0)
    for name, times in happens.items():
        for key in total:
            total[key] += times * counted[name].get(key, 0)
    if load.telemetry:
        told = counted["pushed_mail_1_telemetry"]
        total["exports"] += total["requests"] * told["exports"] / told["requests"]
    return {**total, "notifications": mails + changes}


def table(counted: Mapping[str, Counts], loads: Sequence[Load]) -> str:
    """Return the table in Markdown: dollars a month, a column a load."""
    costs = [monthly(counted, load) for load in loads]
    heads = [f"{one.mailboxes:,} mailboxes, {one.mails_a_day} mails a day" for one in loads]
    lines = [f"| US$ a month | {' | '.join(heads)} |", "|---|" + "---:|" * len(loads)]
    lines += [_row(service, [f"{one[service]:.2f}" for one in costs]) for service in SERVICES]
    lines.append(_row("**together**", [f"**{sum(one.values()):.2f}**" for one in costs]))
    lines.append(_row("a mailbox", [_each(counted, load) for load in loads]))
    for title, change in VARIANTS.items():
        changed = [replace(load, **change) for load in loads]
        lines.append(_row(f"a mailbox, {title}", [_each(counted, load) for load in changed]))
    for title, assumed in (("least", LEAST), ("most", MOST)):
        each = [_each(counted, load, assumed) for load in loads]
        lines.append(_row(f"a mailbox, all assumptions at their {title}", each))
    units = [operations(counted, load)["units"] / DAYS / MILLION for load in loads]
    lines.append(_row("Gmail units a day, millions", [f"{one:.1f}" for one in units]))
    return "\n".join(lines) + "\n"


def _row(title: str, cells: Sequence[str]) -> str:
    return f"| {title} | {' | '.join(cells)} |"


def _each(counted: Mapping[str, Counts], load: Load, assumed: Assumptions | None = None) -> str:
    cost = sum(monthly(counted, load, assumed=assumed).values())
    return f"{cost / load.mailboxes:.4f}"


def counts() -> Mapping[str, Counts]:
    """Return what was counted."""
    found: Mapping[str, Counts] = json.loads(COUNTED.read_text())
    return found


LOADS: Final = (Load(1_000, 50), Load(1_000, 200), Load(10_000, 50))
VARIANTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "without a receiver": {"receivers": 0},
    "with three receivers": {"receivers": 3},
    "with telemetry": {"telemetry": True},
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, of the usual loads or of one's own."""
    parser = argparse.ArgumentParser(prog="python -m infra.costs", description=__doc__)
    parser.add_argument("--mailboxes", type=int)
    parser.add_argument("--mails-a-day", type=int, default=50)
    asked = parser.parse_args(arguments)
    loads = (Load(asked.mailboxes, asked.mails_a_day),) if asked.mailboxes else LOADS
    print(table(counts(), loads), end="")  # noqa: T201  a command talks to a person


if __name__ == "__main__":
    main()
