"""Pushes that Pub/Sub did not send, against the whole chain: real keys, real checks, real store."""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local.google.oauth.keys import SigningKey, new_pair
from infra.local.google.state import open_state
from shared.adapters.google.id_tokens import SIGNATURE_REMOVED
from shared.domain.ids import first_mailbox_id
from shared.edge.table import gmail_push_routes
from shared.edge.web.app import build_app
from shared.ports.connections import Mailboxes
from tests.harness.connecting import ADA, BEN, ConnectHarness

PUSH = "http://127.0.0.1:8080/push/gmail"
ACCOUNT = "gmail-push@demo.iam.gserviceaccount.com"


@pytest.fixture
async def connected(harness: ConnectHarness) -> ConnectHarness:
    await harness.connect(ADA)
    await harness.tasks()
    harness.app = build_app("gmail_push", gmail_push_routes(), harness.container)
    return harness


def claims(harness: ConnectHarness, **changes: Any) -> dict[str, Any]:
    now = int(harness.clock.now().timestamp())
    sound = {
        "iss": "https://accounts.google.com",
        "aud": PUSH,
        "azp": "1",
        "sub": "1",
        "email": ACCOUNT,
        "email_verified": True,
        "iat": now,
        "exp": now + 3600,
    }
    return {name: value for name, value in {**sound, **changes}.items() if value is not None}


def google_key(harness: ConnectHarness) -> SigningKey:
    key: SigningKey = harness.google.key
    return key


async def push(harness: ConnectHarness, token: str | None, email: str = ADA) -> httpx.Response:
    notification = json.dumps({"emailAddress": email, "historyId": 999_999_999}).encode()
    envelope = {"message": {"data": b64encode(notification).decode(), "messageId": "1"}}
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return await harness.browser(harness.app).post("/push/gmail", json=envelope, headers=headers)


async def woken(harness: ConnectHarness) -> bool:
    mailbox = await harness.container.use(Mailboxes).get(first_mailbox_id(ADA))
    assert mailbox is not None
    return mailbox.value.last_push_at is not None or bool(await harness.tasks())


async def test_a_genuine_push_wakes_the_mailbox(connected: ConnectHarness) -> None:
    """The attacks below differ from this by one thing each."""
    answer = await push(connected, google_key(connected).sign(claims(connected)))
    assert answer.status_code == 204
    assert await woken(connected)


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "https://another-service.example/push/gmail"},
        {"aud": "http://127.0.0.1:8080"},
        {"email": "attacker@evil.iam.gserviceaccount.com"},
        {"email": "tasks@demo.iam.gserviceaccount.com"},
        {"email": f"{ACCOUNT}.evil.example"},
        {"email": None},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"iss": "https://accounts.google.com.evil.example"},
        {"iss": None},
        {"exp": None},
    ],
    ids=str,
)
async def test_a_token_google_signed_for_something_else_wakes_nobody(
    connected: ConnectHarness, wrong: Mapping[str, Any]
) -> None:
    """Other audience, other account, unverified e-mail: anybody can have Google sign those."""
    answer = await push(connected, google_key(connected).sign(claims(connected, **wrong)))
    assert answer.status_code == 401
    assert not await woken(connected)


async def test_a_token_that_ran_out_wakes_nobody(connected: ConnectHarness) -> None:
    token = google_key(connected).sign(claims(connected))
    connected.clock.advance(timedelta(hours=1, minutes=1))
    assert (await push(connected, token)).status_code == 401
    assert not await woken(connected)


async def test_a_forged_signature_wakes_nobody(connected: ConnectHarness, tmp_path: Path) -> None:
    state = open_state(str(tmp_path / "stranger.sqlite"))
    forged = SigningKey(state, new_pair).sign(claims(connected))
    genuine = google_key(connected).sign(claims(connected))
    head, _, signature = genuine.split(".")
    moved = f"{head}.{_part(claims(connected, email=ACCOUNT, sub='2'))}.{signature}"
    state.execute("UPDATE signing_key SET kid = ?", (google_key(connected).kid,))
    renamed = SigningKey(state, new_pair).sign(claims(connected))
    for token in (forged, moved, renamed):
        assert (await push(connected, token)).status_code == 401
    assert not await woken(connected)


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "RS512", ""])
async def test_an_unsigned_or_oddly_signed_token_wakes_nobody(
    connected: ConnectHarness, algorithm: str
) -> None:
    header = {"alg": algorithm, "kid": google_key(connected).kid, "typ": "JWT"}
    unsigned = f"{_part(header)}.{_part(claims(connected))}"
    for signature in ("", SIGNATURE_REMOVED, "AAAA"):
        assert (await push(connected, f"{unsigned}.{signature}")).status_code == 401
    assert not await woken(connected)


async def test_no_token_at_all_wakes_nobody(connected: ConnectHarness) -> None:
    assert (await push(connected, None)).status_code == 401
    assert (await push(connected, "postroom-local-key")).status_code == 401
    assert not await woken(connected)


async def test_a_genuine_push_for_another_mailbox_wakes_only_that_one(
    connected: ConnectHarness,
) -> None:
    answer = await push(connected, google_key(connected).sign(claims(connected)), email=BEN)
    assert answer.status_code == 204
    assert not await woken(connected)


def _part(content: Mapping[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()
