"""The measured jobs as a page."""

from collections.abc import Sequence

from tests.bench.jobs.measure import Job, Server
from tests.bench.jobs.scripts import JOBS

HEAD = """\
# Ten jobs of an agent

Written by `python -m tests.bench.jobs`. One mailbox on the emulated Google, the same for each
server; each job is the calls that an agent makes of its tools, the ids known from the call before,
so that no model's mood is measured. Tokens are o200k_base's: out is what the model writes (names
and arguments), in is the text of the results that it reads. What a job sets going in the background
(a push, its sync) is among the units.

"""
LEGEND = """
In each cell: calls · tokens out · tokens in · Gmail's units · milliseconds. The list of tools is
read with every request of a model, unless its prompt is cached. server-gmail-autoauth-mcp writes an
attachment to disk and says its name: the model has not read it.
"""


def written(found: Sequence[Server]) -> str:
    """Return the page."""
    names = [one.name for one in found]
    lines = [_row("", *names), _row("---", *("---:" for _ in names))]
    lines += [_row("tools listed", *(f"{one.count}, {one.tokens:,} tokens" for one in found))]
    for place, title in enumerate(JOBS):
        lines.append(_row(title, *(_cell(one.jobs[place]) for one in found)))
    lines.append(_row("**all ten**", *(f"**{_cell(_sum(one.jobs))}**" for one in found)))
    refused = [f"* {one.name}: {text}" for one in found for job in one.jobs for text in job.refused]
    told = "\n".join(["", "Calls that were refused:", "", *refused, ""]) if refused else ""
    return f"{HEAD}{chr(10).join(lines)}\n{LEGEND}{told}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(job: Job) -> str:
    counts = (job.calls, job.tokens_out, job.tokens_in, job.units, round(job.seconds * 1e3))
    return " · ".join(f"{one:,}" for one in counts)


def _sum(jobs: Sequence[Job]) -> Job:
    return Job(
        calls=sum(one.calls for one in jobs),
        units=sum(one.units for one in jobs),
        seconds=sum(one.seconds for one in jobs),
        tokens_out=sum(one.tokens_out for one in jobs),
        tokens_in=sum(one.tokens_in for one in jobs),
    )
