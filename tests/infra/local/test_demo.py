"""What `make demo` says and asks, apart from running it."""

import shlex
import socket
from pathlib import Path

import pytest

from infra.local.__main__ import environ_of, settings_of
from infra.local.demo import check_emulators, check_ports
from infra.local.environment import (
    API_KEY,
    OPERATOR_KEY,
    WEBHOOK_SECRET,
    Addresses,
    environment,
    read_environment,
    write_environment,
)
from infra.local.google.__main__ import read_arguments
from infra.local.guide import Ready, agent, calls, guide, on_emulators
from infra.local.options import arguments_from
from infra.local.processes import DemoError
from infra.local.programs import DemoSettings, programs
from shared.edge.settings.deployment import settings_from
from tests.harness.ports import free_ports

ADDRESSES = Addresses()
READY = Ready(ADDRESSES, "c-1", "grace@acme.example", "ada@acme.example")


def test_a_busy_port_is_named_with_what_it_is_for_and_what_to_do(tmp_path: Path) -> None:
    postroom, product = free_ports(2)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        busy = other.getsockname()[1]
        settings = DemoSettings(postroom, busy, product, tmp_path, messages=1)
        with pytest.raises(DemoError, match=rf"Port {busy}, for the emulated Google, is busy"):
            check_ports(settings)


def test_free_ports_raise_nothing(tmp_path: Path) -> None:
    postroom, google, product = free_ports(3)
    check_ports(DemoSettings(postroom, google, product, tmp_path, messages=1))


def test_the_guide_names_everything_a_person_needs() -> None:
    text = guide(READY)
    addresses = (ADDRESSES.postroom, ADDRESSES.google, ADDRESSES.product)
    console = f"{ADDRESSES.postroom}/console"
    for needed in (*addresses, API_KEY, WEBHOOK_SECRET, console, OPERATOR_KEY, "c-1"):
        assert needed in text


def test_the_printed_calls_are_whole_shell_commands() -> None:
    commands = [block for block in calls(READY).split("\n\n") if "curl" in block]
    assert len(commands) == 3
    for command in commands:
        words = shlex.split(command.replace("\\\n", " "))
        assert words[:2] == ["curl", "-s"]
        assert f"Authorization: Bearer {API_KEY}" in words


def test_the_printed_command_gives_an_agent_the_mailbox_by_three_headers() -> None:
    words = shlex.split(agent(READY).replace("\\\n", " "))
    assert words[:4] == ["claude", "mcp", "add", "--transport"]
    assert f"{ADDRESSES.postroom}/mcp" in words
    headers = [words[place + 1] for place, word in enumerate(words) if word == "--header"]
    named = {name: value.strip() for name, _, value in (one.partition(":") for one in headers)}
    assert named == {
        "Authorization": f"Bearer {API_KEY}",
        "connection-id": "c-1",
        "provider-config-key": "google-mail",
    }


def test_the_laptops_environment_is_a_valid_configuration(tmp_path: Path) -> None:
    settings = settings_from(environment(ADDRESSES, tmp_path, {"POSTROOM_UNITS_PER_MINUTE": "9"}))
    assert settings.public_url == ADDRESSES.postroom
    assert settings.redirect_uri == f"{ADDRESSES.postroom}/oauth/callback"
    assert settings.units_per_minute == 9


def test_the_commands_find_what_a_demo_runs_with(tmp_path: Path) -> None:
    assert read_environment(tmp_path) == environment(Addresses(), tmp_path)
    ran = environment(
        ADDRESSES, tmp_path, {"POSTROOM_UNITS_PER_MINUTE": "9"}, ["https://a.example"]
    )
    write_environment(tmp_path, ran)
    assert read_environment(tmp_path) == ran
    assert settings_from(ran).product_origins == (ADDRESSES.product, "https://a.example")


def test_an_origin_that_is_named_reaches_postroom(tmp_path: Path) -> None:
    chosen = arguments_from(
        ["demo", "--origin", "https://a.example", "--origin", "https://b.example"]
    )
    settings = DemoSettings(1, 2, 3, tmp_path, 0, origins=tuple(chosen.origins))
    postroom = programs(settings)[1]
    assert arguments_from(postroom.arguments).origins == chosen.origins


@pytest.mark.parametrize("testing", [True, False])
def test_an_app_in_testing_is_one_for_google_and_for_postroom(
    tmp_path: Path, testing: bool
) -> None:
    """The two programs are told alike; the quota is Google's own unless another is asked for."""
    chosen = arguments_from(["demo", *(["--testing"] if testing else [])])
    assert (chosen.testing, chosen.units_per_minute) == (testing, 6_000)
    settings = DemoSettings(1, 2, 3, tmp_path, 0, testing=testing)
    google, postroom, _ = programs(settings)
    assert read_arguments(google.arguments).refresh_token_days == (7 if testing else None)
    assert arguments_from(postroom.arguments).testing is testing


def test_the_official_emulators_are_started_first_and_named_to_those_that_use_them(
    tmp_path: Path,
) -> None:
    chosen = arguments_from(["demo", "--store", "firestore", "--events", "pubsub"])
    settings = settings_of(chosen, tmp_path)
    firestore, pubsub, google, postroom, _ = programs(settings)
    hosts = {name: f"127.0.0.1:{port}" for name, port in (("firestore", 8086), ("pubsub", 8087))}
    assert [one.arguments for one in (firestore, pubsub)] == [[*item] for item in hosts.items()]
    assert read_arguments(google.arguments).pubsub_emulator == hosts["pubsub"]
    assert settings_of(arguments_from(postroom.arguments), tmp_path).emulators == hosts
    said = on_emulators(hosts)
    assert all(host in said for host in hosts.values())
    assert on_emulators({}) == ""


def test_without_gcloud_the_demo_says_loudly_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = settings_of(arguments_from(["demo", "--store", "firestore"]), tmp_path)
    with pytest.raises(DemoError, match=r"gcloud and java not found.*") as refused:
        check_emulators(settings)
    assert "google-cloud-cli-firestore-emulator" in str(refused.value)
    check_emulators(settings_of(arguments_from(["demo"]), tmp_path))


def test_several_demos_write_down_what_each_runs_with_emulators_and_own_client_included(
    tmp_path: Path,
) -> None:
    """The commands read it from the state that they are given, and so find each."""
    client = tmp_path / "client.json"
    client.write_text('{"installed": {"client_id": "own", "client_secret": "s"}}')
    given = {
        "plain": ["--port", "9001"],
        "deployed": ["--port", "9002", "--store", "firestore", "--events", "pubsub"],
        "own": ["--port", "9003", "--google", "real", "--client", str(client)],
    }
    read = {}
    for name, options in given.items():
        state = tmp_path / name
        state.mkdir()
        settings = settings_of(arguments_from(["demo", *options]), state)
        write_environment(state, environ_of(settings))
    for name in given:
        read[name] = read_environment(tmp_path / name)
        assert settings_from(read[name]).public_url.endswith(given[name][1])
    assert "FIRESTORE_EMULATOR_HOST" not in read["plain"]
    assert read["deployed"]["FIRESTORE_EMULATOR_HOST"] == "127.0.0.1:8086"
    assert settings_from(read["deployed"]).firestore == ("demo", "(default)")
    own = settings_from(read["own"])
    assert (own.google_url, own.gmail_topic, own.oauth_client_id) == (None, "", "own")
    assert own.publishing == "testing"
