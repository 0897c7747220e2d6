"""What keeps single connections from working."""

from shared.commands.checks.finding import Verdict
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
