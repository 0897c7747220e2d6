"""What probes find of the emulated Google where they do not hold, each with its reason."""

from typing import Final

DIFFERENCES: Final[dict[str, str]] = {}
NOT_TRIED: Final = {
    "P25": "2026-11-29: a bare token has no refresh token; a connection's is tried beside it",
}
