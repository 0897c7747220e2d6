"""What a module of the deployment's own may reach beside Gmail: hosts and secrets it names."""

import re
from collections.abc import Sequence
from typing import Final, TypeGuard

from shared.errors import ConfigurationError, PermanentError

HOST: Final = re.compile(
    r"(?=.{1,253}(?::|\Z))[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+"
    r"(:[0-9]{1,5})?"
)
SECRET: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
TAKEN: Final = re.compile(
    r"(POSTROOM|GOOGLE|X_GOOGLE|GCLOUD|K|FUNCTION|CLOUD_RUN)_.*|PORT|PATH|HOME"
)
"""Variables that are the deployment's or the platform's, and no module's secrets."""


class SecretUnavailableError(PermanentError):
    """A module asked for a secret that it does not declare, or that has no value here."""

    code = "secret_unavailable"


def require_reach(owner: str, hosts: object, secrets: object) -> None:
    """Raise ConfigurationError where a row names what is no host, or no secret of its own."""
    if not _is_tuple(hosts) or not all(HOST.fullmatch(one) for one in hosts):
        raise ConfigurationError(
            f'{owner}: hosts is a tuple of plain names, such as ("api.llm.example",).'
        )
    if not _is_tuple(secrets) or not all(
        SECRET.fullmatch(one) and not TAKEN.fullmatch(one) for one in secrets
    ):
        raise ConfigurationError(
            f'{owner}: secrets is a tuple of names of its own, such as ("LLM_KEY",).'
        )


def _is_tuple(given: object) -> TypeGuard[Sequence[str]]:
    return isinstance(given, tuple | list) and all(isinstance(one, str) for one in given)
