"""Runs probes one after another and says what came of each."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shared.commands.verify.caller import NotTriedError, StoppedError
from shared.commands.verify.mailbox import Mailbox
from shared.commands.verify.probe import Finding, Probe, Verdict

OTHER_SHAPES = (KeyError, TypeError, ValueError, AttributeError, IndexError)
"""What a probe raises of an answer that is not shaped as it expects."""


@dataclass(frozen=True, slots=True)
class Result:
    """A probe and what came of it."""

    probe: Probe
    finding: Finding

    @property
    def breaks(self) -> bool:
        """Whether Postroom is wrong by it."""
        return self.probe.breaks and self.finding.verdict is Verdict.DIFFERS


async def run_probes(mailbox: Mailbox, probes: Iterable[Probe]) -> list[Result]:
    """Ask each; after what stops the run the others are not tried."""
    results: list[Result] = []
    stopped = ""
    for one in probes:
        finding = Finding(Verdict.NOT_TRIED, stopped)
        if not stopped:
            mailbox.caller.probe = one.name
            try:
                finding = await _ask(one, mailbox)
            except StoppedError as error:
                stopped = str(error)
                finding = Finding(Verdict.NOT_TRIED, stopped)
        results.append(Result(one, finding))
    return results


async def _ask(probe: Probe, mailbox: Mailbox) -> Finding:
    try:
        return await probe.run(mailbox)
    except NotTriedError as error:
        return Finding(Verdict.NOT_TRIED, str(error))
    except OTHER_SHAPES as error:
        return Finding(Verdict.DIFFERS, f"the answer has another shape ({type(error).__name__})")


def report(results: Sequence[Result], units: int) -> str:
    """Return a line a probe, what a difference means below it, and the sums."""
    lines = [line for one in results for line in _lines(one)]
    counts = Counter(one.finding.verdict for one in results)
    sums = ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict)
    return "\n".join([*lines, "", f"{sums}, {units} units"])


def _lines(result: Result) -> Iterator[str]:
    one, finding = result.probe, result.finding
    mark = "!" if result.breaks else " "
    yield f"{finding.verdict:<9} {mark} {one.name}  FACTS {one.fact:<5} {one.claim}"
    if finding.verdict is not Verdict.HOLDS:
        yield f"{'':18}{finding.seen}"
    if finding.verdict is Verdict.DIFFERS:
        yield f"{'':18}-> Postroom: {one.means}"


def as_json(results: Sequence[Result], units: int) -> dict[str, object]:
    """Return the same for a program."""
    probes = [
        {
            "probe": one.probe.name,
            "fact": one.probe.fact,
            "verdict": one.finding.verdict,
            "seen": one.finding.seen,
            "breaks": one.breaks,
        }
        for one in results
    ]
    return {"units": units, "probes": probes}
