"""The settings of events: who may be told, what signs it, and the operator's sinks."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from shared.domain.events.addresses import AllowedHosts
from shared.domain.events.flavour import Flavour, checked_nango_secret
from shared.domain.events.webhook_secret import checked_secret
from shared.errors import InvalidRequestError

T = TypeVar("T")
HOST = re.compile(r"[a-z0-9._-]+(:[0-9]{1,5})?|[0-9a-f:]*:[0-9a-f:]+")
PUBSUB = re.compile(r"pubsub:projects/[^/\s]+/topics/[^/\s]+")
SQS = re.compile(r"sqs:https?://[^/\s]+/[^/\s]+/[A-Za-z0-9_-]+(\.fifo)?")
ROLE = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/.+")
MOST_SECRETS = 2
NONE: tuple[str, ...] = ()


class Reads(Protocol):
    """Reads one optional POSTROOM_* variable; `parse` raises ValueError."""

    def __call__(self, name: str, parse: Callable[[str], T], default: T) -> T:
        """Return the parsed value, or the default where it is not set."""
        ...


@dataclass(frozen=True, slots=True)
class EventOptions:
    """What a deployment chooses for its events."""

    allowed: AllowedHosts = field(default_factory=AllowedHosts)
    """Hosts webhooks may go to although they are private or without TLS."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Newest first: they sign what goes to a connection's own address."""
    flavour: Flavour = Flavour.POSTROOM
    """Of what goes to a connection's own address."""
    sinks: tuple[str, ...] = ()
    """`pubsub:projects/P/topics/T` or `sqs:QUEUE-URL`: each is told of every event."""
    sink_choices: frozenset[str] = frozenset()
    """Sinks that an endpoint may name."""
    sqs_role: str | None = None
    """The AWS role that may send to the queues."""
    aws_url: str | None = None
    """One address in place of all of AWS's hosts; only for a stand-in."""

    @property
    def reachable(self) -> frozenset[str]:
        """Every sink that any event may go to."""
        return self.sink_choices | frozenset(self.sinks)

    @property
    def problem(self) -> tuple[str, str] | None:
        """Return the variable that is missing and why."""
        if self.sqs_role is None and any(one.startswith("sqs:") for one in self.reachable):
            return "SQS_ROLE", "is not set, and an SQS sink needs it"
        return None


def event_options(read: Reads) -> EventOptions:
    """Read the variables; the reader keeps their problems."""
    flavour = read("WEBHOOK_FLAVOUR", _flavour, Flavour.POSTROOM)
    return EventOptions(
        allowed=AllowedHosts(read("WEBHOOK_ALLOW", _hosts, frozenset())),
        secrets=read("WEBHOOK_SECRET", partial(_secrets, flavour), NONE),
        flavour=flavour,
        sinks=read("EVENT_SINKS", _sinks, NONE),
        sink_choices=frozenset(read("SINK_CHOICES", _sinks, NONE)),
        sqs_role=read("SQS_ROLE", _role, None),
        aws_url=read("AWS_URL", _aws_url, None),
    )


def _list(value: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in value.split(",") if one.strip())


def _hosts(value: str) -> frozenset[str]:
    hosts = frozenset(one.lower() for one in _list(value))
    if not all(HOST.fullmatch(one) for one in hosts):
        raise ValueError("must list hosts, each with or without :port")
    return hosts


def _flavour(value: str) -> Flavour:
    if value not in set(Flavour):
        raise ValueError("must be postroom or nango")
    return Flavour(value)


def _secrets(flavour: Flavour, value: str) -> tuple[str, ...]:
    if flavour is Flavour.NANGO:
        return (_nango_secret(value),)
    try:
        secrets = tuple(checked_secret(one) for one in _list(value))
    except InvalidRequestError:
        secrets = ()
    if not 0 < len(secrets) <= MOST_SECRETS:
        raise ValueError("must be whsec_ and base64 of 24 to 64 bytes; newest first if two")
    return secrets


def _nango_secret(value: str) -> str:
    try:
        return checked_nango_secret(value)
    except InvalidRequestError as error:
        raise ValueError("must be 1 to 128 printable characters") from error


def _sinks(value: str) -> tuple[str, ...]:
    sinks = _list(value)
    if not all(PUBSUB.fullmatch(one) or SQS.fullmatch(one) for one in sinks):
        raise ValueError("must list pubsub:projects/P/topics/T or sqs:QUEUE-URL")
    return sinks


def _role(value: str) -> str:
    if not ROLE.fullmatch(value):
        raise ValueError("must be the ARN of an AWS role")
    return value


def _aws_url(value: str) -> str:
    if urlsplit(value).scheme not in {"http", "https"}:
        raise ValueError("must be an http(s) address")
    return value.rstrip("/")
