"""Time: tokens are refused and leases overlap where clocks disagree."""

from typing import Final

from shared.commands.checks.context import CheckContext
from shared.commands.checks.finding import Finding, NotCheckedError, failure, ok
from shared.domain.retry_after import read_http_date

MOST_S: Final = 20.0
"""Two thirds of the skew that a token of Google's may have."""


async def clocks_agree(context: CheckContext) -> Finding:
    """Compare three clocks by the Date of an answer: ours, Google's and the deployment's."""
    configuration = f"{context.at('accounts')}/.well-known/openid-configuration"
    google = await _ahead_s(context, configuration)
    if google is None:
        raise NotCheckedError("Google's answer carries no date.")
    if abs(google) > MOST_S:
        return failure(
            f"This machine's clock is {_deviation(google)} Google's.",
            "Set it by NTP: `sudo timedatectl set-ntp true` (on macOS `sudo sntp -sS "
            "time.google.com`).",
        )
    deployed = await _ahead_s(context, f"{context.settings.public_url}/health")
    if deployed is not None and abs(google - deployed) > MOST_S:
        return failure(
            f"The deployment's clock is {_deviation(google - deployed)} Google's.",
            "Set the clock of the machine that serves POSTROOM_PUBLIC_URL by NTP; on Cloud Run "
            "look for a proxy or cache in front that answers /health itself.",
        )
    return ok(f"within {max(1.0, abs(google)):.0f} s of Google's")


async def _ahead_s(context: CheckContext, address: str) -> float | None:
    """Return by how many seconds our clock is ahead of the answer's Date."""
    asked_at = context.now
    answer = await context.ask("GET", address)
    half = (context.now - asked_at) / 2
    then = read_http_date(answer.headers.get("date", ""))
    return None if then is None else (asked_at + half - then).total_seconds()


def _deviation(ahead_s: float) -> str:
    return f"{abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'}"
