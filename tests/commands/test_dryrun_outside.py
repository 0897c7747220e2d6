"""A dry run of an action that asks another host: it says which, and asks nothing."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.actions.llm_action import source
from tests.actions.own_modules import own_modules, put
from tests.adapters.listener import Listener, listening
from tests.commands.test_dryrun import DryRunHarness, harness

__all__ = ["harness"]
CANARY = "canary-77aa"
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{"text": "Hello"}'


@pytest.fixture
async def model() -> AsyncIterator[Listener]:
    """Serve a model's API on the loopback."""
    async with listening(Listener(ANSWER)) as listener:
        yield listener


@pytest.fixture
def host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: Listener, harness: DryRunHarness
) -> Iterator[str]:
    """Serve the action, with its secret set and its host allowed; return the host."""
    host, folder = f"127.0.0.1:{model.port}", tmp_path / "custom"
    folder.mkdir()
    monkeypatch.setenv("LLM_KEY", CANARY)
    harness.system.environ = {**harness.system.environ, "POSTROOM_WEBHOOK_ALLOW": host}
    with own_modules(folder, monkeypatch) as opened:
        put(opened, ask_model=source(host))
        yield host


async def test_the_host_is_named_and_nothing_is_asked(
    harness: DryRunHarness, host: str, model: Listener
) -> None:
    said = await harness.dryrun("ask-model", {"url": f"http://{host}/v1/of/bob@far.example"})
    assert said.code == 1
    assert said.out.splitlines()[0].split() == ["POST", f"https://{host}", "NOT", "SENT"]
    assert "--answer" in said.err
    assert model.connections == 0
    assert not any(word in said.out + said.err for word in (CANARY, "bob@far.example"))


async def test_a_given_answer_shows_what_comes_after(
    harness: DryRunHarness, host: str, model: Listener
) -> None:
    given = {"url": f"http://{host}/v1"}
    said = await harness.dryrun("ask-model", given, "--answer", '{"text": "Hi"}')
    assert (said.code, model.connections) == (0, 0), said.err
    assert "It answers Said: {text: text}" in said.out


async def test_really_asks(harness: DryRunHarness, host: str, model: Listener) -> None:
    said = await harness.dryrun("ask-model", {"url": f"http://{host}/v1"}, "--really")
    assert said.code == 0, said.err
    assert said.out.splitlines()[0].split()[-3:] == ["sent,", "answered", "200"]
    assert CANARY.encode() in model.requests[0]
    assert CANARY not in said.out + said.err
