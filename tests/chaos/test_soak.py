"""The soak in small: the whole laptop, some connections, faults and crashes, for seconds."""

from pathlib import Path

from tests.chaos.soak import Plan, soak

SMALL = Plan(connections=20, seconds=6, crash_every_s=2.5, leap_every_s=1, leap_s=240)


async def test_traffic_under_faults_and_crashes_loses_nothing(tmp_path: Path) -> None:
    assert await soak(SMALL, tmp_path) == []
