"""What only a real connection shows: it can be cut, and the server goes on."""

import httpx
import pytest

from tests.infra.google.emulator import Google

MAIL = b"From: ada@demo.example\r\nTo: ada@demo.example\r\nSubject: Tea\r\n\r\nAt five?\r\n"
SEND = "/upload/gmail/v1/users/me/messages/send?uploadType=media"


def sent(google: Google, email: str) -> int:
    return sum("SENT" in message["labelIds"] for message in google.held(email))


def post(google: Google, token: str, path: str = SEND, content: bytes = MAIL) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "message/rfc822"}
    return httpx.post(f"{google.url}{path}", content=content, headers=headers)


@pytest.mark.parametrize(("fault", "kept"), [("drop_request", 0), ("drop_response", 1)])
def test_a_cut_connection_brings_no_answer_and_at_most_its_effect(
    google: Google, ada: str, fault: str, kept: int
) -> None:
    token = google.sign_in(ada)["access_token"]
    google.fault(fault, method="messages.send", times=1)

    with pytest.raises(httpx.TransportError):
        post(google, token)

    assert sent(google, ada) == kept
    assert post(google, token).status_code == 200


def test_a_large_upload_can_be_cut_before_it_is_read(google: Google, ada: str) -> None:
    token = google.sign_in(ada)["access_token"]
    google.fault("drop_request", method="messages.send", times=1)

    with pytest.raises(httpx.TransportError):
        post(google, token, content=MAIL + bytes(5_000_000))

    assert sent(google, ada) == 0


def test_the_token_endpoint_can_be_cut_too(google: Google, ada: str) -> None:
    tokens = google.sign_in(ada)
    google.fault("drop_response", method="token", times=1)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}

    with pytest.raises(httpx.TransportError):
        httpx.post(
            f"{google.url}/token",
            data={
                **form,
                "client_id": "postroom-local.apps.googleusercontent.com",
                "client_secret": "postroom-local-secret",
            },
        )
