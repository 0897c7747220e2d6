"""Settings from the environment, parsed once; every problem is named in one error."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from shared.actions.present import READY
from shared.domain.connect.brand import Brand
from shared.domain.sync.alias import SyncAliases, read_aliases
from shared.edge.settings.brand import brand_options
from shared.edge.settings.console import ConsoleOptions, console_options
from shared.edge.settings.events import EventOptions, event_options
from shared.edge.settings.functions import FUNCTIONS, Trigger, function_for
from shared.errors import ConfigurationError

T = TypeVar("T")
SHA256_HEX = re.compile(r"[0-9a-f]{64}")
QUEUE_LOCATION = re.compile(r"cloud-tasks:projects/[^/]+/locations/[^/]+")
STORE = re.compile(r"sqlite:.+|firestore:[^/]+/[^/]+")
KEYRING = re.compile(r"file:.+|kms:projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+")
TOPIC = re.compile(r"projects/[^/]+/topics/[^/]+")
INTEGRATION_KEY = re.compile(r"[A-Za-z0-9~:.@_-]{1,64}")
LEAST_RESULT_BYTES = 4_096
TAKERS = frozenset({"google", "otlp", "prometheus"})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
ANY_PORT = frozenset({"http://127.0.0.1:*", "http://localhost:*"})
"""Origins of this machine, whatever their port; a deployment takes none of them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a deployment chooses. Secrets among it never reach a log: `repr` hides them."""

    environment: str
    public_url: str
    """The one address everything is served on, without a trailing slash."""
    store: str
    """`sqlite:PATH` or `firestore:PROJECT/DATABASE`."""
    queue: str
    """`sqlite`, with `:PATH` or beside the store, or `cloud-tasks:projects/P/locations/L`."""
    keyring: str
    """`file:PATH`, or `kms:` and the resource name of a Cloud KMS key."""
    tasks_audience: str
    tasks_service_account: str
    push_audience: str
    push_service_account: str
    scheduler_service_account: str
    token_check: str
    """`signature`, or `claims` where the platform has verified the caller's token (FACTS 7.3)."""
    function_urls: tuple[tuple[str, str], ...]
    """Functions with an address of their own, by name: where their tasks go, and the audience."""
    gmail_topic: str
    """Where Gmail announces changes; empty where no topic is, and mailboxes are asked instead."""
    oauth_client_id: str
    oauth_client_secret: str
    google_url: str | None
    """One base address in place of all of Google's hosts; only for the emulated Google."""
    product_origins: tuple[str, ...]
    product_name: str
    api_keys: frozenset[str]
    """SHA-256, in hex, of the root API keys (permission `*`)."""
    units_per_minute: int
    requests_per_minute: int
    """What an API key may ask of one instance, unless the key says otherwise."""
    mcp_result_bytes: int
    """The most one result of a tool says to a model; a longer one is read in pieces."""
    proxy_hops: int
    """How many proxies in front of us append to X-Forwarded-For: 1 on Cloud Run, else 0."""
    on_cloud_run: bool
    """Whether this process is an instance of Cloud Run's, which ends it by SIGTERM."""
    publishing: str
    """`production`, `internal` or `testing`, where grants die after seven days (FACTS 6.6)."""
    backup_days: int = 0
    """How long a backup of the store, or a version of it, is kept; 0 where there is none."""
    telemetry: frozenset[str] = frozenset()
    """Who takes traces and metrics: `google`, `otlp`, `prometheus`; none unless named."""
    integration_aliases: tuple[str, ...] = ()
    """What callers may call the integration besides `google-mail`."""
    sync_aliases: SyncAliases = field(default_factory=SyncAliases)
    """What callers may call the mailbox's sync and its model besides."""
    syncs: tuple[str, ...] = ()
    """The ready syncs that are served, by name."""
    events: EventOptions = field(default_factory=EventOptions)
    console: ConsoleOptions = field(default_factory=ConsoleOptions)
    brand: Brand = field(default_factory=Brand)

    def __repr__(self) -> str:
        return f"Settings(environment={self.environment!r}, public_url={self.public_url!r})"

    @property
    def sqlite_path(self) -> Path | None:
        """The SQLite file, None where the store is Firestore."""
        kind, _, rest = self.store.partition(":")
        return Path(rest) if kind == "sqlite" else None

    @property
    def firestore(self) -> tuple[str, str]:
        """Project and database of the Firestore store."""
        project, _, database = self.store.removeprefix("firestore:").partition("/")
        return project, database

    @property
    def google_project(self) -> str | None:
        """The Google Cloud project, None where the store is a file."""
        return None if self.sqlite_path else self.firestore[0]

    def task_url(self, path: str) -> str | None:
        """Return the own address of the function that serves `path`, None where it has none."""
        return dict(self.function_urls).get(function_for(path).name)

    @property
    def queue_path(self) -> Path:
        """The file of the embedded queue: the one that is named, else beside the store's."""
        if named := self.queue.partition(":")[2]:
            return Path(named)
        path = self.sqlite_path
        assert path is not None  # noqa: S101  settings_from refuses the combination
        return path.with_name(f"{path.stem}-queue{path.suffix}")

    @property
    def kms_key(self) -> str | None:
        """The Cloud KMS key that wraps data keys, None where a local file does."""
        kind, _, name = self.keyring.partition(":")
        return name if kind == "kms" else None

    @property
    def keyring_path(self) -> Path:
        """The file of the local key-encryption keys."""
        return Path(self.keyring.removeprefix("file:"))

    @property
    def redirect_uri(self) -> str:
        """Where Google sends the end user back."""
        return f"{self.public_url}/oauth/callback"

    @property
    def console_url(self) -> str:
        """Where operators reach the console: scheme, host and port."""
        return self.console.url or self.public_url

    @property
    def secure(self) -> bool:
        """Whether end users reach us over TLS; False only on loopback."""
        return self.public_url.startswith("https://")


def settings_from(environ: Mapping[str, str], *, without: frozenset[str] = frozenset()) -> Settings:
    """Parse the POSTROOM_* variables. Raises ConfigurationError naming every problem.

    A function names in `without` what it never uses, so that it need not be given that secret.
    """
    read = _Reading(environ, without)
    public_url = read.require("PUBLIC_URL", _address)
    settings = Settings(
        environment=read.optional("ENVIRONMENT", str, "dev"),
        public_url=public_url or "",
        store=read.require("STORE", _store) or "",
        queue=read.optional("QUEUE", _queue, "sqlite"),
        keyring=read.require("KEYRING", _keyring) or "",
        tasks_audience=read.optional("TASKS_AUDIENCE", str, public_url or ""),
        tasks_service_account=read.require("TASKS_SERVICE_ACCOUNT", _mail_address) or "",
        push_audience=read.optional("PUSH_AUDIENCE", str, f"{public_url}/push/gmail"),
        push_service_account=read.require("PUSH_SERVICE_ACCOUNT", _mail_address) or "",
        scheduler_service_account=read.require("SCHEDULER_SERVICE_ACCOUNT", _mail_address) or "",
        token_check=read.optional("TOKEN_CHECK", _token_check, "signature"),
        function_urls=read.optional("FUNCTION_URLS", _function_urls, ()),
        gmail_topic=read.require("GMAIL_TOPIC", _topic) or "",
        oauth_client_id=read.require("OAUTH_CLIENT_ID", str) or "",
        oauth_client_secret=read.require("OAUTH_CLIENT_SECRET", str) or "",
        google_url=read.optional("GOOGLE_URL", _address, None),
        product_origins=read.optional("PRODUCT_ORIGINS", _origins, ()),
        product_name=read.optional("PRODUCT_NAME", str, "this product"),
        api_keys=read.optional("API_KEYS", _key_hashes, frozenset()),
        units_per_minute=read.optional("UNITS_PER_MINUTE", _positive, 6000),
        requests_per_minute=read.optional("REQUESTS_PER_MINUTE", _positive, 60_000),
        mcp_result_bytes=read.optional("MCP_RESULT_BYTES", _result_bytes, 65_536),
        proxy_hops=read.optional("PROXY_HOPS", _count, 1 if environ.get("K_SERVICE") else 0),
        on_cloud_run=bool(environ.get("K_SERVICE")),
        publishing=read.optional("PUBLISHING", _publishing, "production"),
        backup_days=read.optional("BACKUP_DAYS", _count, 0),
        telemetry=read.optional("TELEMETRY", _takers, frozenset()),
        integration_aliases=read.optional("INTEGRATION_ALIASES", _aliases, ()),
        sync_aliases=read.optional("SYNC_ALIAS", read_aliases, SyncAliases()),
        syncs=read.optional("SYNCS", _ready_syncs, ()),
        events=event_options(read.optional),
        console=console_options(read.optional),
        brand=brand_options(read.optional),
    )
    beside = settings.queue if settings.sqlite_path is None else ""
    if beside == "sqlite" or (beside.startswith("sqlite:") and settings.secure):
        read.refuse("QUEUE", "must be cloud-tasks:projects/P/locations/L beside a Firestore store")
    if settings.token_check == "claims" and not _private(environ.get("FUNCTION_TARGET")):
        read.refuse("TOKEN_CHECK", "may be `claims` only in a function that no one else may invoke")
    if settings.secure and ANY_PORT & {*settings.product_origins}:
        read.refuse("PRODUCT_ORIGINS", "may leave the port open only where Postroom is on loopback")
    if (problem := settings.events.problem) is not None:
        read.refuse(*problem)
    read.finish()
    return settings


class _Reading:
    def __init__(self, environ: Mapping[str, str], without: frozenset[str]) -> None:
        self._environ = environ
        self._without = without
        self._problems: list[str] = []

    def require(self, name: str, parse: Callable[[str], T]) -> T | None:
        value = self._environ.get(f"POSTROOM_{name}", "").strip()
        if not value:
            if name not in self._without:
                self.refuse(name, "is not set")
            return None
        return self._parse(name, value, parse)

    def optional(self, name: str, parse: Callable[[str], T], default: T) -> T:
        value = self._environ.get(f"POSTROOM_{name}", "").strip()
        parsed = self._parse(name, value, parse) if value else None
        return default if parsed is None else parsed

    def _parse(self, name: str, value: str, parse: Callable[[str], T]) -> T | None:
        try:
            return parse(value)
        except ValueError as problem:
            self.refuse(name, str(problem))
            return None

    def refuse(self, name: str, problem: str) -> None:
        self._problems.append(f"POSTROOM_{name} {problem}")

    def finish(self) -> None:
        if self._problems:
            raise ConfigurationError("; ".join(self._problems))


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
        raise ValueError("must be an http(s) address")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("must use https unless it is a loopback address")
    return value.rstrip("/")


def _takers(value: str) -> frozenset[str]:
    takers = frozenset(one.strip() for one in value.split(",") if one.strip())
    if not takers <= TAKERS:
        raise ValueError(f"must list some of {', '.join(sorted(TAKERS))}")
    return takers


def _ready_syncs(value: str) -> tuple[str, ...]:
    names = sorted({one.strip() for one in value.split(",") if one.strip()})
    if not {*names} <= {*READY}:
        raise ValueError(f"must list some of {', '.join(READY)}")
    return tuple(names)


def _aliases(value: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(one.strip() for one in value.split(",") if one.strip()))
    if not all(INTEGRATION_KEY.fullmatch(one) for one in names):
        raise ValueError("must list integration keys: letters, digits and any of ~:.@_-")
    return names


def _origins(value: str) -> tuple[str, ...]:
    given = [one.strip() for one in value.split(",") if one.strip()]
    origins = tuple(one if one in ANY_PORT else _address(one) for one in given)
    if any(urlsplit(one).path for one in origins):
        raise ValueError("must list origins: scheme, host and port, without a path")
    return origins


def _matching(pattern: re.Pattern[str], value: str, meaning: str) -> str:
    if not pattern.fullmatch(value):
        raise ValueError(f"must be {meaning}")
    return value


def _store(value: str) -> str:
    return _matching(STORE, value, "sqlite:PATH or firestore:PROJECT/DATABASE")


def _queue(value: str) -> str:
    if value == "sqlite" or value.startswith("sqlite:"):
        return value.removesuffix(":")
    return _matching(QUEUE_LOCATION, value, "sqlite or cloud-tasks:projects/P/locations/L")


def _token_check(value: str) -> str:
    return _matching(re.compile("signature|claims"), value, "signature or claims")


def _function_urls(value: str) -> tuple[tuple[str, str], ...]:
    pairs = [one.strip().partition("=") for one in value.split(",") if one.strip()]
    if not {name for name, _, _ in pairs} <= {one.name for one in FUNCTIONS}:
        raise ValueError("must list function=address, with names of our functions")
    return tuple((name, _address(url)) for name, _, url in pairs)


def _private(function: str | None) -> bool:
    """Whether `function`, as the platform names the one it runs, is there for Google alone."""
    triggers = {one.name: one.trigger for one in FUNCTIONS}
    return triggers.get(function or "", Trigger.PUBLIC) is not Trigger.PUBLIC


def _keyring(value: str) -> str:
    meaning = "file:PATH or kms:projects/P/locations/L/keyRings/R/cryptoKeys/K"
    return _matching(KEYRING, value, meaning)


def _topic(value: str) -> str:
    return "" if value == "none" else _matching(TOPIC, value, "projects/P/topics/T, or none")


def _mail_address(value: str) -> str:
    return _matching(re.compile(r"[^@\s]+@[^@\s]+"), value, "the e-mail of a service account")


def _count(value: str) -> int:
    if not value.isdecimal():
        raise ValueError("must be a whole number")
    return int(value)


def _publishing(value: str) -> str:
    meaning = "production, internal or testing"
    return _matching(re.compile("production|internal|testing"), value, meaning)


def _positive(value: str) -> int:
    if (number := _count(value)) == 0:
        raise ValueError("must be above zero")
    return number


def _result_bytes(value: str) -> int:
    if not value.isdecimal() or int(value) < LEAST_RESULT_BYTES:
        raise ValueError(f"must be a whole number of at least {LEAST_RESULT_BYTES}")
    return int(value)


def _key_hashes(value: str) -> frozenset[str]:
    hashes = frozenset(one.strip().lower() for one in value.split(",") if one.strip())
    if not all(SHA256_HEX.fullmatch(one) for one in hashes):
        raise ValueError("must list SHA-256 hashes in hex, never the keys themselves")
    return hashes
