"""The order in which test files start: the longest first, so that all cores end together."""

from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).parent
LONGEST: Final = (
    "infra/terraform/test_deployment.py",
    "chaos/test_lease_model.py",
    "functions/test_archives.py",
    "browser/test_console.py",
    "browser/test_documentation.py",
    "browser/test_console_pages.py",
    "chaos/test_schedule_model.py",
    "infra/local/test_demo_run.py",
    "chaos/test_kills.py",
    "domain/test_linear.py",
    "actions/test_worked_examples.py",
    "chaos/test_random_mailboxes.py",
    "infra/local/test_system.py",
    "browser/test_harbor_looks.py",
    "security/test_described.py",
    "interop/frameworks/test_frameworks.py",
    "interop/test_typescript.py",
    "browser/test_connect_endings.py",
    "interop/test_generated_python.py",
    "functions/test_troubles.py",
    "usecases/connect/test_disconnect.py",
    "infra/preflight/test_commands.py",
    "infra/local/test_own_gmail.py",
    "usecases/deliver/test_deliver_memory.py",
    "usecases/connect/test_id_used_again.py",
    "interop/test_from_nango.py",
    "functions/test_webhooks_out.py",
    "chaos/test_exactly_once.py",
    "chaos/test_wishes.py",
    "interop/test_snippets.py",
    "usecases/connect/test_connect_races.py",
    "browser/test_connect_embedded.py",
    "infra/local/test_two_versions.py",
    "contracts/google/test_wrong_bodies.py",
    "security/test_recipients_seen.py",
    "chaos/test_soak.py",
    "chaos/test_hostile_mail.py",
    "chaos/test_approval_kills.py",
    "usecases/models/test_kills.py",
)
"""What takes a core more than some ten seconds, below `tests`."""


def longest_first(items: list[pytest.Item]) -> None:
    """Sort tests by their file's place in `LONGEST`; all others stay as they were, after them."""
    places = {TESTS / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(LONGEST)))
