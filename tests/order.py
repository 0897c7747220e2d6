"""The order in which test files start: the longest first, so that all cores end together."""

from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).parent
LONGEST: Final = (
    "browser/test_console.py",
    "functions/test_archives.py",
    "browser/test_documentation.py",
    "browser/test_console_pages.py",
    "functions/test_troubles.py",
    "chaos/test_lease_model.py",
    "domain/test_linear.py",
    "infra/terraform/test_deployment.py",
    "actions/test_worked_examples.py",
    "browser/test_harbor_looks.py",
    "security/test_described.py",
    "browser/test_connect_embedded.py",
    "infra/local/test_demo_run.py",
    "infra/local/test_system.py",
    "chaos/test_schedule_model.py",
    "browser/test_connect_endings.py",
    "infra/test_shown_and_run.py",
    "browser/test_nango_auth.py",
    "chaos/test_random_mailboxes.py",
    "chaos/test_kills.py",
    "contracts/test_store_documents.py",
    "interop/test_generated_python.py",
    "interop/test_typescript.py",
    "browser/test_harbor.py",
    "browser/test_harbor_mail.py",
    "actions/test_own_modules.py",
    "interop/frameworks/test_frameworks.py",
    "browser/test_connect_page.py",
    "chaos/test_hostile_mail.py",
    "infra/preflight/test_commands.py",
    "functions/test_frozen.py",
    "functions/test_sends.py",
    "infra/local/test_own_gmail.py",
    "actions/test_large_attachments.py",
    "contracts/google/test_wrong_bodies.py",
    "chaos/test_soak.py",
    "functions/test_mains.py",
    "usecases/deliver/test_deliver_memory.py",
    "interop/test_from_nango.py",
    "infra/local/product/test_server.py",
    "edge/test_table.py",
    "functions/test_main_job.py",
    "chaos/test_exactly_once.py",
    "interop/test_snippets.py",
    "interop/frameworks/test_converters.py",
)
"""What takes a core more than some eight seconds, below `tests`."""


def longest_first(items: list[pytest.Item]) -> None:
    """Sort tests by their file's place in `LONGEST`; all others stay as they were, after them."""
    places = {TESTS / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(LONGEST)))
