"""The laptop's fixed values, and the settings that every function reads from its environment.

`eval "$(python -m infra.local.environment)"` gives a shell those of `make demo`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from shlex import quote
from typing import Final

HOST: Final = "127.0.0.1"
POSTROOM_PORT: Final = 8080
GOOGLE_PORT: Final = 8085
PRODUCT_PORT: Final = 8090
API_KEY: Final = "postroom-local-key"
OPERATOR_KEY: Final = "postroom-local-operator"
"""Opens the console."""
INTEGRATION: Final = "google-mail"
WEBHOOK_SECRET: Final = "whsec_cG9zdHJvb20tbG9jYWwtd2ViaG9vay1zZWNyZXQtMzI="
"""Signs what goes to a connection's own webhook address; endpoints may be given it too."""
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
    addresses: Addresses, directory: Path, overrides: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the POSTROOM_* variables of a Postroom whose files lie in `directory`."""
    values = {
        "ENVIRONMENT": "dev",
        "PUBLIC_URL": addresses.postroom,
        "STORE": f"sqlite:{directory / 'postroom.sqlite'}",
        "QUEUE": "sqlite",
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
        "PRODUCT_ORIGINS": addresses.product,
        "PRODUCT_NAME": "Harbor",
        "WEBHOOK_ALLOW": f"{HOST},localhost",
        "WEBHOOK_SECRET": WEBHOOK_SECRET,
        "API_KEYS": sha256(API_KEY.encode()).hexdigest(),
        "CONSOLE_KEYS": sha256(OPERATOR_KEY.encode()).hexdigest(),
        "CONSOLE_VIEWERS": "ada@acme.example",
    }
    return {f"POSTROOM_{name}": value for name, value in values.items()} | dict(overrides or {})


if __name__ == "__main__":
    for name, value in environment(Addresses(), Path(".local").resolve()).items():
        print(f"export {name}={quote(value)}")
