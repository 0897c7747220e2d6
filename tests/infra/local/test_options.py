"""What is wrong with a command line is said in one line, in the names that `make` has for it."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from infra.archives import ROOT
from infra.local.__main__ import environ_of, main, settings_of
from infra.local.options import arguments_from
from shared.edge.settings.deployment import settings_from
from tests.harness.ports import free_ports

CLIENT = {"installed": {"client_id": "a.apps.googleusercontent.com", "client_secret": "s"}}


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """Give the process its own umask back, which `main` narrows."""
    before = os.umask(0)
    os.umask(before)
    yield
    os.umask(before)


def refused(given: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run `make demo` with options that it cannot go on with; return what it printed."""
    with suppress(SystemExit):
        assert main(["demo", *given]) == 1
    said = capsys.readouterr().err.strip()
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--poll-seconds", "0"], "POLL must be a whole number above zero."),
        (["--google", "fake"], "GOOGLE invalid choice: 'fake' (choose from"),
        (["--store", "mysql"], "STORE invalid choice: 'mysql'"),
        (["--events", "kafka"], "EVENTS invalid choice: 'kafka'"),
        (["--port", "99999"], "--port must be a number from 1 to 65535."),
        (["--google-port", "x"], "--google-port must be a number from 1 to 65535."),
        (["--units-per-minute", "0"], "--units-per-minute must be a whole number above zero."),
        (["--nonsense"], "unrecognized arguments: --nonsense."),
    ],
)
def test_a_wrong_option_is_named_in_one_line(
    given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refused(given, capsys)
    assert told.startswith(said)
    assert "\n" not in told
    assert told.endswith("`make demo ARGS=--help` lists the options.")


def test_an_origin_that_is_none_is_refused_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = ["--state", str(tmp_path)]
    assert refused([*state, "--origin", "shop"], capsys) == "--origin must be an http(s) address"
    told = refused([*state, "--origin", "http://shop.example"], capsys)
    assert told == "--origin must use https unless it is a loopback address"


def test_looks_and_names_of_the_product_are_taken_from_the_shell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTROOM_BRAND_COLOUR", "#0b6b66")
    monkeypatch.setenv("POSTROOM_SYNC_ALIAS", "emails/GmailEmail")
    monkeypatch.setenv("POSTROOM_STORE", "firestore:their/store")
    environ = environ_of(settings_of(arguments_from(["demo"]), tmp_path))
    settings = settings_from(environ)
    assert settings.brand.colour == "#0b6b66"
    assert settings.sync_aliases.models == {"GmailEmail"}
    assert settings.store.startswith("sqlite:")
    monkeypatch.setenv("POSTROOM_SYNC_ALIAS", "emails")
    told = refused(["--state", str(tmp_path)], capsys)
    assert told == "POSTROOM_SYNC_ALIAS must list a sync and a model each, as emails/GmailEmail"


def test_a_state_that_cannot_be_written_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    told = refused(["--state", str(tmp_path / "file" / "state")], capsys)
    assert "cannot be made: Not a directory. Name a directory that can be written" in told


@pytest.mark.parametrize("option", [["--client", "a.json"], ["--poll-seconds", "30"]])
def test_what_is_of_ones_own_gmail_asks_for_it(
    option: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = refused(["--state", str(tmp_path), *option], capsys)
    assert told == "CLIENT and POLL go with GOOGLE=real: add it, or leave them out."


@pytest.mark.parametrize("content", ['{"installed": "x"}', '{"installed": [1]}', "[]", "{", "1"])
def test_a_file_that_is_no_client_is_said_to_be_none(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "client.json"
    file.write_text(content)
    given = ["--state", str(tmp_path / "state"), "--google", "real", "--client", str(file)]
    told = refused(given, capsys)
    assert told.startswith(f"{file} is not the JSON that Google's console downloads.")


def test_a_machine_without_gcloud_is_told_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    ports = zip(
        ("--port", "--google-port", "--product-port", "--firestore-port"),
        map(str, free_ports(4)),
        strict=True,
    )
    given = [word for pair in ports for word in pair]
    told = refused(["--state", str(tmp_path), "--store", "firestore", *given], capsys)
    assert told.startswith("gcloud and java not found: STORE=firestore")
    assert "cloud.google.com/sdk/docs/install" in told


@pytest.mark.parametrize(("given", "seconds"), [([], 60), (["--poll-seconds", "30"], 30)])
def test_history_is_read_every_minute_unless_another_interval_is_named(
    given: list[str], seconds: int, tmp_path: Path
) -> None:
    file = tmp_path / "client.json"
    file.write_text(json.dumps(CLIENT))
    chosen = arguments_from(["demo", "--google", "real", "--client", str(file), *given])
    real = settings_of(chosen, tmp_path).real
    assert real is not None
    assert real.poll_s == seconds


@pytest.mark.parametrize("target", ["preflight", "doctor"])
def test_an_environment_that_is_not_there_is_asked_for_with_those_that_are(target: str) -> None:
    calm = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    told = subprocess.run(
        ["make", "-s", target, "ENV=nope", "ARGS="],
        cwd=ROOT,
        env=calm,
        capture_output=True,
        text=True,
        check=False,
    )
    said = told.stdout + told.stderr
    assert told.returncode == 2
    if "gcloud is not installed" not in said:
        assert "Name it by ENV=NAME, with infra/terraform/envs/NAME.tfvars." in said
        assert "There is: example" in said
