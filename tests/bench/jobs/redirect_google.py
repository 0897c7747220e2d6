"""Starts workspace-mcp with its calls going to the emulated Google; in its own environment."""

import os
from typing import Any

import googleapiclient.discovery

built = googleapiclient.discovery.build


def build(name: str, version: str, **given: Any) -> Any:
    """Return the official client, pointed at the emulated Google."""
    reached = {"api_endpoint": os.environ["EMULATED_GOOGLE"]}
    return built(name, version, **given, client_options=reached, static_discovery=True)


googleapiclient.discovery.build = build

from main import main  # type: ignore[import-not-found]  # noqa: E402  after the change above

main()
