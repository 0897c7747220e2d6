"""The README's Python runs as it stands, but for the address and who is connected."""

import re
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from tests.client.conftest import ADA, SEEDED, ClientHarness

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"


async def test_the_readmes_example_reads_everything_and_sends(
    harness: ClientHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "postroom_client").symlink_to(ROOT / "shared" / "client")
    monkeypatch.syspath_prepend(tmp_path)
    section = README.read_text("utf-8").partition("\n## From Python\n")[2]
    shown = re.findall(r"```python\n(.*?)```", section, re.DOTALL)[0]
    code = shown.replace("http://127.0.0.1:8080", harness.system.url).replace('"u1"', f'"{ADA}"')
    kept: list[Any] = []
    names: dict[str, Any] = {"keep": lambda records, _: kept.extend(records)}
    exec(f"async def example(cursor):\n{indent(code, '    ')}", names)
    await names["example"](None)
    assert len(kept) == SEEDED
    sent = await harness.postroom.sends.get(harness.connection_id, "order-17")
    assert sent.status == "submitted"
