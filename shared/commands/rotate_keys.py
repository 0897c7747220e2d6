"""Put a new key-encryption key in place, then bring every grant under it, while all runs on.

A local keyring gets a new key here. A Cloud KMS key rotates by its own period, or by
`gcloud kms keys versions create --primary`: then this only brings the grants over.
"""

from argparse import ArgumentParser, Namespace

from shared.adapters.keys.local import add_key
from shared.commands.environment import container_of_environment
from shared.usecases.keys.rotate_keys import RotateKeys

SUMMARY = "bring every grant under a new key-encryption key"


def options(parser: ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument(
        "--resume", action="store_true", help="add no new key; go on where a run was cut short"
    )


async def run(arguments: Namespace) -> int:
    """Rotate until every grant is under the current key; 1 where some cannot be unwrapped."""
    async with container_of_environment() as container:
        if container.settings.kms_key is None and not arguments.resume:
            print(f"new key {add_key(container.settings.keyring_path)}")
        while True:
            done = await container.use(RotateKeys)()
            print(
                f"{done.rewrapped} grants brought over, {done.current} there already, "
                f"{done.unreadable} unreadable"
            )
            if done.complete:
                return 1 if done.unreadable else 0
