"""What a deployment costs a month: `python -m infra.costs` prints the table of the deploy guide.

Operations are counted (`infra/terraform/operations.json`, by tests/bench/test_operations.py on the
official Firestore emulator); prices are those of FACTS 7.12, 8.9, 8.12, 9.9, 10.2 and 10.5,
europe-west1 or us-central1, without free tiers. What is assumed is listed in `Assumptions`.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

COUNTED: Final = Path(__file__).parent / "terraform" / "operations.json"
DAYS: Final = 30.4
HOURS_A_DAY: Final = 24
MINUTES_A_DAY: Final = 1_440
MILLION: Final = 1_000_000
SERVICES: Final = ("Firestore", "Functions", "Tasks", "Pub/Sub", "KMS", "Scheduler, secrets")
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
    """What was not counted."""

    changes_per_mail: float = 1.0
    """Besides its arrival: read, labelled or archived, each a notification of its own."""
    sent_share: float = 0.1
    """Mails sent through us, for each one that arrives."""
    call_s: float = 0.05
    """One round trip to Gmail, Firestore or Cloud Tasks, during which an instance is billed."""
    start_s: float = 0.05
    """Everything else of a request."""
    alone: float = 0.5
    """The share of that time in which no other request pays for the same instance."""
    memory_gib: float = 0.75
    notification_kb: float = 2.0
    """One notification, published and pushed; Pub/Sub bills at least one kilobyte each way."""
    unwraps_a_request: float = 0.5
    """Data keys unwrapped by KMS; instances remember them for minutes."""
    expired_a_request: float = 1.0
    """Documents that a request leaves behind and TTL deletes, which is billed (FACTS 9.6)."""
    active_keys: float = 5.0
    jobs: int = 5
    secrets: int = 2


@dataclass(frozen=True, slots=True)
class Load:
    """A deployment's size."""

    mailboxes: int
    mails_a_day: int


def monthly(
    counted: Mapping[str, Counts],
    load: Load,
    prices: Prices | None = None,
    assumed: Assumptions | None = None,
) -> dict[str, float]:
    """Return US dollars a month, by service."""
    prices, assumed = prices or Prices(), assumed or Assumptions()
    total = operations(counted, load, assumed)
    calls = total["store_calls"] + total["gmail_calls"] + total["tasks"]
    seconds = (calls * assumed.call_s + total["requests"] * assumed.start_s) * assumed.alone
    return {
        "Firestore": total["reads"] * prices.read
        + total["writes"] * prices.write
        + total["deletes"] * prices.delete,
        "Functions": total["requests"] * prices.request
        + seconds * (prices.vcpu_s + assumed.memory_gib * prices.gib_s),
        # A task is billed when it is made and when it is delivered.
        "Tasks": 2 * total["tasks"] * prices.task,
        "Pub/Sub": total["notifications"] * assumed.notification_kb / 2**30 * prices.pubsub_tib,
        "KMS": total["requests"] * assumed.unwraps_a_request * prices.kms_operation
        + assumed.active_keys * prices.kms_version,
        "Scheduler, secrets": assumed.jobs * prices.job + assumed.secrets * prices.secret_version,
    }


def operations(
    counted: Mapping[str, Counts], load: Load, assumed: Assumptions | None = None
) -> dict[str, float]:
    """Return how often each billed thing happens in a month; `units` are Gmail's."""
    assumed = assumed or Assumptions()
    notified = load.mailboxes * load.mails_a_day * (1 + assumed.changes_per_mail) * DAYS
    happens = {
        "pushed_mail": notified,
        "quiet_hour": load.mailboxes * HOURS_A_DAY * DAYS,
        "watch_renewed": load.mailboxes * DAYS / 5,
        "sent_mail": load.mailboxes * load.mails_a_day * assumed.sent_share * DAYS,
        "reconcile_run": MINUTES_A_DAY * DAYS,
        "renew_run": MINUTES_A_DAY / 10 * DAYS,
    }
    # Jobs were counted by calling their use case: deployed, each run is a request as well.
    direct = {"reconcile_run", "renew_run"}
    total = dict.fromkeys(
        ("reads", "writes", "deletes", "store_calls", "gmail_calls", "tasks", "requests", "units"),
        0.0,
    )
    for name, times in happens.items():
        row = {**counted[name]}
        row["requests"] = row.get("requests", 0) + (name in direct)
        for key in total:
            total[key] += times * row.get(key, 0)
    total["deletes"] += total["requests"] * assumed.expired_a_request
    return {**total, "notifications": notified}


def table(counted: Mapping[str, Counts], loads: Sequence[Load]) -> str:
    """Return the table in Markdown: dollars a month, a column a load."""
    costs = [monthly(counted, load) for load in loads]
    heads = [f"{one.mailboxes:,} mailboxes, {one.mails_a_day} mails a day" for one in loads]
    lines = [f"| US$ a month | {' | '.join(heads)} |", "|---|" + "---:|" * len(loads)]
    lines += [
        f"| {service} | {' | '.join(f'{one[service]:.2f}' for one in costs)} |"
        for service in SERVICES
    ]
    sums = [sum(one.values()) for one in costs]
    lines.append(f"| **together** | {' | '.join(f'**{one:.2f}**' for one in sums)} |")
    each = [cost / load.mailboxes for cost, load in zip(sums, loads, strict=True)]
    lines.append(f"| a mailbox | {' | '.join(f'{one:.4f}' for one in each)} |")
    units = [operations(counted, load)["units"] / DAYS / MILLION for load in loads]
    lines.append(f"| Gmail units a day, millions | {' | '.join(f'{one:.1f}' for one in units)} |")
    return "\n".join(lines) + "\n"


def counts() -> Mapping[str, Counts]:
    """Return what was counted."""
    found: Mapping[str, Counts] = json.loads(COUNTED.read_text())
    return found


LOADS: Final = (Load(1_000, 50), Load(1_000, 200), Load(10_000, 50))


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
