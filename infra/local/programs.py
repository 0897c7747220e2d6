"""What the demo is started with, and the programs that make it up."""

from dataclasses import dataclass
from pathlib import Path

from infra.local.environment import API_KEY, HOST, Addresses
from infra.local.processes import Program
from shared.domain.connect.grant import TESTING_LIFETIME

UNITS_PER_MINUTE = 6_000
"""Google's own limit of one user (FACTS 1.1)."""
POLL_S = 60
OWN_PERSON = "You <you@harbor.example>"
"""Who uses the sample product where the mailbox is one's own; the address is the product's id."""


@dataclass(frozen=True, slots=True)
class RealGoogle:
    """Google itself, by a client of one's own, in place of the emulated one."""

    client: Path
    """The JSON file of a client of the type Desktop app."""
    poll_s: int = POLL_S
    """How often each mailbox's history is read: Pub/Sub cannot push to a laptop."""
    url: str = ""
    """One address in place of all of Google's hosts, for a stand-in."""


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """Ports, where the state lies, and how much mail is made up at the first start."""

    port: int
    google_port: int
    product_port: int
    state: Path
    messages: int
    units_per_minute: int = UNITS_PER_MINUTE
    telemetry: str = ""
    """Who takes traces and metrics, as POSTROOM_TELEMETRY."""
    testing: bool = False
    """Whether Google's app is in testing, where grants die after seven days."""
    origins: tuple[str, ...] = ()
    """Of pages on other machines that may show the connect page."""
    real: RealGoogle | None = None
    firestore_port: int | None = None
    """Of the official emulator that is the store; None is SQLite."""
    pubsub_port: int | None = None
    """Of the official emulator that pushes and events go through; None is neither."""

    @property
    def addresses(self) -> Addresses:
        """The three addresses."""
        ports = (self.port, self.google_port, self.product_port)
        return Addresses(*(f"http://{HOST}:{port}" for port in ports))

    @property
    def emulators(self) -> dict[str, str]:
        """The official emulators that run, by name, and each one's host:port."""
        ports = {"firestore": self.firestore_port, "pubsub": self.pubsub_port}
        return {name: f"{HOST}:{port}" for name, port in ports.items() if port is not None}

    @property
    def ports(self) -> tuple[tuple[str, str, int], ...]:
        """What listens where: whom each port is for, the option that moves it, the port."""
        google = () if self.real else (("the emulated Google", "--google-port", self.google_port),)
        return (
            ("Postroom", "--port", self.port),
            *google,
            ("the sample product", "--product-port", self.product_port),
            *(
                (f"the {name} emulator", f"--{name}-port", int(host.rpartition(":")[2]))
                for name, host in self.emulators.items()
            ),
        )


def programs(settings: DemoSettings) -> list[Program]:
    """Return the demo's programs in the order they start."""
    where = settings.addresses
    health = f"{where.postroom}/health"
    return [
        *(
            Program(f"{name}-emulator", "infra.local.emulators", [name, host], f"http://{host}")
            for name, host in settings.emulators.items()
        ),
        *([] if settings.real else [_google(settings)]),
        Program("postroom", "infra.local", _postroom(settings), health),
        Program("product", "infra.local.product", _product(settings), where.product),
    ]


def _google(settings: DemoSettings) -> Program:
    where, state, pubsub = settings.addresses, settings.state, settings.emulators.get("pubsub")
    arguments = [
        *("--port", str(settings.google_port), "--state", str(state / "google.sqlite")),
        *("--push-endpoint", f"{where.postroom}/push/gmail"),
        *("--redirect-uri", f"{where.postroom}/oauth/callback"),
        *("--redirect-uri", f"{where.postroom}/console/sign-in/answer"),
        *("--clock-follower", f"{where.postroom}/_local/clock"),
        *("--units-per-minute", str(settings.units_per_minute)),
        *(("--refresh-token-days", str(TESTING_LIFETIME.days)) if settings.testing else ()),
        *(("--pubsub-emulator", pubsub) if pubsub else ()),
    ]
    return Program("google", "infra.local.google", arguments, where.google)


def _postroom(settings: DemoSettings) -> list[str]:
    """Return the arguments of the Postroom that `infra.local.__main__` serves."""
    real = settings.real
    return [
        *("postroom", "--port", str(settings.port), "--google-port", str(settings.google_port)),
        *("--product-port", str(settings.product_port), "--state", str(settings.state)),
        *("--units-per-minute", str(settings.units_per_minute)),
        *("--telemetry", settings.telemetry),
        *(("--testing",) if settings.testing else ()),
        *(word for origin in settings.origins for word in ("--origin", origin)),
        *(("--store", "firestore") if settings.firestore_port else ()),
        *(("--events", "pubsub") if settings.pubsub_port else ()),
        *(
            word
            for name, host in settings.emulators.items()
            for word in (f"--{name}-port", host.rpartition(":")[2])
        ),
        *(("--google", "real", "--client", str(real.client)) if real else ()),
        *(("--poll-seconds", str(real.poll_s), "--google-url", real.url) if real else ()),
    ]


def _product(settings: DemoSettings) -> list[str]:
    where = settings.addresses
    mail = ("--person", OWN_PERSON) if settings.real else ("--google-control", where.google)
    return [
        *("--port", str(settings.product_port), "--postroom", where.postroom, "--key", API_KEY),
        *("--state", str(settings.state / "harbor.sqlite"), *mail),
    ]
