"""Ask every part of a deployment how it is; each failure says what to click or run.

Against the laptop (`make doctor` while `make demo` runs) or against a deployment, with its
POSTROOM_* variables in the environment and Application Default Credentials. It changes nothing but
one ticket in the store, which it takes away again. The exit code is 1 where a check failed, 0
otherwise; what cannot be checked from here says so and why.
"""

import asyncio
import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence

from shared.commands.checks import CHECKS
from shared.commands.checks.configuration import settings_are_sound
from shared.commands.checks.context import Check, CheckContext, check_context
from shared.commands.checks.finding import Finding, NotCheckedError, Verdict
from shared.errors import PostroomError

SUMMARY = "ask every part how it is; each failure says what to click or run"
TIMEOUT_S = 45.0
COLOURS = {
    Verdict.OK: "32",
    Verdict.WARNING: "33",
    Verdict.FAILED: "31",
    Verdict.NOT_CHECKED: "90",
}
Findings = Sequence[tuple[str, Finding]]


def options(parser: ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a report")


async def run(arguments: Namespace) -> int:
    """Check everything; 1 where anything failed."""
    findings = await run_doctor(os.environ)
    print(as_json(findings) if arguments.json else report(findings, colour=sys.stdout.isatty()))
    return 1 if any(one.verdict is Verdict.FAILED for _, one in findings) else 0


async def run_doctor(environ: Mapping[str, str]) -> Findings:
    """Return every check's name and finding, the configuration's first."""
    finding, settings = settings_are_sound(environ)
    if settings is None:
        why = Finding(Verdict.NOT_CHECKED, "The configuration cannot be read.")
        return [("configuration", finding), *((check.name, why) for check in CHECKS)]
    async with check_context(settings) as context:
        return [("configuration", finding), *await run_checks(context)]


async def run_checks(context: CheckContext, checks: Sequence[Check] = CHECKS) -> Findings:
    """Return each check's name and finding; one that breaks does not keep the others."""
    found = await asyncio.gather(*(_run_check(check, context) for check in checks))
    return [(check.name, finding) for check, finding in zip(checks, found, strict=True)]


async def _run_check(check: Check, context: CheckContext) -> Finding:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await check.run(context)
    except (NotCheckedError, PostroomError) as error:
        return Finding(Verdict.NOT_CHECKED, str(error))
    except TimeoutError:
        return Finding(Verdict.NOT_CHECKED, f"No answer within {TIMEOUT_S:.0f} s.")


def as_json(findings: Findings) -> str:
    """Return `{"ok": bool, "checks": [{"check", "verdict", "seen", "fix"}]}`."""
    checks = [
        {"check": name, "verdict": one.verdict, "seen": one.seen, "fix": one.fix or None}
        for name, one in findings
    ]
    sound = all(one.verdict is not Verdict.FAILED for _, one in findings)
    return json.dumps({"ok": sound, "checks": checks}, indent=2)


def report(findings: Findings, *, colour: bool = False) -> str:
    """Return a line a check, and under each that needs it the fix."""
    lines = []
    for name, one in findings:
        mark = f"{one.verdict:11}"
        mark = f"\033[{COLOURS[one.verdict]}m{mark}\033[0m" if colour else mark
        lines.append(f"{mark}  {name:19}  {one.seen}")
        if one.fix:
            lines.append(f"{'':13}{'':21}-> {one.fix}")
    counts = ", ".join(
        f"{number} {verdict}"
        for verdict in Verdict
        if (number := sum(one.verdict is verdict for _, one in findings))
    )
    return "\n".join([*lines, "", counts])
