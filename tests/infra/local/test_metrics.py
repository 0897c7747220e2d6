"""/metrics on the laptop: Prometheus' own parser reads it, and it says what happened."""

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from infra.local.google.settings import GoogleSettings
from infra.local.system import LocalSystem
from shared.ports.telemetry import GAUGES
from tests.functions.test_main_job import backfilled, connected

ADA = "ada@acme.example"


async def samples(system: LocalSystem) -> dict[str, float]:
    """Return every sample by name and labels."""
    answer = await system.client.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    found = {}
    for sample in (one for family in families for one in family.samples):
        labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
        found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


async def test_a_scrape_tells_units_records_requests_and_what_waits(tmp_path: Path):
    chosen = {"POSTROOM_UNITS_PER_MINUTE": str(10**9), "POSTROOM_TELEMETRY": "prometheus"}
    google = GoogleSettings(units_per_minute=10**9)
    async with LocalSystem.start(tmp_path, environ=chosen, google=google) as system:
        await system.control("/mailboxes", {"email": ADA, "messages": 7})
        connection = await connected(system)
        await backfilled(system, connection)
        await system.settle()
        await system.advance(601)
        await system.settle()
        found = await samples(system)
    assert found["postroom_records_total{change=added}"] == 7
    assert found["postroom_gmail_units_total"] > 0
    pushes = [name for name in found if "_count" in name and "http_route=/push/gmail" in name]
    assert pushes
    assert {found[name.replace(".", "_")] for name in GAUGES} == {0}
    assert "postroom_watch_renewals_total{outcome=failed}" in found


async def test_nobody_measures_unless_asked(tmp_path: Path):
    async with LocalSystem.start(
        tmp_path,
    ) as system:
        answer = await system.client.get("/metrics")
    assert (answer.status_code, "POSTROOM_TELEMETRY" in answer.text) == (404, True)
