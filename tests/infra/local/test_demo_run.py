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
from tests.harness.ports import free_ports
from tests.infra.local.demos import TIMEOUT_S, Demo, commanded, connection_in, demo


@pytest.fixture
def ports() -> list[int]:
    return free_ports(3)


@pytest.fixture
def more_ports() -> list[int]:
    return free_ports(3)


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


def do_what_is_printed(text: str) -> None:
    calls = printed_calls(text)
    assert len(run(calls["/records"])["records"]) == 3
    assert run(calls["/sync/trigger"]) == {"success": True}
    assert run(calls["/action/trigger"])["threadId"]


def kill(running: Demo, ports: list[int]) -> None:
    """Kill it without a word, and wait until what it started has ended with it."""
    lines = [socket.create_connection((HOST, port), TIMEOUT_S) for port in ports]
    running.process.kill()
    running.process.wait()
    for line in lines:
        wait_for_the_end_of(line)  # a server hangs up when it ends, its port already free


def wait_for_the_end_of(line: socket.socket) -> None:
    """Wait until the other side hangs up; one that never took the call resets it."""
    with line, suppress(ConnectionResetError):
        assert line.recv(1) == b""


def look_by_commands(state: Path) -> None:
    """Run those that read the state's place as the doctor does: one demo is enough for them."""
    option = f"STATE={state}"
    commanded("keys", option, "ARGS=create --name try --permission send")
    assert "try" in commanded("keys", option)
    assert re.search(r"GET\s+/labels", commanded("dryrun", option, "ACTION=list-labels"))


def test_two_demos_work_side_by_side_and_find_all_of_it_again(
    ports: list[int], more_ports: list[int], tmp_path: Path
) -> None:
    """One after it was stopped, the other after it was killed over its first backfill."""
    one, other = tmp_path / "one", tmp_path / "other"
    with demo(ports, one) as first:
        text = first.read_until("100%")
        do_what_is_printed(text)
        with demo(more_ports, other) as killed:
            connection = connection_in(killed.read_until("Ctrl-C stops"))
            kill(killed, more_ports)
        with demo(more_ports, other) as second:
            assert connection_in(second.read_until("Ctrl-C stops")) == connection
            for state, (port, *_) in ((one, ports), (other, more_ports)):
                assert f"http://127.0.0.1:{port}" in commanded("doctor", f"STATE={state}")
            look_by_commands(other)
        assert first.stop() == 0
    assert "Stopped." in first.text
    with demo(ports, one) as again:
        found = again.read_until("Ctrl-C stops")
        assert connection_in(found) == connection_in(text)
        assert "Making up" not in found
        assert len(run(printed_calls(found)["/records"])["records"]) == 3
        assert again.stop() == 0


def test_a_busy_port_ends_the_demo_at_once_with_advice(ports: list[int], tmp_path: Path) -> None:
    with listener(ports[0]) as other:
        other.listen()
        with demo(ports, tmp_path) as refused:
            assert refused.process.wait(TIMEOUT_S) == 1
            refused.read_until(f"--port {ports[0] + 1000}")
    assert f"Port {ports[0]}, for Postroom, is busy" in refused.text
