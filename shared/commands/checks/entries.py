"""Our own addresses: they answer, as the deployment that is meant, and refuse forgeries."""

from collections.abc import Sequence
from typing import Final

import httpx

from shared.commands.checks.context import CheckContext
from shared.commands.checks.finding import Finding, NotCheckedError, count_of, failure, ok
from shared.commands.forged_tokens import Finding as ForgeryAnswer
from shared.commands.forged_tokens import try_forged_tokens

INGRESS: Final = 404
"""What Google's front end answers where a function takes no calls from outside."""


async def address_answers(context: CheckContext) -> Finding:
    """Ask the public address how it is, and which deployment it is."""
    settings = context.settings
    address = f"{settings.public_url}/health"
    try:
        answer = await context.ask("GET", address)
    except NotCheckedError as error:
        return failure(f"{address}: {error}", _reach_fix(context))
    told = _environment(answer)
    if told is None:
        return failure(
            f"{address} answers {answer.status_code}, and not as Postroom.", _reach_fix(context)
        )
    if told != settings.environment:
        return failure(
            f"{settings.public_url} is the environment {told}, not {settings.environment}.",
            "Set POSTROOM_PUBLIC_URL and POSTROOM_ENVIRONMENT to the same deployment's.",
        )
    return ok(settings.public_url)


def _environment(answer: httpx.Response) -> str | None:
    """Return which deployment says that it is up."""
    try:
        body = answer.json() if answer.is_success else {}
    except ValueError:
        return None
    sound = isinstance(body, dict) and body.get("status") in {"ok", "degraded"}
    return str(body.get("environment")) if sound else None


def _reach_fix(context: CheckContext) -> str:
    if context.local:
        return "Start it (`make demo`), or set POSTROOM_PUBLIC_URL to where it listens."
    return (
        "Does the domain resolve to `terraform -chdir=infra/terraform output address`, and is the "
        "certificate ACTIVE (gcloud compute ssl-certificates list)? A new one takes up to an hour."
    )


async def forgeries_are_refused(context: CheckContext) -> Finding:
    """Send tokens with all the right claims and no signature to every private entry (FACTS 7.3)."""
    answers = await try_forged_tokens(context.container.use(httpx.AsyncClient), context.settings)
    open_to_all = [one for one in answers if not _is_refused(context, one) and one.status]
    if open_to_all:
        return failure(
            f"{_paths(open_to_all)} took a forged token ({open_to_all[0].forgery}: "
            f"{open_to_all[0].status}).",
            "Anybody can post there now. Make the function private (run.invoker only for its one "
            "caller, `make deploy` does), or set POSTROOM_TOKEN_CHECK=signature on it.",
        )
    if silent := [one for one in answers if not one.status]:
        return failure(
            f"{_paths(silent)} did not answer.",
            "Compare POSTROOM_FUNCTION_URLS with `gcloud run services list`; on a laptop start "
            "Postroom with `make demo`.",
        )
    paths = len({one.address for one in answers})
    return ok(f"{count_of(paths, 'private entry', 'private entries')} refuse every forgery")


def _is_refused(context: CheckContext, one: ForgeryAnswer) -> bool:
    """Whether a forgery got nowhere: by us, by IAM, or at an entry closed to the outside."""
    own = dict(context.settings.function_urls).values()
    closed = one.status == INGRESS and any(one.address.startswith(f"{url}/") for url in own)
    return one.is_refused or closed


def _paths(answers: Sequence[ForgeryAnswer]) -> str:
    return ", ".join(sorted({httpx.URL(one.address).path for one in answers}))
