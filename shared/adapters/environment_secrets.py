"""Secrets of own code from the environment, where a deployment has them out of Secret Manager."""

import os


class EnvironmentSecrets:
    """A secret is the variable of its name."""

    def get(self, name: str) -> str | None:
        """Return the value; None where there is none."""
        return os.environ.get(name)
