"""`make demo GOOGLE=real`, with the emulated Google in place of Google's hosts.

It knows one client of the type Desktop app, pushes nowhere and signs none of our own calls. What
this cannot show is said in the README.
"""

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local.connecting import connect
from infra.local.environment import API_KEY, HOST, INTEGRATION, TASKS_ACCOUNT
from infra.local.google.app import create_app
from infra.local.google.settings import GoogleSettings
from infra.local.id_tokens import OwnTokens
from infra.local.loopback import loopback_client
from infra.local.own_client import keep_client, read_client
from infra.local.processes import DemoError
from infra.local.serving import LoopServer, listener
from shared.errors import UnauthenticatedError
from tests.harness.ports import free_ports
from tests.infra.local.demos import TIMEOUT_S, Demo, commanded, connection_in, demo

EMAIL = "someone@gmail.example"
DOWNLOADED = {
    "installed": {
        "client_id": "123-own.apps.googleusercontent.com",
        "project_id": "own-project",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token",
        "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
        "client_secret": "GOCSPX-own",
        "redirect_uris": ["http://localhost"],
    }
}
MAIL = b"From: bo@example.org\r\nTo: someone@gmail.example\r\nSubject: Tea\r\n\r\nAt four?"


@pytest.fixture
def client(tmp_path: Path) -> Path:
    """Return the file that Google's console downloads."""
    file = tmp_path / "client_secret_123.json"
    file.write_text(json.dumps(DOWNLOADED))
    return file


@pytest.fixture
async def stand_in() -> AsyncIterator[httpx.AsyncClient]:
    """Return the control API of what stands for Google's hosts; its one mailbox has some mail."""
    own = DOWNLOADED["installed"]
    settings = GoogleSettings(
        client_id=str(own["client_id"]),
        client_secret=str(own["client_secret"]),
        desktop_client=True,
        push_endpoint=None,
    )
    server = LoopServer(create_app(settings), listener())
    await server.open()
    async with loopback_client(base_url=server.address, timeout=60) as control:
        await control.post("/_control/mailboxes", json={"email": EMAIL, "messages": 12})
        yield control
    await server.close()


def own_demo(ports: list[int], state: Path, google: httpx.AsyncClient, *more: str) -> Any:
    address = str(google.base_url).rstrip("/")
    options = ("--google", "real", "--google-url", address, "--poll-seconds", "1")
    return demo(ports, state, *options, *more)


async def wait_for(running: Demo, words: str) -> str:
    return await asyncio.to_thread(running.read_until, words)


async def subjects(postroom: httpx.AsyncClient, connection: str) -> set[str]:
    tenant = {"Connection-Id": connection, "Provider-Config-Key": INTEGRATION}
    query = {"model": "EmailMessage", "limit": "100"}
    answer = await postroom.get("/records", params=query, headers=tenant)
    assert answer.is_success, answer.text
    return {one["subject"] for one in answer.json()["records"]}


async def test_a_mailbox_connected_by_an_own_client_is_kept_current_by_asking(
    tmp_path: Path, client: Path, stand_in: httpx.AsyncClient
) -> None:
    ports, state = free_ports(3), tmp_path / "state"
    key = {"Authorization": f"Bearer {API_KEY}"}
    async with loopback_client(base_url=f"http://{HOST}:{ports[0]}", headers=key) as postroom:
        with own_demo(ports, state, stand_in, "--client", str(client)) as first:
            assert "never with Google itself" in await wait_for(first, "Waiting for a mailbox")
            connection = await connect(postroom, stand_in, EMAIL)
            assert connection in await wait_for(first, "Ctrl-C stops everything")
            await stand_in.post(f"/_control/mailboxes/{EMAIL}/messages", content=MAIL)
            async with asyncio.timeout(TIMEOUT_S):
                while "Tea" not in await subjects(postroom, connection):  # noqa: ASYNC110 - polled
                    await asyncio.sleep(0.1)
            stats = (await stand_in.get("/_control/stats")).json()
            assert "gmail.users.watch" not in stats["methods"]
            shown = await asyncio.to_thread(
                commanded, "dryrun", f"STATE={state}", "ACTION=list-labels", "SHOW=1"
            )
            assert '"INBOX"' in shown
            doctor = await asyncio.to_thread(commanded, "doctor", f"STATE={state}")
            assert "failed" not in doctor
            assert "No topic is set" in doctor
        with own_demo(ports, state, stand_in) as again:  # the client was kept
            assert connection_in(await wait_for(again, "Ctrl-C stops")) == connection
    kept = state / "client.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_only_the_file_of_a_desktop_app_is_taken_and_no_refusal_repeats_it(
    tmp_path: Path, client: Path
) -> None:
    assert read_client(client).secret == "GOCSPX-own"
    assert "GOCSPX" not in repr(read_client(client))
    web = tmp_path / "web.json"
    web.write_text(json.dumps({"web": DOWNLOADED["installed"]}))
    other = tmp_path / "other.json"
    for told in ("{", "[]", '{"installed": {"client_id": "x"}}', '{"installed": []}'):
        other.write_text(told)
        with pytest.raises(DemoError, match="is not the JSON"):
            read_client(other)
    with pytest.raises(DemoError, match="type Desktop app") as refused:
        read_client(web)
    assert "GOCSPX" not in str(refused.value)


def test_without_a_client_the_way_to_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="CLIENT="):
        keep_client(None, tmp_path)
    with pytest.raises(DemoError, match=r"nowhere\.json is not there"):
        keep_client(tmp_path / "nowhere.json", tmp_path)


async def test_our_own_calls_are_signed_for_one_audience_and_account_by_this_process() -> None:
    tokens, other = OwnTokens(), OwnTokens()
    audience = "http://127.0.0.1:8080"
    token = await tokens(service_account=TASKS_ACCOUNT, audience=audience)
    await tokens.verify(token, audience=audience, service_account=TASKS_ACCOUNT)
    for verifier, account, asked in (
        (other, TASKS_ACCOUNT, audience),
        (tokens, "else@demo.iam.gserviceaccount.com", audience),
        (tokens, TASKS_ACCOUNT, f"{audience}/push/gmail"),
    ):
        with pytest.raises(UnauthenticatedError):
            await verifier.verify(token, audience=asked, service_account=account)
