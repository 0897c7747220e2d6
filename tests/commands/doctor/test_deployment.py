"""The doctor of a deployment: Firestore and Cloud Tasks in place of the laptop's files."""

import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from infra.local.connecting import connect
from infra.local.google.settings import GoogleSettings
from infra.local.system import LocalSystem
from shared.commands.checks.finding import Verdict
from shared.commands.doctor import run_checks
from shared.domain.ids import ConnectionId
from shared.domain.sync.state import SyncState
from shared.ports.store import Store
from tests.harness.doctoring import EMAIL, DoctorHarness, finding_of
from tests.harness.google import PLENTY

pytestmark = pytest.mark.emulators
LOCATION = "projects/demo/locations/europe-west1"


@pytest.fixture
async def deployed(
    tmp_path: Path, firestore_emulator: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[DoctorHarness]:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    environ = {
        "POSTROOM_UNITS_PER_MINUTE": str(PLENTY),
        "POSTROOM_STORE": f"firestore:test-{secrets.token_hex(8)}/(default)",
    }
    google = GoogleSettings(units_per_minute=PLENTY)
    async with LocalSystem.start(tmp_path, environ=environ, google=google) as system:
        await system.control("/mailboxes", {"email": EMAIL, "messages": 0})
        connection = await connect(system.client, system.google, EMAIL)
        await system.settle()
        # The laptop has no Cloud Tasks; the doctor is told of one.
        system.environ = {**system.environ, "POSTROOM_QUEUE": f"cloud-tasks:{LOCATION}"}
        harness = DoctorHarness(system, ConnectionId(connection))
        yield harness
        for container in harness.containers:
            await container.close()


async def test_every_check_of_our_own_side_is_made_on_firestore(deployed: DoctorHarness):
    findings = dict(await run_checks(deployed.context()))
    elsewhere = {"clock", "queues"}  # the emulated Google is neither a clock nor Cloud Tasks
    for name, finding in findings.items():
        expected = Verdict.NOT_CHECKED if name in elsewhere else Verdict.OK
        assert finding.verdict is expected, (name, finding)


async def test_a_database_that_does_not_answer_is_named_with_the_way_to_look(
    deployed: DoctorHarness, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:9")
    finding = await finding_of("store", deployed.context())
    assert finding.verdict is Verdict.FAILED
    assert "gcloud firestore databases describe --database='(default)'" in finding.fix


async def test_overdue_syncs_point_at_the_schedulers_job(deployed: DoctorHarness):
    due = deployed.system.clock.now() - timedelta(hours=1)
    late = SyncState(ConnectionId("c-late"), next_due_at=due)
    await deployed.system.container.use(Store).sync_states.create(late)
    finding = await deployed.look("syncs")
    assert (finding.verdict, "jobs run postroom-reconcile" in finding.fix) == (Verdict.FAILED, True)
