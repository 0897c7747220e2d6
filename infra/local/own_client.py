"""One's own OAuth client: the JSON file that Google's console downloads for a Desktop app."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.processes import DemoError

KEPT = "client.json"
"""In the state directory: the client that was named last."""
MAKE_ONE = "README, `Your own Gmail`, says how to make one."


@dataclass(frozen=True, slots=True)
class OwnClient:
    """The client's two values."""

    id: str
    secret: str = field(repr=False)


def keep_client(named: Path | None, state: Path) -> Path:
    """Copy the file that was named into the state directory, and return where it lies there.

    Without a name it is the one of last time. Raises DemoError where there is none, or it is not
    the file of a Desktop app.
    """
    kept = state / KEPT
    source = named.expanduser() if named is not None else kept
    if not source.is_file():
        asked = f"{source} is not there" if named is not None else "GOOGLE=real needs your client"
        raise DemoError(f"{asked}: make demo GOOGLE=real CLIENT=client_secret_....json\n{MAKE_ONE}")
    read_client(source)
    if source != kept:
        kept.write_bytes(source.read_bytes())
    return kept


def read_client(file: Path) -> OwnClient:
    """Read `{"installed": {"client_id", "client_secret"}}`. Raises DemoError, without a value."""
    try:
        told = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        told = None
    found = told.get("installed") if isinstance(told, dict) else None
    given = found if isinstance(found, dict) else {}
    id, secret = given.get("client_id"), given.get("client_secret")
    if isinstance(told, dict) and "web" in told:
        raise DemoError(
            f"{file} is a client of the type Web application, which would have to know this "
            f"machine's address. Create one of the type Desktop app. {MAKE_ONE}"
        )
    if not (isinstance(id, str) and id and isinstance(secret, str) and secret):
        raise DemoError(f"{file} is not the JSON that Google's console downloads. {MAKE_ONE}")
    return OwnClient(id, secret)
