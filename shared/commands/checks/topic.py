"""Gmail's way to us: the topic, Gmail's right to publish there, and where it is pushed."""

from collections.abc import Mapping
from typing import Any, Final

from shared.commands.checks.context import CheckContext
from shared.commands.checks.finding import Finding, failure, ok

GMAIL: Final = "serviceAccount:gmail-api-push@system.gserviceaccount.com"
"""One account for all the world (FACTS 2.8)."""
PUBLISH: Final = frozenset({"roles/pubsub.publisher", "roles/pubsub.editor", "roles/pubsub.admin"})


async def gmail_may_publish(context: CheckContext) -> Finding:
    """Read the topic and its policy."""
    context.require_topic()
    topic = context.settings.gmail_topic
    project, name = _parts(topic)
    if await context.resource("pubsub", f"v1/{topic}", needs="pubsub.topics.get") is None:
        return failure(
            f"There is no topic {topic}.",
            f"gcloud pubsub topics create {name} --project={project}   (or make deploy); it must "
            "be in the OAuth client's project.",
        )
    needs = "pubsub.topics.getIamPolicy"
    policy = await context.resource("pubsub", f"v1/{topic}:getIamPolicy", needs=needs)
    if not _publishes(policy or {}):
        return failure(
            f"Gmail may not publish to {topic}: no watch can be armed.",
            f"gcloud pubsub topics add-iam-policy-binding {name} --project={project} "
            f"--member={GMAIL} --role=roles/pubsub.publisher   If the organisation forbids foreign "
            "members, it needs an exception for this one (domain restricted sharing).",
        )
    return ok(f"{topic}, and Gmail may publish to it")


def _publishes(policy: Mapping[str, Any]) -> bool:
    return any(
        binding.get("role") in PUBLISH
        and GMAIL in binding.get("members", ())
        and not binding.get("condition")
        for binding in policy.get("bindings", ())
    )


async def subscription_pushes_here(context: CheckContext) -> Finding:
    """Find the subscription that pushes to us, and compare whose token it sends for whom."""
    context.require_topic()
    topic, endpoint = context.settings.gmail_topic, _endpoint(context)
    listed = await context.resource(
        "pubsub", f"v1/{topic}/subscriptions", needs="pubsub.topics.listSubscriptions"
    )
    others = []
    for name in (listed or {}).get("subscriptions", ()):
        needs = "pubsub.subscriptions.get"
        found = await context.resource("pubsub", f"v1/{name}", needs=needs) or {}
        push = found.get("pushConfig", {})
        if push.get("pushEndpoint") == endpoint:
            return _check_audience(context, name, push.get("oidcToken") or {})
        others.append(push.get("pushEndpoint") or "pulled")
    project, name = _parts(topic)
    seen = f"; it has {', '.join(sorted(others))}" if others else ", it has none"
    return failure(
        f"No subscription of {topic} pushes to {endpoint}{seen}.",
        f"gcloud pubsub subscriptions create {name}-push --topic={name} --project={project} "
        f"--push-endpoint={endpoint} {_token_flags(context)} --expiration-period=never   "
        "(or make deploy)",
    )


def _check_audience(context: CheckContext, name: str, token: Mapping[str, Any]) -> Finding:
    settings = context.settings
    account, audience = token.get("serviceAccountEmail"), _audience(context)
    if account == settings.push_service_account and token.get("audience") == audience:
        return ok(f"{name} pushes to {_endpoint(context)} as {account}")
    if not account:
        seen = f"{name} pushes without a token: every notification is refused with 401."
    elif account != settings.push_service_account:
        seen = f"{name} signs as {account}, expected is {settings.push_service_account}: 401."
    else:
        seen = f"{name} signs for {token.get('audience') or 'its endpoint'}, not {audience}: 401."
    project, short = _parts(name)
    return failure(
        seen,
        f"gcloud pubsub subscriptions modify-push-config {short} --project={project} "
        f"--push-endpoint={_endpoint(context)} {_token_flags(context)}",
    )


def _token_flags(context: CheckContext) -> str:
    return (
        f"--push-auth-service-account={context.settings.push_service_account} "
        f"--push-auth-token-audience={_audience(context)}"
    )


def _endpoint(context: CheckContext) -> str:
    path = "/push/gmail"
    return (context.settings.task_url(path) or context.settings.public_url) + path


def _audience(context: CheckContext) -> str:
    """Return what gmail_push takes for its own; the environment of a function says it."""
    return context.settings.push_audience


def _parts(name: str) -> tuple[str, str]:
    """Return project and last part of `projects/P/topics/T`."""
    parts = name.split("/")
    return parts[1], parts[-1]
