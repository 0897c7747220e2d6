"""Gmail's way to us: the topic, Gmail's right to publish there, and where it is pushed."""

from collections.abc import Mapping
from typing import Any, Final

from shared.commands.checks.context import Ground
from shared.commands.checks.finding import Finding, failed, ok

GMAIL: Final = "serviceAccount:gmail-api-push@system.gserviceaccount.com"
"""One account for all the world (FACTS 2.8)."""
PUBLISH: Final = frozenset({"roles/pubsub.publisher", "roles/pubsub.editor", "roles/pubsub.admin"})


async def gmail_may_publish(ground: Ground) -> Finding:
    """Read the topic and its policy."""
    topic = ground.settings.gmail_topic
    project, name = _parts(topic)
    if await ground.resource("pubsub", f"v1/{topic}", needs="pubsub.topics.get") is None:
        return failed(
            f"There is no topic {topic}.",
            f"gcloud pubsub topics create {name} --project={project}   (or make deploy); it must "
            "be in the OAuth client's project.",
        )
    needs = "pubsub.topics.getIamPolicy"
    policy = await ground.resource("pubsub", f"v1/{topic}:getIamPolicy", needs=needs)
    if not _publishes(policy or {}):
        return failed(
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


async def subscription_pushes_here(ground: Ground) -> Finding:
    """Find the subscription that pushes to us, and compare whose token it sends for whom."""
    topic, endpoint = ground.settings.gmail_topic, _endpoint(ground)
    listed = await ground.resource(
        "pubsub", f"v1/{topic}/subscriptions", needs="pubsub.topics.listSubscriptions"
    )
    others = []
    for name in (listed or {}).get("subscriptions", ()):
        needs = "pubsub.subscriptions.get"
        found = await ground.resource("pubsub", f"v1/{name}", needs=needs) or {}
        push = found.get("pushConfig", {})
        if push.get("pushEndpoint") == endpoint:
            return _signed_for_us(ground, name, push.get("oidcToken") or {})
        others.append(push.get("pushEndpoint") or "pulled")
    project, name = _parts(topic)
    seen = f"; it has {', '.join(sorted(others))}" if others else ", it has none"
    return failed(
        f"No subscription of {topic} pushes to {endpoint}{seen}.",
        f"gcloud pubsub subscriptions create {name}-push --topic={name} --project={project} "
        f"--push-endpoint={endpoint} {_token_flags(ground)} --expiration-period=never   "
        "(or make deploy)",
    )


def _signed_for_us(ground: Ground, name: str, token: Mapping[str, Any]) -> Finding:
    settings = ground.settings
    account, audience = token.get("serviceAccountEmail"), _audience(ground)
    if account == settings.push_service_account and token.get("audience") == audience:
        return ok(f"{name} pushes to {_endpoint(ground)} as {account}")
    if not account:
        seen = f"{name} pushes without a token: every notification is refused with 401."
    elif account != settings.push_service_account:
        seen = f"{name} signs as {account}, expected is {settings.push_service_account}: 401."
    else:
        seen = f"{name} signs for {token.get('audience') or 'its endpoint'}, not {audience}: 401."
    project, short = _parts(name)
    return failed(
        seen,
        f"gcloud pubsub subscriptions modify-push-config {short} --project={project} "
        f"--push-endpoint={_endpoint(ground)} {_token_flags(ground)}",
    )


def _token_flags(ground: Ground) -> str:
    return (
        f"--push-auth-service-account={ground.settings.push_service_account} "
        f"--push-auth-token-audience={_audience(ground)}"
    )


def _endpoint(ground: Ground) -> str:
    path = "/push/gmail"
    return (ground.settings.task_url(path) or ground.settings.public_url) + path


def _audience(ground: Ground) -> str:
    """Return what gmail_push takes for its own; the environment of a function says it."""
    return ground.settings.push_audience


def _parts(name: str) -> tuple[str, str]:
    """Return project and last part of `projects/P/topics/T`."""
    parts = name.split("/")
    return parts[1], parts[-1]
