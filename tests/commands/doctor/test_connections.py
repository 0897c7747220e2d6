"""What keeps single connections from working."""

from shared.commands.checks.finding import Verdict
from shared.domain.models.state import ModelSyncState
from shared.ports.model_store import ModelSyncs
from shared.ports.sync_store import SyncStates
from tests.harness.doctoring import DoctorHarness


async def test_what_keeps_single_connections_from_working_leads_to_its_entry(
    harness: DoctorHarness,
):
    """Each code with its count and its guide; what passes by itself is no finding."""
    states = harness.system.container.use(SyncStates)
    assert (await harness.look("connections")).verdict is Verdict.OK
    for code, verdict in (("rate_limited", Verdict.OK), ("domain_policy", Verdict.WARNING)):
        was = await states.get(harness.connection)
        assert was is not None
        failing = was.value.without_error().failing(code, harness.system.clock.now())
        await states.swap(was, failing)
        finding = await harness.look("connections")
        assert finding.verdict is verdict
    assert "domain_policy (1)" in finding.seen
    assert "operating#domain_policy" in finding.fix


async def test_own_syncs_that_fail_are_named_with_the_number_of_connections(
    harness: DoctorHarness,
) -> None:
    """What failed and works again is not named."""
    states = harness.context().container.use(ModelSyncs)
    at = harness.system.clock.now()
    failing = ModelSyncState(
        harness.connection, "sync-deals", last_error="crash", failing_since=at, failures=2
    )
    await states.create(failing)
    await states.create(ModelSyncState(harness.connection, "sync-labels", last_error=None))
    finding = await harness.look("own syncs")
    assert finding.verdict is Verdict.WARNING
    assert "sync-deals: crash (1)" in finding.seen
    assert "sync-labels" not in finding.seen


async def test_a_sync_whose_scope_no_connection_has_is_named(harness: DoctorHarness) -> None:
    """It would wait for ever; one that mail's own scopes serve is not named."""
    finding = await harness.look("own syncs", SYNCS="contacts,labels")
    assert finding.verdict is Verdict.WARNING
    assert "sync-contacts (https://www.googleapis.com/auth/contacts.readonly)" in finding.seen
    assert "sync-labels" not in finding.seen
    assert (await harness.look("own syncs", SYNCS="labels")).verdict is Verdict.OK
