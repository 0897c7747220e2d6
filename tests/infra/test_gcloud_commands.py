"""Every gcloud command that a page or script of ours names is one that gcloud knows."""

import pytest

from infra.archives import ROOT
from tests.infra.gcloud_commands import (
    commands_in_page,
    commands_in_script,
    refused_by_gcloud,
)

PAGES = ("infra/OPERATING.md", "infra/terraform/README.md")
SCRIPTS = ("infra/terraform/bootstrap", "infra/terraform/run")


def all_commands() -> list[str]:
    pages = [one for name in PAGES for one in commands_in_page((ROOT / name).read_text())]
    return pages + [
        one for name in SCRIPTS for one in commands_in_script((ROOT / name).read_text())
    ]


def test_gcloud_knows_every_command_and_flag_that_is_written_down() -> None:
    """Checked by gcloud itself, without network: names, flags, and what each must have."""
    commands = all_commands()
    assert len(commands) > 25
    assert refused_by_gcloud(commands) == []


@pytest.mark.parametrize(
    "wrong",
    [
        "gcloud firestore databases restor --project=PROJECT",
        "gcloud projects describe PROJECT --no",
    ],
)
def test_a_command_that_gcloud_does_not_know_would_be_found(wrong: str) -> None:
    assert len(refused_by_gcloud([wrong, "gcloud auth login"])) == 1
