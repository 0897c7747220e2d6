"""Google answers 200 with a body that is not what it documents: a failure of Google's, every time.

The methods are enumerated from the ports, the bodies from what the emulated Google can answer.
"""

import inspect
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from infra.local.google.faults import BODY_FAULTS
from shared.adapters.gmail.client import HttpGmail
from shared.adapters.google.http_client import new_http_client
from shared.adapters.google.id_tokens import GoogleCerts
from shared.adapters.google.oauth import HttpGoogleOAuth
from shared.domain.ids import HistoryId, MessageId, ThreadId
from shared.edge.web.status import answer_to
from shared.errors import GmailUnavailableError, GoogleOAuthUnavailableError
from shared.ports.google import gmail as ports
from tests.contracts.google.emulated_google import ADA, BEN, StillClock
from tests.contracts.google.test_google_oauth import Client
from tests.infra.google.emulator import Google, letter

TOPIC = "projects/demo/topics/gmail"
PORTS = (ports.GmailSync, ports.GmailSend, ports.GmailCalls, ports.GmailStreams)
FACES = [
    (name, fault)
    for port in PORTS
    for name, _ in inspect.getmembers(port, inspect.isfunction)
    if not name.startswith("_")
    for fault in sorted(BODY_FAULTS)
]
LEAVES_ALL_TO_THE_CALLER = "pass_on"
SAYS_NOTHING = "stop"
"""Gmail answers it with nothing: a wrong body either says no less or is a failure."""
NO_LESS = {
    *(("call", fault) for fault in ("body_object", "body_fields_missing", "body_wrong_types")),
    ("content", "body_list"),
    *(("head", fault) for fault in ("body_list", "body_truncated")),
}
"""Objects of a method unknown here, whose fields its caller reads; the right bytes in brackets, and
a message of which no more than its head is read."""


class Scene:
    """A mailbox with a mail in two parts, a large file and a draft."""

    def __init__(self, google: Google) -> None:
        mail = letter("Hello", sender=BEN, to=ADA)
        mail.add_attachment(b"x" * 90_000, maintype="application", subtype="pdf", filename="a.pdf")
        found = google.deliver(ADA, mail)
        self.id, self.thread = MessageId(found["id"]), ThreadId(found["threadId"])
        self.since = datetime.now(UTC) - timedelta(days=1)
        self.draft = ""
        self.raw = letter("Mine", sender=ADA, to=BEN).as_bytes()

    async def begin(self, gmail: HttpGmail) -> None:
        self.history = HistoryId((await gmail.profile()).history_id)
        self.draft = (await gmail.create_draft(self.raw, None)).id
        self.part = await gmail.part(self.id, "1")


Ask = Callable[[HttpGmail, Scene], Awaitable[Any]]


async def read_content(gmail: HttpGmail, scene: Scene) -> bytes:
    stream = await gmail.content(scene.part)
    try:
        return b"".join([piece async for piece in stream])
    finally:
        await stream.aclose()


async def pass_on(gmail: HttpGmail, scene: Scene) -> int:
    passage = await gmail.pass_on(
        "GET", "/profile", query=(), headers={}, content=None, upload=False
    )
    await passage.body.aclose()
    return passage.status


ASK: dict[str, Ask] = {
    "profile": lambda gmail, scene: gmail.profile(),
    "history": lambda gmail, scene: gmail.history(scene.history, None),
    "message_ids": lambda gmail, scene: gmail.message_ids(since=scene.since),
    "message": lambda gmail, scene: gmail.message(scene.id),
    "thread": lambda gmail, scene: gmail.thread(scene.thread),
    "label_ids": lambda gmail, scene: gmail.label_ids(),
    "watch": lambda gmail, scene: gmail.watch(TOPIC),
    "stop": lambda gmail, scene: gmail.stop(),
    "send": lambda gmail, scene: gmail.send(scene.raw, None),
    "create_draft": lambda gmail, scene: gmail.create_draft(scene.raw, None),
    "update_draft": lambda gmail, scene: gmail.update_draft(scene.draft, scene.raw, None),
    "get_draft": lambda gmail, scene: gmail.get_draft(scene.draft),
    "recent_drafts": lambda gmail, scene: gmail.recent_drafts(scene.since),
    "send_draft": lambda gmail, scene: gmail.send_draft(scene.draft),
    "headers": lambda gmail, scene: gmail.headers(scene.id, ("Subject",)),
    "thread_headers": lambda gmail, scene: gmail.thread_headers(scene.thread, ("Subject",)),
    "sent_since": lambda gmail, scene: gmail.sent_since(scene.since),
    "aliases": lambda gmail, scene: gmail.aliases(),
    "attachment": lambda gmail, scene: gmail.attachment(scene.id, "1"),
    "call": lambda gmail, scene: gmail.call("GET", "/profile"),
    "part": lambda gmail, scene: gmail.part(scene.id, "1"),
    "head": lambda gmail, scene: gmail.head(scene.id),
    "content": read_content,
    "pass_on": pass_on,
}


@pytest.mark.parametrize(("name", "fault"), FACES)
async def test_a_wrong_body_is_a_failure_of_gmails(
    google: Google, gmail: HttpGmail, name: str, fault: str
) -> None:
    google.mailbox(BEN)
    scene = Scene(google)
    await scene.begin(gmail)
    google.fault(fault)
    if name == LEAVES_ALL_TO_THE_CALLER or (name, fault) in NO_LESS:
        assert await ASK[name](gmail, scene) is not None
        return
    if name == SAYS_NOTHING:
        with suppress(GmailUnavailableError):
            await ASK[name](gmail, scene)
        return
    with pytest.raises(GmailUnavailableError) as failed:
        await ASK[name](gmail, scene)
    told = answer_to(failed.value, "t")
    assert (told.status, told.body["error"]["code"]) == (424, "upstream_error")


@pytest.fixture
async def http() -> Any:
    client = new_http_client()
    yield client
    await client.aclose()


@pytest.mark.parametrize("fault", sorted(BODY_FAULTS))
async def test_a_wrong_body_of_the_token_endpoint_is_a_failure_of_googles(
    google: Google, http: httpx.AsyncClient, fault: str
) -> None:
    oauth = HttpGoogleOAuth(http, Client(google.url), StillClock())
    refresh_token = google.sign_in(ADA)["refresh_token"]
    google.fault(fault, method="token")
    with pytest.raises(GoogleOAuthUnavailableError) as failed:
        await oauth.refresh(refresh_token)
    told = answer_to(failed.value, "t")
    assert (told.status, told.body["error"]["code"]) == (424, "upstream_error")


@pytest.mark.parametrize("fault", sorted(BODY_FAULTS))
async def test_a_wrong_body_of_userinfo_is_a_failure_of_googles(
    google: Google, http: httpx.AsyncClient, fault: str
) -> None:
    oauth = HttpGoogleOAuth(http, Client(google.url), StillClock())
    token = google.token(ADA, ("openid", "email"))
    google.fault(fault, method="userinfo")
    with pytest.raises(GoogleOAuthUnavailableError):
        await oauth.identity(token)


@pytest.mark.parametrize("fault", sorted(BODY_FAULTS))
async def test_a_revocation_counts_by_its_status(
    google: Google, http: httpx.AsyncClient, fault: str
) -> None:
    oauth = HttpGoogleOAuth(http, Client(google.url), StillClock())
    google.fault(fault, method="revoke")
    await oauth.revoke(google.sign_in(ADA)["refresh_token"])


@pytest.mark.parametrize("fault", [*sorted(BODY_FAULTS), "body_of_another"])
async def test_wrong_certificates_never_replace_those_that_are_there(
    google: Google, http: httpx.AsyncClient, fault: str
) -> None:
    clock = StillClock()
    certs = GoogleCerts(http, clock, google.url)
    (key_id, pem), *_ = (await http.get(f"{google.url}/oauth2/v1/certs")).json().items()
    assert await certs.pem(key_id) == pem
    clock.at += timedelta(hours=6)
    if fault in BODY_FAULTS:
        google.fault(fault, method="certs")
    else:
        answer = httpx.Response(200, json={"error": "try later"})
        transport = httpx.MockTransport(lambda _: answer)
        certs._http = httpx.AsyncClient(transport=transport)
    assert await certs.pem(key_id) == pem, "they still serve for an hour of grace"


def test_every_method_is_asked() -> None:
    assert ASK.keys() == {name for name, _ in FACES}
