"""Register receivers of events, give them another secret, change them, remove them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from secrets import token_hex
from typing import Any, TypeVar

from shared.domain.events.addresses import AllowedHosts, checked_url
from shared.domain.events.endpoint import MOST_ENDPOINTS, Content, WebhookEndpoint
from shared.domain.events.event import EventType
from shared.domain.events.flavour import Flavour, checked_nango_secret
from shared.domain.events.webhook_secret import checked_secret, new_secret
from shared.domain.ids import ConnectionId
from shared.errors import InvalidRequestError, NotFoundError
from shared.ports.clock import Clock
from shared.ports.documents import Versioned, until_written, update, update_by
from shared.ports.google.oauth import Sealer
from shared.ports.sinks import SinkChoices
from shared.usecases.events.receivers import KnownEndpoints, sealed_secret, secrets_after

T = TypeVar("T")
SINK_SCHEMES = ("pubsub:", "sqs:")


@dataclass(frozen=True, slots=True)
class Registration:
    """What the caller says of a new endpoint; `secret` None has one made."""

    url: str
    types: frozenset[EventType] = frozenset()
    connection_ids: frozenset[ConnectionId] | None = None
    description: str = ""
    secret: str | None = None
    flavour: Flavour = Flavour.POSTROOM
    content: Content = Content.NONE


@dataclass(frozen=True, slots=True)
class WithSecret:
    """An endpoint, and the secret that is shown this once; None for a sink."""

    endpoint: WebhookEndpoint
    secret: str | None


@dataclass(frozen=True)
class ManageEndpoints:
    """The /webhook-endpoints resource; `sinks` are addresses of sinks that may be named."""

    endpoints: KnownEndpoints
    sealer: Sealer
    clock: Clock
    allowed: AllowedHosts
    sinks: SinkChoices = SinkChoices(frozenset())  # noqa: RUF009  it is immutable

    async def create(self, asked: Registration) -> WithSecret:
        """Raise InvalidRequestError for an address that may not be used, or too many."""
        self.check_url(asked.url)
        _check_content(asked.url, asked.content)
        if len(await self.endpoints.list()) >= MOST_ENDPOINTS:
            raise InvalidRequestError(f"There may be {MOST_ENDPOINTS} endpoints: delete one.")
        now, id = self.clock.now(), f"whe_{token_hex(12)}"
        secret = None if _is_sink(asked.url) else _secret(asked.secret, asked.flavour)
        sealed = [await sealed_secret(self.sealer, id, secret, now)] if secret else []
        endpoint = WebhookEndpoint(
            id=id,
            url=asked.url,
            created_at=now,
            updated_at=now,
            secrets=tuple(sealed),
            types=asked.types,
            connection_ids=asked.connection_ids,
            description=asked.description,
            flavour=asked.flavour,
            content=asked.content,
        )
        await self.endpoints.create(endpoint)
        return WithSecret(endpoint, secret)

    async def rotate(self, id: str, secret: str | None, overlap: timedelta) -> WithSecret:
        """Sign with a new secret and, for `overlap`, with the last one too."""
        flavour = (await self.find(id)).value.flavour
        fresh = _secret(secret, flavour)

        async def replace_secret(was: WebhookEndpoint) -> WebhookEndpoint:
            if _is_sink(was.url):
                raise InvalidRequestError("A sink has no signing secret.")
            now = self.clock.now()
            newest = await sealed_secret(self.sealer, id, fresh, now)
            live = [one for one in was.secrets if one.live(now)]
            secrets = secrets_after(newest, live, now + overlap)
            return replace(was, secrets=secrets, updated_at=now)

        endpoint = await update_by(self.endpoints, id, replace_secret)
        return WithSecret(_require_found(endpoint), fresh)

    async def change(self, id: str, changes: Mapping[str, Any]) -> WebhookEndpoint:
        """Change `url`, `types`, `connection_ids`, `description`, `content`, `enabled`."""
        if "url" in changes:
            self.check_url(changes["url"])
        endpoint = await update(self.endpoints, id, lambda was: self._change(was, dict(changes)))
        return _require_found(endpoint)

    async def delete(self, id: str) -> None:
        """Forget it and its secrets; what was on its way to it is not sent any more."""

        async def attempt() -> None:
            await self.endpoints.delete(await self.find(id))

        await until_written(attempt)

    async def find(self, id: str) -> Versioned[WebhookEndpoint]:
        """Return the endpoint. Raises NotFoundError."""
        return _require_found(await self.endpoints.get(id))

    def check_url(self, url: str) -> None:
        """Raise InvalidRequestError unless events may be sent to this address."""
        if _is_sink(url):
            if url not in self.sinks:
                raise InvalidRequestError(
                    "An operator must allow this topic or queue first.", code="invalid_webhook_url"
                )
            return
        checked_url(url, self.allowed)

    def _change(self, was: WebhookEndpoint, changes: dict[str, Any]) -> WebhookEndpoint:
        now = self.clock.now()
        if _is_sink(changes.get("url", was.url)) != _is_sink(was.url):
            raise InvalidRequestError("A sink and a webhook cannot become one another.")
        _check_content(was.url, changes.get("content", was.content))
        enabled = changes.pop("enabled", None)
        if changes.get("url", was.url) != was.url:
            changes["deferred_until"] = None
        if enabled is True:
            changes |= {"disabled_at": None, "disabled_reason": None, "deferred_until": None}
            changes["failing_since"] = None
        elif enabled is False and was.disabled_at is None:
            changes |= {"disabled_at": now, "disabled_reason": "by_request"}
        return replace(was, **changes, updated_at=now)


def _require_found(endpoint: T | None) -> T:
    if endpoint is None:
        raise NotFoundError("No such endpoint. GET /webhook-endpoints lists yours.")
    return endpoint


def _secret(given: str | None, flavour: Flavour) -> str:
    """Return the caller's secret or a fresh one. Raises InvalidRequestError."""
    check = checked_nango_secret if flavour is Flavour.NANGO else checked_secret
    return check(new_secret() if given is None else given)


def _check_content(url: str, content: Content) -> None:
    """Raise InvalidRequestError where messages would stay in a topic or queue after erasure."""
    if content is not Content.NONE and _is_sink(url):
        raise InvalidRequestError(
            "A sink takes no messages: what a topic or queue holds is not erased with a "
            "connection. Read them from the cursor, or name an https address.",
            code="invalid_content",
        )


def _is_sink(url: str) -> bool:
    return url.startswith(SINK_SCHEMES)
