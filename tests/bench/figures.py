"""What the bench finds: figures with their aims, as a table for people."""

from collections.abc import Sequence
from dataclasses import dataclass

PARTS = {
    "backfill": "Backfill under an enforced quota, 60 ms away",
    "peers": "The same mailbox, quota and latency, read by others",
    "cpu": "CPU per message, quota and latency off",
    "push": "From a delivered mail to a readable record, Gmail 60 ms away",
    "own": "From a delivered mail to a row of an own sync",
    "delta": "What a notification costs",
    "cold": "Cold start: process start to first answer",
    "whole": "Cold start to the first whole answer, in CPU, against loading Firestore's client",
    "throughput": "One instance, everything in one process, concurrency 80",
    "send": "Sending, Gmail 60 ms away",
    "mcp": "An agent's calls beside the bare MCP SDK",
    "console": "Pages of the console among 10,000 connections",
    "bulk": "A bulk of messages under an enforced quota",
    "google": "The emulated Google, by itself",
    "peak": "The busiest hour, simulated from a real run",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One number; `aim` is the most it should be, or the least where `at_least`."""

    part: str
    name: str
    value: float
    unit: str = ""
    aim: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the aim is met, None where there is none."""
        if self.aim is None:
            return None
        return self.value >= self.aim if self.at_least else self.value <= self.aim

    @property
    def verdict(self) -> str:
        """Return the aim and how it went."""
        if self.aim is None:
            return ""
        sign = "at least" if self.at_least else "at most"
        return f"{sign} {shown(self.aim)}: {'met' if self.met else '**missed**'}"


def shown(value: float) -> str:
    """Return a number with three digits that say something."""
    if value >= 1_000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.{2 if value >= 1 else 3}f}"


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as Markdown, a table for each part."""
    lines: list[str] = []
    for part, title in PARTS.items():
        found = [figure for figure in figures if figure.part == part]
        if not found:
            continue
        lines += [f"### {title}", "", "| figure | value | aim |", "|---|---:|---|"]
        lines += [
            f"| {one.name} | {shown(one.value)} {one.unit} | {one.verdict} |" for one in found
        ]
        lines.append("")
    return "\n".join(lines)
