"""What the web layer knows of the deployment: its address, and whom Google's tokens must name."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Deployment:
    """Addresses and limits that answers depend on."""

    environment: str
    public_url: str
    """Scheme, host and port, without a trailing slash."""
    google_project: str | None
    """None where the store is a file."""
    product_origins: tuple[str, ...]
    proxy_hops: int
    """How many proxies in front of us append to X-Forwarded-For."""
    mcp_result_bytes: int
    """The most one result of a tool says to a model; a longer one is read in pieces."""
    testing: bool
    """Whether Google ends every grant after seven days (FACTS 6.6)."""
    backups_kept: timedelta
    """How long what was erased lives on in backups of the store; zero where there are none."""
    ready_syncs: tuple[str, ...] = ()
    """The ready syncs that it names."""

    @property
    def secure(self) -> bool:
        """Whether end users reach us over TLS; False only on loopback."""
        return self.public_url.startswith("https://")


@dataclass(frozen=True, slots=True)
class ServiceIdentity:
    """A service of Google's as its OIDC tokens name it."""

    audience: str
    service_account: str


@dataclass(frozen=True, slots=True)
class ServiceIdentities:
    """Who may call the private entries."""

    push: ServiceIdentity
    tasks: ServiceIdentity
    scheduler: ServiceIdentity
