"""Ask gcloud whether a deployment can be made: `python -m infra.preflight NAME`.

Nothing is changed. The exit code is 1 where a check failed, 2 where none could be made. At a
terminal it ends with what only a person can see, as questions that take `y` or `n`.
"""

import argparse
import asyncio
import shutil
import sys
from collections.abc import Callable, Sequence

from infra.preflight.checks import CHECKS, FIRST, questions
from infra.preflight.context import Check, Preflight, Question
from infra.preflight.gcloud import Gcloud, GcloudError, Kind
from infra.preflight.tfvars import environments, read_environment
from shared.commands.checks.finding import Finding, NotCheckedError, Verdict, failure, ok
from shared.commands.doctor import Findings, as_json, report

NO_GCLOUD = (
    "gcloud is not installed, and nothing was asked: https://cloud.google.com/sdk/docs/install"
)
WHICH = "Which environment? Name it by ENV=NAME, with infra/terraform/envs/NAME.tfvars."
HELP = {
    Kind.API_OFF: "The API is off; Terraform, or infra/terraform/bootstrap, switches it on.",
    Kind.SIGNED_OUT: "gcloud auth login && gcloud auth application-default login",
    Kind.DENIED: "Ask again as an owner of the project.",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Report on the environment named on the command line. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.preflight", description=__doc__)
    parser.add_argument("environment", help="a file of infra/terraform/envs, without .tfvars")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a report")
    chosen = parser.parse_args(arguments)
    program = shutil.which("gcloud")
    if program is None:
        return _stop(NO_GCLOUD)
    try:
        variables = read_environment(chosen.environment)
    except FileNotFoundError:
        return _stop(f"{WHICH}\nThere is: {' '.join(environments())}")
    except ValueError as error:
        return _stop(f"infra/terraform/envs/{chosen.environment}.tfvars: {error}")
    preflight = Preflight(chosen.environment, variables, Gcloud(program))
    findings = asyncio.run(run_all(preflight))
    answer = _ask_at_terminal if sys.stdin.isatty() and not chosen.json else _leave_open
    findings = [*findings, *((one.name, answer(one)) for one in questions(preflight))]
    text = as_json(findings) if chosen.json else report(findings, colour=sys.stdout.isatty())
    print(text)  # noqa: T201  a command talks to a person
    return 1 if any(one.verdict is Verdict.FAILED for _, one in findings) else 0


async def run_all(preflight: Preflight) -> Findings:
    """Return all findings; without a caller only what needs none."""
    first = await run_checks(preflight, FIRST)
    if any(name == "signed in" and one.verdict is not Verdict.OK for name, one in first):
        why = Finding(Verdict.NOT_CHECKED, "Sign in first.")
        return [*first, *((check.name, why) for check in CHECKS)]
    return [*first, *await run_checks(preflight)]


async def run_checks(preflight: Preflight, checks: Sequence[Check] = CHECKS) -> Findings:
    """Return each check's name and finding; one that breaks does not keep the others."""
    found = await asyncio.gather(*(_run_check(check, preflight) for check in checks))
    return [(check.name, finding) for check, finding in zip(checks, found, strict=True)]


async def _run_check(check: Check, preflight: Preflight) -> Finding:
    try:
        return await check.run(preflight)
    except NotCheckedError as error:
        return Finding(Verdict.NOT_CHECKED, str(error))
    except GcloudError as error:
        return Finding(Verdict.NOT_CHECKED, str(error), HELP.get(error.kind, ""))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        return Finding(Verdict.NOT_CHECKED, f"gcloud's answer has another form: {error!r}")


def _leave_open(question: Question) -> Finding:
    return Finding(Verdict.NOT_CHECKED, f"Look yourself: {question.asked}", question.page)


def _ask_at_terminal(question: Question) -> Finding:
    print(f"\n{question.page}\n{question.asked}", file=sys.stderr)  # noqa: T201  as above
    return finding_of(question, input)


def finding_of(question: Question, ask: Callable[[str], str]) -> Finding:
    """Return the finding that a person's own look comes to."""
    answer = ask("[y/n, Enter to leave it open] ").strip().lower()[:1]
    if answer == "y":
        return ok("as you saw it")
    if answer == "n":
        return failure(f"Not so: {question.asked}", f"{question.page}: {question.fix}")
    return _leave_open(question)


def _stop(why: str) -> int:
    print(why, file=sys.stderr)  # noqa: T201  as above
    return 2


if __name__ == "__main__":
    sys.exit(main())
