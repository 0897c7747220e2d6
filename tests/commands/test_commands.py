"""What an operator runs by hand, against a store that exists."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from shared.adapters.keys.local import create_keyring
from shared.commands.__main__ import COMMANDS, main
from shared.commands.forged_tokens import forgeries, try_forged_tokens
from shared.domain.connect.grant import Grant
from shared.domain.keys.api_key import id_in
from shared.edge.composition.container import AutowiredContainer
from shared.edge.settings.deployment import settings_from
from shared.edge.table import whole_table
from shared.edge.web.app import build_app
from shared.edge.web.routes import Access
from shared.ports.connections import Grants
from shared.ports.google.oauth import Sealer
from tests.harness import samples
from tests.harness.samples import CONNECTION, NOW


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    values = samples.environ(tmp_path)
    create_keyring(tmp_path / "keyring.json")
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return values


def test_a_key_is_made_listed_rotated_and_revoked(
    environ: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    create = ["keys", "create", "--name", "backend", "--permission", "send", "--days", "30"]
    assert main([*create, "--connection", "c1", "--tools", "read"]) == 0
    head, token, _ = capsys.readouterr().out.splitlines()
    id = head.split()[0]
    assert id_in(token) == id
    assert main(["keys", "list"]) == 0
    listed = capsys.readouterr().out
    assert id in listed
    assert "1 connection  tools=read" in listed
    assert token not in listed
    assert main(["keys", "rotate", id]) == 0
    assert token not in capsys.readouterr().out
    assert main(["keys", "revoke", id]) == 0
    capsys.readouterr()
    assert main(["keys", "list"]) == 0
    assert "over" in capsys.readouterr().out


def test_a_list_without_keys_says_so(
    environ: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "list"]) == 0
    assert "No keys yet" in capsys.readouterr().out


def test_a_store_that_was_never_there_is_not_called_broken(
    environ: Mapping[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("POSTROOM_STORE", f"sqlite:{tmp_path / 'never' / 'postroom.sqlite'}")
    assert main(["keys", "list"]) == 1
    assert "has Postroom ever run?" in capsys.readouterr().err
    assert not (tmp_path / "never").exists()


def test_an_unknown_key_is_named_on_one_line(
    environ: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["keys", "rotate", "0123456789abcdef"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_missing_settings_are_named_and_nothing_is_traced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("POSTROOM_STORE", raising=False)
    assert main(["keys", "list"]) == 1
    assert "POSTROOM_STORE" in capsys.readouterr().err


def test_rotate_keys_brings_every_grant_under_a_new_key(
    environ: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    async def a_grant() -> str:
        container = AutowiredContainer(settings_from(environ))
        key = await container.use(Sealer).new_data_key(CONNECTION)
        await container.use(Grants).create(Grant(CONNECTION, b"", b"", NOW, frozenset(), key))
        await container.close()
        return container.use(Sealer).key_of(key)

    async def key_now() -> str:
        container = AutowiredContainer(settings_from(environ))
        found = await container.use(Grants).get(CONNECTION)
        await container.close()
        assert found is not None
        return container.use(Sealer).key_of(found.value.data_key)

    before = asyncio.run(a_grant())
    assert main(["rotate-keys"]) == 0
    assert "1 grants brought over" in capsys.readouterr().out
    after = asyncio.run(key_now())
    assert after != before
    assert main(["rotate-keys", "--resume"]) == 0
    assert "0 grants brought over, 1 there already" in capsys.readouterr().out
    assert asyncio.run(key_now()) == after


def whole_deployment(environ: Mapping[str, str], token_check: str) -> httpx.AsyncClient:
    settings = replace(settings_from(environ), token_check=token_check)
    container = AutowiredContainer(settings)
    container.bind(
        httpx.AsyncClient,
        httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(503))),
    )
    app = build_app("api", whole_table(), container)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app))


async def test_every_private_entry_of_a_sound_deployment_refuses_forged_tokens(
    environ: Mapping[str, str],
) -> None:
    async with whole_deployment(environ, "signature") as client:
        findings = await try_forged_tokens(client, settings_from(environ))
    private = [r for r in whole_table() if r.access in {*Access} - {*OPEN}]
    assert len(findings) == len(private) * len(forgeries({}))
    assert all(finding.is_refused for finding in findings), findings


async def test_the_check_finds_a_function_that_trusts_claims_and_is_open_to_all(
    environ: Mapping[str, str],
) -> None:
    """The one mistake that only the outside can see (FACTS 7.3)."""
    async with whole_deployment(environ, "claims") as client:
        findings = await try_forged_tokens(client, settings_from(environ))
    let_in = {finding.forgery for finding in findings if not finding.is_refused}
    assert let_in == {"signature said to be removed"}


async def test_an_entry_that_does_not_answer_is_not_taken_for_safe(
    environ: Mapping[str, str],
) -> None:
    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody there", request=request)

    async with httpx.AsyncClient(transport=httpx.MockTransport(silent)) as client:
        findings = await try_forged_tokens(client, settings_from(environ))
    assert not any(finding.is_refused for finding in findings)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert COMMANDS[name].SUMMARY.split()[0] in capsys.readouterr().out


OPEN = (Access.PUBLIC, Access.CONNECT_SESSION, Access.CONSOLE)
