"""Our signatures against the reference implementation of Standard Webhooks."""

import hashlib
import hmac
from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from shared.domain.events.webhook_secret import checked_secret, new_secret, signed_headers
from shared.errors import InvalidRequestError

OLD, NEW = new_secret(), new_secret()


def _now() -> datetime:
    return datetime.now(UTC)


@given(st.dictionaries(st.text(), st.text()), st.uuids())
def test_the_reference_implementation_takes_what_we_sign(body: dict[str, str], id: object) -> None:
    import json  # noqa: PLC0415  the oracle parses what it verified

    raw = json.dumps(body, ensure_ascii=False).encode("utf-8", "backslashreplace")
    headers = dict(signed_headers(f"evt_{id}", _now(), raw, (NEW,)))
    assert Webhook(NEW).verify(raw, headers) == json.loads(raw)


def test_either_of_two_live_secrets_verifies() -> None:
    headers = dict(signed_headers("evt_1", _now(), b"{}", (NEW, OLD)))
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (NEW, OLD):
        assert Webhook(secret).verify(b"{}", headers) == {}


@pytest.mark.parametrize("change", ["id", "timestamp", "body", "secret"])
def test_anything_changed_on_the_way_is_noticed(change: str) -> None:
    headers, body = dict(signed_headers("evt_1", _now(), b"{}", (NEW,))), b"{}"
    if change == "id":
        headers["webhook-id"] = "evt_2"
    if change == "timestamp":
        headers["webhook-timestamp"] = str(int(headers["webhook-timestamp"]) + 1)
    if change == "body":
        body = b'{"a":1}'
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD if change == "secret" else NEW).verify(body, headers)


def test_the_timestamp_is_the_moment_whatever_the_time_zone() -> None:
    moment = datetime(2026, 11, 22, 12, tzinfo=UTC)
    elsewhere = moment.astimezone(timezone(timedelta(hours=-7)))
    assert signed_headers("e", moment, b"", (NEW,)) == signed_headers("e", elsewhere, b"", (NEW,))
    assert signed_headers("e", moment, b"", (NEW,))["webhook-timestamp"] == "1795348800"


def test_the_hex_header_is_keyed_by_the_newest_secret_as_text() -> None:
    headers = signed_headers("e", _now(), b'{"a":1}', (NEW, OLD))
    expected = hmac.new(NEW.encode(), b'{"a":1}', hashlib.sha256).hexdigest()
    assert headers["X-Nango-Hmac-Sha256"] == expected


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "whsec_",
        "whsec_!!!",
        "whsec_" + b64encode(b"x" * 23).decode(),
        "whsec_" + b64encode(b"x" * 65).decode(),
        b64encode(b"x" * 32).decode(),
        "whsk_" + b64encode(b"x" * 32).decode(),
    ],
)
def test_a_secret_of_another_make_is_refused(secret: str) -> None:
    with pytest.raises(InvalidRequestError):
        checked_secret(secret)


@pytest.mark.parametrize("size", [24, 32, 64])
def test_a_secret_of_24_to_64_bytes_is_taken(size: int) -> None:
    secret = "whsec_" + b64encode(b"x" * size).decode()
    assert checked_secret(secret) == secret
