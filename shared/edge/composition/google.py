"""Google behind its ports, and where events go out: what speaks HTTP."""

# ruff: noqa: PLC0415  each function loads only the adapters it uses (FACTS 16.4)

from typing import TYPE_CHECKING, Any

from shared.domain.google.observations import Sightings
from shared.domain.trouble_board import TroubleNotes
from shared.edge.composition.assembly import Assembly
from shared.ports.clock import Clock
from shared.ports.google.apis import GoogleApis
from shared.ports.google.gmail import GmailMailboxes
from shared.ports.google.oauth import CallerTokens, GoogleOAuth, GoogleSignIn, Sealer
from shared.ports.outside import OutsideHttp
from shared.ports.queue import Queue
from shared.ports.sinks import Receiver, Sink, Sinks, WebhookSink
from shared.ports.telemetry import Telemetry

if TYPE_CHECKING:
    import httpx

    from shared.adapters.google.credentials import ApplicationTokens


def http_client(container: Assembly) -> "httpx.AsyncClient":
    """Return kept-alive connections, shared by all adapters."""
    from shared.adapters.google.http_client import new_http_client

    client = new_http_client()
    container.at_close(client.aclose)
    return client


def application_tokens(_container: Assembly) -> "ApplicationTokens":
    """Return this process's own access tokens for Google Cloud."""
    from shared.adapters.google.credentials import ApplicationTokens

    return ApplicationTokens()


def queue(container: Assembly) -> Queue:
    """Return work for later: a file on the laptop, Cloud Tasks elsewhere."""
    settings = container.settings
    if settings.queue.startswith("sqlite"):
        from shared.adapters.sqlite.queue import SqliteQueue

        opened = SqliteQueue(settings.queue_path, container.use(Clock))
        container.at_close(opened.aclose)
        return opened
    import httpx

    from shared.adapters.google.cloud_tasks import CloudTasksQueue
    from shared.adapters.google.credentials import ApplicationTokens

    return CloudTasksQueue(
        client=container.use(httpx.AsyncClient),
        access_token=container.use(ApplicationTokens),
        location=settings.queue.removeprefix("cloud-tasks:"),
        target=settings.public_url,
        audience=settings.tasks_audience,
        service_account=settings.tasks_service_account,
        own_url=settings.task_url,
    )


def gmail(container: Assembly) -> GmailMailboxes:
    """Return every connection's Gmail."""
    import httpx

    from shared.adapters.gmail.client import HttpGmailMailboxes
    from shared.adapters.gmail.requests import GMAIL_URL
    from shared.usecases.connect.tokens.access_tokens import AccessTokens

    base = container.settings.google_url or GMAIL_URL
    client, tokens = container.use(httpx.AsyncClient), container.use(AccessTokens)
    notes, seen = container.use(TroubleNotes), container.use(Sightings)
    return HttpGmailMailboxes(client, tokens, container.use(Clock), base, notes, seen)


def apis(container: Assembly) -> GoogleApis:
    """Return Google's other APIs, in each connection's name."""
    import httpx

    from shared.adapters.google.apis import HttpGoogleApis
    from shared.usecases.connect.tokens.access_tokens import AccessTokens

    client, tokens = container.use(httpx.AsyncClient), container.use(AccessTokens)
    return HttpGoogleApis(client, tokens, container.settings.google_url)


def outside(container: Assembly) -> OutsideHttp:
    """Return the public internet, for own code."""
    from shared.adapters.sinks.outside import AiohttpOutside

    made = AiohttpOutside(container.settings.events.allowed)
    container.at_close(made.aclose)
    return made


def oauth(container: Assembly) -> GoogleOAuth:
    """Return Google's OAuth endpoints; where there is telemetry, refreshes are counted."""
    import httpx

    from shared.adapters.google.oauth import HttpGoogleOAuth

    client, measured = container.use(httpx.AsyncClient), container.use(Telemetry)
    clock, notes = container.use(Clock), container.use(TroubleNotes)
    endpoints = HttpGoogleOAuth(client, container.settings, clock, notes)
    if not measured.enabled:
        return endpoints
    from shared.adapters.telemetry.counted_ports import counted_oauth

    return counted_oauth(endpoints, measured)


def sign_in(container: Assembly) -> GoogleSignIn:
    """Return who an operator is, by Google's word."""
    import httpx

    from shared.adapters.google.sign_in import HttpGoogleSignIn

    settings, client = container.settings, container.use(httpx.AsyncClient)
    answer = f"{settings.console_url}/console/sign-in/answer"
    return HttpGoogleSignIn(client, settings, container.use(Clock), answer)


def caller_tokens(container: Assembly) -> CallerTokens:
    """Return the verification of Pub/Sub's, Cloud Tasks' and Cloud Scheduler's tokens."""
    import httpx

    from shared.adapters.google.id_tokens import GoogleTokens

    settings, client = container.settings, container.use(httpx.AsyncClient)
    verified = settings.token_check == "claims"
    return GoogleTokens(client, settings, container.use(Clock), behind_iam=verified)


def sealer(container: Assembly) -> Sealer:
    """Return the sealing of tokens at rest; it remembers unwrapped data keys for minutes."""
    if (key := container.settings.kms_key) is not None:
        import httpx

        from shared.adapters.google.credentials import ApplicationTokens
        from shared.adapters.keys.kms import KmsSealer

        tokens = container.use(ApplicationTokens)
        client, clock = container.use(httpx.AsyncClient), container.use(Clock)
        return KmsSealer(client, tokens, key, clock, notes=container.use(TroubleNotes))
    from shared.adapters.keys.local import LocalKeyring

    return LocalKeyring(container.settings.keyring_path)


def webhook_sink(container: Assembly) -> WebhookSink:
    """Return what posts webhooks to the public internet, and to hosts that settings allow."""
    from shared.adapters.sinks.webhook import WebhookHttp

    sink = WebhookHttp(container.settings.events.allowed)
    container.at_close(sink.aclose)
    return sink


def sinks(container: Assembly) -> Sinks:
    """Return every technology that an event may go out by."""
    return LazySinks(container)


class LazySinks:
    """Builds each technology when an event first goes out by it."""

    def __init__(self, container: Assembly) -> None:
        self._container = container
        self._events = container.settings.events
        self._built: dict[str, Sink | None] = {}

    def of(self, receiver: Receiver) -> Sink | None:
        """Return the receiver's technology; a sink that no operator named has none."""
        scheme = "http" if receiver.scheme == "https" else receiver.scheme
        if scheme != "http" and receiver.address not in self._events.reachable:
            return None
        build = {"http": self._http, "pubsub": self._pubsub, "sqs": self._sqs}.get(scheme)
        if build is None:
            return None
        if scheme not in self._built:
            self._built[scheme] = self._keep(build())
        return self._built[scheme]

    def _keep(self, sink: Any) -> Sink | None:
        if hasattr(sink, "aclose"):
            self._container.at_close(sink.aclose)
        found: Sink | None = sink
        return found

    def _http(self) -> Sink:
        return self._container.use(WebhookSink)

    def _pubsub(self) -> Sink:
        from shared.adapters.sinks.pubsub import PubsubSink

        return PubsubSink()

    def _sqs(self) -> Sink | None:
        """Return None where boto3, an optional extra, is not installed: a visible failure."""
        try:
            from shared.adapters.sinks.sqs import SqsSink
        except ImportError:
            return None
        from shared.adapters.google.credentials import id_token

        clock, role = self._container.use(Clock), self._events.sqs_role or ""
        return SqsSink(role, id_token, clock, endpoint=self._events.aws_url)
