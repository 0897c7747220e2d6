"""An instance has CPU during requests only: whatever it holds is handed over before it answers."""

from pathlib import Path

from shared.adapters.sqlite.store import open_store
from shared.adapters.system_clock import SystemClock
from shared.domain.operation import OperationState, OperationType
from tests.functions.test_main_job import ADA, backfilled, connected
from tests.harness.whole import whole_system

MAIL = b"From: Eve <eve@far.example>\r\nTo: ada@acme.example\r\nSubject: Knock\r\n\r\nHello.\r\n"


async def test_what_a_sync_did_is_in_the_log_by_the_time_it_has_answered(tmp_path: Path) -> None:
    """Read by another process: this one might be frozen, or gone."""
    async with whole_system(tmp_path, {ADA: 3}) as system:
        await backfilled(system, await connected(system))
        await system.settle()
        before = await syncs_logged(tmp_path)
        await system.google.post(f"/_control/mailboxes/{ADA}/messages", content=MAIL)
        await system.settle()
        assert await syncs_logged(tmp_path) > before


async def syncs_logged(folder: Path) -> int:
    """Return how many successful syncs the stored log names."""
    store = open_store(str(folder / "postroom.sqlite"), SystemClock())
    found = await store.operations.list(
        connection_id=None, type=OperationType.SYNC, state=OperationState.OK, limit=100
    )
    await store.close()
    return len(found)
