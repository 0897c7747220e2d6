"""Every entry of the operations log is made in one way."""

import re
from datetime import UTC, datetime
from pathlib import Path

import shared
from shared.domain.operation import LIFETIME, OperationState, OperationType, new_operation

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
MADE_BY_HAND = re.compile(r"\bOperation\(\s|OperationId\(f?[\"']|OperationId\(str")


def test_an_entry_has_an_id_of_its_own_and_expires_counted_from_its_end() -> None:
    one, two = (new_operation(OperationType.AUTH, "connect", None, NOW, NOW) for _ in range(2))
    assert one.id != two.id
    assert re.fullmatch(r"op_[0-9a-f]{32}", one.id)
    assert one.expires_at == NOW + LIFETIME
    assert one.state is OperationState.OK


def test_an_entry_with_an_error_failed_unless_it_is_said_to_be_partial() -> None:
    failed = new_operation(OperationType.AUTH, "connect", None, NOW, NOW, error="revoked")
    assert failed.state is OperationState.FAILED
    partial = new_operation(
        OperationType.DELIVERY, "x", None, NOW, NOW, error="gone", state=OperationState.PARTIAL
    )
    assert partial.state is OperationState.PARTIAL


def test_no_other_file_makes_an_entry_by_hand() -> None:
    root = Path(shared.__file__).parent
    found = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if MADE_BY_HAND.search(path.read_text())
    }
    assert found == {"domain/operation.py"}
