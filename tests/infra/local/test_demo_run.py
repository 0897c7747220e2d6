"""`python -m infra.local demo` as a person runs it: read what it prints, try it, stop it, again."""

import re
import shlex
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local.environment import HOST
from infra.local.serving import listener
from tests.infra.local.demos import TIMEOUT_S, commanded, connection_in, demo, free_ports


@pytest.fixture
def ports() -> list[int]:
    return free_ports()


@pytest.fixture
def more_ports() -> list[int]:
    return free_ports()


def printed_calls(text: str) -> dict[str, list[str]]:
    """Every printed curl command by the path it calls, in words."""
    commands = [block for block in text.split("\n\n") if block.strip().startswith("curl")]
    split = [shlex.split(command.replace("\\\n", " ")) for command in commands]
    return {httpx.URL(words[2]).path: words for words in split}


def run(words: list[str]) -> Any:
    """Do what curl would do with these words."""
    headers = [words[n + 1].split(": ", 1) for n, word in enumerate(words) if word == "-H"]
    body = words[words.index("-d") + 1] if "-d" in words else None
    verb = "POST" if body else "GET"
    answer = httpx.request(verb, words[2], headers=dict(headers), content=body, timeout=30)
    assert answer.is_success, answer.text
    return answer.json()


def test_the_demo_works_as_it_says_and_finds_all_of_it_again(
    ports: list[int], tmp_path: Path
) -> None:
    with demo(ports, tmp_path) as first:
        text = first.read_until("100%")
        calls = printed_calls(text)
        assert len(run(calls["/records"])["records"]) == 3
        assert run(calls["/sync/trigger"]) == {"success": True}
        assert run(calls["/action/trigger"])["threadId"]
        assert first.stop() == 0
    assert "Stopped." in first.text
    with demo(ports, tmp_path) as second:
        again = second.read_until("Ctrl-C stops")
        assert connection_in(again) == connection_in(text)
        assert "Making up" not in again
        assert len(run(printed_calls(again)["/records"])["records"]) == 3
        assert second.stop() == 0


def test_two_demos_run_side_by_side_and_the_commands_find_each(
    ports: list[int], more_ports: list[int], tmp_path: Path
) -> None:
    states = (tmp_path / "one", tmp_path / "two")
    with demo(ports, states[0]) as first, demo(more_ports, states[1]) as second:
        for running, state, (port, *_) in zip(
            (first, second), states, (ports, more_ports), strict=True
        ):
            running.read_until("100%")
            assert f"http://127.0.0.1:{port}" in commanded("doctor", f"STATE={state}")
        # Every command reads the state's place as the doctor does: one demo is enough for them.
        state_option = f"STATE={states[1]}"
        commanded("keys", state_option, "ARGS=create --name try --permission send")
        assert "try" in commanded("keys", state_option)
        shown = commanded("dryrun", state_option, "ACTION=list-labels")
        assert re.search(r"GET\s+/labels", shown)


def wait_for_the_end_of(line: socket.socket) -> None:
    """Wait until the other side hangs up; one that never took the call resets it."""
    with line, suppress(ConnectionResetError):
        assert line.recv(1) == b""


def test_what_a_killed_demo_started_ends_with_it(ports: list[int], tmp_path: Path) -> None:
    with demo(ports, tmp_path) as killed:
        text = killed.read_until("Ctrl-C stops")
        lines = [socket.create_connection((HOST, port), TIMEOUT_S) for port in ports]
        killed.process.kill()
        killed.process.wait()
    for line in lines:
        wait_for_the_end_of(line)  # a server hangs up when it ends, its port already free
    with demo(ports, tmp_path) as again:
        assert connection_in(again.read_until("Ctrl-C stops")) == connection_in(text)


def test_a_busy_port_ends_the_demo_at_once_with_advice(ports: list[int], tmp_path: Path) -> None:
    with listener(ports[0]) as other:
        other.listen()
        with demo(ports, tmp_path) as refused:
            assert refused.process.wait(TIMEOUT_S) == 1
            refused.read_until(f"--port {ports[0] + 1000}")
    assert f"Port {ports[0]}, for Postroom, is busy" in refused.text
