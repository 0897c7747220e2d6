"""The laptop's fixed values, and the settings that every function reads from its environment.

`eval "$(python -m infra.local.environment)"` gives a shell those of `make demo`, as the demo wrote
them into its state directory; another directory may be named.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from shlex import quote
from typing import Final

HOST: Final = "127.0.0.1"
POSTROOM_PORT: Final = 8080
GOOGLE_PORT: Final = 8085
PRODUCT_PORT: Final = 8090
FIRESTORE_PORT: Final = 8086
PUBSUB_PORT: Final = 8087
API_KEY: Final = "postroom-local-key"
OPERATOR_KEY: Final = "postroom-local-operator"
"""Opens the console."""
INTEGRATION: Final = "google-mail"
WEBHOOK_SECRET: Final = "whsec_cG9zdHJvb20tbG9jYWwtd2ViaG9vay1zZWNyZXQtMzI="
"""Signs what goes to a connection's own webhook address; endpoints may be given it too."""
WRITTEN: Final = "environment.json"
"""In the state directory: what the Postroom there runs with."""
PROJECT: Final = "demo"
TOPIC: Final = "projects/demo/topics/gmail"
CLIENT_ID: Final = "postroom-local.apps.googleusercontent.com"
CLIENT_SECRET: Final = "postroom-local-secret"
PUSH_ACCOUNT: Final = "gmail-push@demo.iam.gserviceaccount.com"
TASKS_ACCOUNT: Final = "tasks@demo.iam.gserviceaccount.com"
SCHEDULER_ACCOUNT: Final = "scheduler@demo.iam.gserviceaccount.com"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the three processes of the laptop listen."""

    postroom: str = f"http://{HOST}:{POSTROOM_PORT}"
    google: str = f"http://{HOST}:{GOOGLE_PORT}"
    product: str = f"http://{HOST}:{PRODUCT_PORT}"


def environment(
    addresses: Addresses,
    directory: Path,
    overrides: Mapping[str, str] | None = None,
    origins: Sequence[str] = (),
) -> dict[str, str]:
    """Return the POSTROOM_* variables of a Postroom whose files lie in `directory`.

    `origins` may show the connect page beside the sample product.
    """
    values = {
        "ENVIRONMENT": "dev",
        "PUBLIC_URL": addresses.postroom,
        "STORE": f"sqlite:{directory / 'postroom.sqlite'}",
        "QUEUE": f"sqlite:{directory / 'postroom-queue.sqlite'}",
        "KEYRING": f"file:{directory / 'keyring.json'}",
        "TASKS_AUDIENCE": addresses.postroom,
        "TASKS_SERVICE_ACCOUNT": TASKS_ACCOUNT,
        "PUSH_AUDIENCE": f"{addresses.postroom}/push/gmail",
        "PUSH_SERVICE_ACCOUNT": PUSH_ACCOUNT,
        "SCHEDULER_SERVICE_ACCOUNT": SCHEDULER_ACCOUNT,
        "GMAIL_TOPIC": TOPIC,
        "OAUTH_CLIENT_ID": CLIENT_ID,
        "OAUTH_CLIENT_SECRET": CLIENT_SECRET,
        "GOOGLE_URL": addresses.google,
        "PRODUCT_ORIGINS": ",".join((addresses.product, *origins)),
        "PRODUCT_NAME": "Harbor",
        "WEBHOOK_ALLOW": f"{HOST},localhost",
        "WEBHOOK_SECRET": WEBHOOK_SECRET,
        "API_KEYS": sha256(API_KEY.encode()).hexdigest(),
        "CONSOLE_KEYS": sha256(OPERATOR_KEY.encode()).hexdigest(),
        "CONSOLE_VIEWERS": "ada@acme.example",
    }
    return {f"POSTROOM_{name}": value for name, value in values.items()} | dict(overrides or {})


def write_environment(directory: Path, environ: Mapping[str, str]) -> None:
    """Store what a Postroom on this state runs with, for the commands that look at it."""
    (directory / WRITTEN).write_text(json.dumps(dict(environ), indent=1))


def read_environment(directory: Path) -> dict[str, str]:
    """Return what the last Postroom on this state ran with; the demo's own where none has."""
    written, usual = directory / WRITTEN, environment(Addresses(), directory)
    return {**usual, **(json.loads(written.read_text()) if written.exists() else {})}


if __name__ == "__main__":
    state = Path(sys.argv[1] if len(sys.argv) > 1 else ".local").resolve()
    for name, value in read_environment(state).items():
        print(f"export {name}={quote(value)}")
