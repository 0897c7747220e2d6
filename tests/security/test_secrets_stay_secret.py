"""A canary in every secret: it may be in no log line, error, event, log entry or file in clear."""

import sqlite3
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.errors import PostroomError
from shared.ports.connections import Connections
from shared.usecases.connect.disconnect import Disconnect
from shared.usecases.connect.tokens.access_tokens import AccessTokens
from shared.usecases.connect.update_connection import ChangeConnection
from shared.usecases.sync.sync_mailbox import SyncMailbox
from tests.harness.connecting import ADA, ConnectHarness, follow, google_answer, press, query_of


def google_secrets(harness: ConnectHarness) -> set[str]:
    """Return every token and code this Google ever handed out."""
    database: sqlite3.Connection = harness.google.database
    tables = ("access_tokens", "refresh_tokens")
    return {
        token for table in tables for (token,) in database.execute(f"SELECT token FROM {table}")
    }


def forms_of(secret: str) -> Iterator[bytes]:
    """Return a secret as it is and as encodings would carry it."""
    plain = secret.encode()
    yield plain
    yield b64encode(plain)[:-4]
    yield urlsafe_b64encode(plain)[:-4]
    yield plain.hex().encode()


async def a_life(harness: ConnectHarness) -> tuple[set[str], list[str]]:
    """Live through everything that touches secrets; answer the secrets and every error said."""
    said: list[str] = []

    async def failing(work: Any) -> None:
        with pytest.raises(PostroomError) as refused:
            await work
        said.append(f"{refused.value!r} {refused.value.__cause__!r} {vars(refused.value)}")

    opened = await harness.session_for(ADA)
    secrets = {opened["token"], await harness.ticket(opened["token"])}
    await harness.will_approve(ADA)
    browser = harness.browser()
    answer = await google_answer(browser, f"/oauth/start?session_token={opened['token']}")
    secrets |= {query_of(answer)["state"], query_of(answer)["code"]}
    await browser.get(answer)
    connected = (await harness.look(opened["token"]))["connection_id"]
    forwarded = await harness.session(tags={"end_user_id": "someone"})
    await harness.will_approve(ADA)
    guest = harness.browser()
    await press(guest, await follow(guest, forwarded["connect_link"]), 1)
    secrets.add(forwarded["token"])
    key = await harness.api.post("/api-keys", json={"name": "k", "permissions": ["send"]})
    secrets.add(key.json()["key"])
    await harness.api.get("/records", headers={"Authorization": f"Bearer {key.json()['key']}"})
    await harness.container.use(SyncMailbox)(connected, budget=timedelta(seconds=20))
    for fault in ("token_5xx", "invalid_rapt", "grant_revoked"):
        harness.advance(timedelta(hours=2))
        harness.fault(fault, email=ADA)
        await failing(harness.container.use(AccessTokens)(connected))
        await harness.control.delete("/faults")
        said.append((await harness.api.get(f"/connections/{connected}")).text)
    imported = "1//canary-refresh-token-that-google-never-saw"
    body = {"provider_config_key": "google-mail", "credentials": {"refresh_token": imported}}
    said.append((await harness.api.post("/connections", json=body)).text)
    secrets.add(imported)
    said += [
        (await harness.api.get(path)).text for path in ("/connections", "/operations", "/events")
    ]
    await harness.container.use(Disconnect)(connected)
    secrets |= google_secrets(harness) | {"postroom-local-key", "postroom-local-secret"}
    return secrets, said


async def test_no_secret_is_in_any_log_line_error_event_or_file(
    harness: ConnectHarness, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    secrets, said = await a_life(harness)
    assert len(secrets) > 10
    printed = capsys.readouterr()
    records = [f"{vars(record)}" for record in caplog.records]
    spoken = "\n".join([printed.out, printed.err, caplog.text, *records, *said]).encode()
    assert len(spoken) > 10_000
    stored = b"".join(_files(harness.folder))
    assert len(stored) > 50_000
    for secret in secrets:
        for form in forms_of(secret):
            assert form not in spoken, secret[:12]
            assert form not in stored, secret[:12]


def _files(folder: Path) -> Iterator[bytes]:
    """Return every file, the write-ahead logs too, but the keyring: its keys are not tokens."""
    for path in sorted(folder.iterdir()):
        if path.name != "keyring.json":
            yield path.read_bytes()


async def test_the_search_would_find_a_secret_that_slipped(harness: ConnectHarness) -> None:
    """The test above means something only if a careless line would fail it."""
    await harness.connect(ADA)
    token = next(iter(google_secrets(harness)))
    found = await harness.container.use(Connections).get(
        (await harness.api.get("/connections")).json()["connections"][0]["connection_id"]
    )
    assert found is not None
    note = {"note": urlsafe_b64encode(token.encode()).decode()}
    await harness.container.use(ChangeConnection)(
        found.value.id, lambda was: replace(was, metadata=note)
    )
    assert any(form in b"".join(_files(harness.folder)) for form in forms_of(token))
