"""The POSTROOM_* variables: whole, well formed, and none of them misspelt."""

from collections.abc import Iterator, Mapping

from shared.commands.checks.finding import Finding, failure, ok, warning
from shared.edge.settings.deployment import Settings, settings_from
from shared.errors import ConfigurationError

PREFIX = "POSTROOM_"
WITHOUT = frozenset({"OAUTH_CLIENT_SECRET", "KEYRING"})
"""What may be left out here; the checks that need it say so."""
ELSEWHERE = frozenset({f"{PREFIX}{name}" for name in ("FUZZ_EXAMPLES", "SCREENSHOTS")})
"""Read by the project's own tests."""


class Recorded(Mapping[str, str]):
    """An environment that remembers which of its variables were asked for."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.names_read: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names_read.add(name)
        return self._environ[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)

    def unread_names(self) -> list[str]:
        """Return our variables that nothing reads."""
        ours = {name for name in self._environ if name.startswith(PREFIX)}
        return sorted(ours - self.names_read - ELSEWHERE)


def settings_are_sound(environ: Mapping[str, str]) -> tuple[Finding, Settings | None]:
    """Return the finding, and the settings where they can be read at all."""
    recorded = Recorded(environ)
    try:
        settings = settings_from(recorded, without=WITHOUT)
    except ConfigurationError as error:
        return failure(
            str(error),
            "Set them: on a laptop `make doctor` does; for a deployment "
            "`make doctor ENV=NAME`, or export what `terraform output -raw environment` prints.",
        ), None
    if unasked := recorded.unread_names():
        return warning(
            f"Nothing reads {', '.join(unasked)}.",
            "Misspelt? The modules of shared/edge/settings name every variable.",
        ), settings
    return _check_use(settings), settings


def _check_use(settings: Settings) -> Finding:
    if not settings.product_origins:
        return warning(
            "POSTROOM_PRODUCT_ORIGINS is empty: no product may frame the connect page.",
            "Set it to your product's origins (Terraform: product_origins), "
            "unless you use plain connect links only.",
        )
    if not settings.secure and settings.google_url is None:
        return warning(
            f"{settings.public_url} is this machine, and Google is the real one.",
            "Fine for trying Gmail out; Pub/Sub cannot push to it. Deploy, or set "
            "POSTROOM_PUBLIC_URL to an https address that leads here.",
        )
    return ok(f"environment {settings.environment}, {settings.store}, {settings.queue}")
