"""The security model names tests that exist, and every attack here is in it."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODEL = (ROOT / "shared" / "SECURITY-MODEL.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", MODEL)))


@pytest.mark.parametrize(("path", "name"), NAMED, ids=lambda part: part)
def test_every_test_the_model_names_exists(path: str, name: str) -> None:
    source = (ROOT / path).read_text("utf-8")
    assert re.search(rf"^(async )?def {name}\(", source, re.MULTILINE)


def test_every_row_of_the_model_names_a_test() -> None:
    attacks = MODEL.partition("## Attacks on connecting")[2].partition("## What remains")[0]
    rows = [line for line in attacks.splitlines() if re.match(r"\| [^-|]", line)]
    for row in rows:
        assert "::" in row or row.startswith(("| attack |", "| invariant |")), row


def test_every_room_of_attacks_is_in_the_model() -> None:
    rooms = {path.name for path in Path(__file__).parent.glob("test_*.py")} - {"test_model.py"}
    assert {room for room in rooms if room in MODEL} == rooms


def test_the_linter_looks_for_what_bandit_looks_for() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]["lint"]
    assert "ALL" in lint["select"] or "S" in lint["select"]
    ignored = {rule for rule in lint["ignore"] if rule.startswith("S")}
    assert ignored <= {"S105", "S106", "S107"}
