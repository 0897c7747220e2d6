"""What keeps single connections from working."""

from shared.commands.checks.finding import Verdict
from shared.ports.sync_store import SyncStates
from tests.commands.doctor.ward import Ward


async def test_what_keeps_single_connections_from_working_leads_to_its_entry(ward: Ward):
    """Each code with its count and its guide; what passes by itself is no finding."""
    states = ward.system.container.use(SyncStates)
    assert (await ward.look("connections")).verdict is Verdict.OK
    for code, verdict in (("rate_limited", Verdict.OK), ("domain_policy", Verdict.WARNING)):
        was = await states.get(ward.connection)
        assert was is not None
        failing = was.value.without_error().failing(code, ward.system.clock.now())
        await states.swap(was, failing)
        finding = await ward.look("connections")
        assert finding.verdict is verdict
    assert "domain_policy (1)" in finding.seen
    assert "operating#domain_policy" in finding.fix
