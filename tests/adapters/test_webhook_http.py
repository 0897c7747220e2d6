"""Webhooks over HTTP: what reaches a receiver, what its answers mean, and where none may go."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from standardwebhooks import Webhook

from shared.adapters.sinks.name_lookups import BusyError, UnresolvedError
from shared.adapters.sinks.webhook import MOST_READ, WebhookHttp
from shared.domain.events.addresses import AllowedHosts
from shared.domain.events.delivery import Attempted, Failure
from shared.domain.events.webhook_secret import new_secret
from shared.domain.ids import ConnectionId, EventId
from shared.ports.sinks import OutgoingEvent, Receiver
from tests.adapters.listener import Listener, listening

SECRETS = (new_secret(), new_secret())
BODY = '{"type":"sync","ü":1}'.encode()
ELSEWHERE = "93.184.216.34"
TIMEOUT_S = 0.5
NOON = "Sun, 22 Nov 2026 12:00"


def _parcel() -> OutgoingEvent:
    at = datetime.now(UTC)
    return OutgoingEvent(EventId("evt_1"), ConnectionId("c-1"), "sync", BODY, at, "ab" * 16)


def _receiver(url: str, secrets: tuple[str, ...] = SECRETS) -> Receiver:
    return Receiver("whe_1", url, secrets)


class Names:
    """A resolver that answers differently every time, as a rebinding one does."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listening(Listener()) as opened:
        yield opened


@pytest.fixture
async def sink() -> AsyncIterator[WebhookHttp]:
    """Return a sink for which this machine is allowed."""
    made = WebhookHttp(AllowedHosts(frozenset({"127.0.0.1", "::1"})), timeout_s=TIMEOUT_S)
    yield made
    await made.aclose()


async def _sent(listener: Listener, sink: WebhookHttp, answer: bytes | str) -> Attempted:
    listener.answer = answer if isinstance(answer, bytes) else answer.encode()
    return await sink(_receiver(f"http://127.0.0.1:{listener.port}/hooks?a=1"), _parcel())


def _headers(request: bytes) -> dict[str, str]:
    lines = request.split(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}


async def test_a_receiver_gets_the_signed_body_as_it_is(
    listener: Listener, sink: WebhookHttp
) -> None:
    assert await _sent(listener, sink, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") == (
        Attempted(status=200)
    )
    (request,) = listener.requests
    assert request.startswith(b"POST /hooks?a=1 HTTP/1.1\r\n")
    assert request.endswith(b"\r\n\r\n" + BODY)
    headers = _headers(request)
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == "evt_1"
    assert headers["traceparent"].startswith("00-" + "ab" * 16)
    assert "authorization" not in headers
    for secret in SECRETS:
        Webhook(secret).verify(BODY, headers)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("HTTP/1.1 204 No Content\r\n\r\n", Attempted(status=204)),
        ("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", Attempted(Failure.REDIRECTED, 302)),
        ("HTTP/1.1 404 Not Found\r\n\r\n", Attempted(Failure.REFUSED, 404)),
        ("HTTP/1.1 410 Gone\r\n\r\n", Attempted(Failure.GONE, 410)),
        ("HTTP/1.1 500 Oh\r\n\r\n", Attempted(Failure.REFUSED, 500)),
        ("HTTP/1.1 502 Oh\r\n\r\n", Attempted(Failure.THROTTLED, 502)),
        (
            "HTTP/1.1 429 Slow\r\nRetry-After: 120\r\n\r\n",
            Attempted(Failure.THROTTLED, 429, timedelta(minutes=2)),
        ),
        (
            f"HTTP/1.1 503 Slow\r\nDate: {NOON}:00 GMT\r\nRetry-After: {NOON}:59 GMT\r\n\r\n",
            Attempted(Failure.THROTTLED, 503, timedelta(seconds=59)),
        ),
        (
            f"HTTP/1.1 429 Slow\r\nDate: {NOON}:00 GMT\r\nRetry-After: {NOON}:59 -0000\r\n\r\n",
            Attempted(Failure.THROTTLED, 429, timedelta(seconds=59)),
        ),
        (
            "HTTP/1.1 429 Slow\r\nDate: today\r\nRetry-After: 5\r\n\r\n",
            Attempted(Failure.THROTTLED, 429, timedelta(seconds=5)),
        ),
        (
            f"HTTP/1.1 429 Slow\r\nRetry-After: {NOON}:59 +{'9' * 20}\r\n\r\n",
            Attempted(Failure.THROTTLED, 429),
        ),
        ("HTTP/1.1 429 Slow\r\nRetry-After: soon\r\n\r\n", Attempted(Failure.THROTTLED, 429)),
        ("", Attempted(Failure.UNREACHABLE)),
        ("SSH-2.0-OpenSSH_9.9\r\n", Attempted(Failure.UNREACHABLE)),
    ],
)
async def test_an_answer_means_what_the_standard_says(
    listener: Listener, sink: WebhookHttp, answer: str, expected: Attempted
) -> None:
    closing = answer.replace("\r\n\r\n", "\r\nContent-Length: 0\r\n\r\n") if answer else ""
    assert await _sent(listener, sink, closing if "204" not in answer else answer) == expected


@pytest.mark.parametrize("port", ["{port}", "1"])
@pytest.mark.parametrize("location", ["http://127.0.0.1:{port}/", "https://169.254.169.254/"])
async def test_a_redirect_is_not_followed(
    listener: Listener, sink: WebhookHttp, location: str, port: str
) -> None:
    where = location.replace("{port}", port).replace("{port}", str(listener.port))
    answer = f"HTTP/1.1 307 Elsewhere\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n"
    assert await _sent(listener, sink, answer) == Attempted(Failure.REDIRECTED, 307)
    assert len(listener.requests) == 1


async def test_a_receiver_that_never_answers_costs_the_timeout(
    listener: Listener, sink: WebhookHttp
) -> None:
    listener.hold = asyncio.Event()
    assert await _sent(listener, sink, b"") == Attempted(Failure.TIMEOUT)


async def test_a_receiver_that_drips_its_answer_costs_the_timeout(
    listener: Listener, sink: WebhookHttp
) -> None:
    assert await _sent(listener, sink, "HTTP/1.1 200 O") == Attempted(Failure.TIMEOUT)


async def test_a_status_counts_though_the_rest_never_comes(
    listener: Listener, sink: WebhookHttp
) -> None:
    answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
    assert await _sent(listener, sink, answer) == Attempted(status=200)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("204 No Content\r\nContent-Length: 4\r\n\r\ndone", 204),
        ("204 No Content\r\n\r\ndone", 204),
        ("200 OK\r\nContent-Length: 4\r\n\r\nschön", 200),
        ("200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n", 200),
        (f"200 OK\r\nSet-Cookie: {'x' * 20_000}\r\nContent-Length: 0\r\n\r\n", 200),
    ],
    ids=["204-length", "204-bare", "longer-than-said", "no-chunk", "long-field"],
)
async def test_a_status_counts_whatever_comes_with_it(
    listener: Listener, sink: WebhookHttp, answer: str, status: int
) -> None:
    assert await _sent(listener, sink, f"HTTP/1.1 {answer}") == Attempted(status=status)


async def test_an_endless_answer_is_not_read_and_not_unpacked(
    listener: Listener, sink: WebhookHttp
) -> None:
    flood = b"x" * (MOST_READ * 64)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(flood)}\r\n\r\n"
    assert await _sent(listener, sink, head.encode() + flood) == Attempted(status=200)
    assert await _sent(listener, sink, "HTTP/1.1 204 No Content\r\n\r\n") == Attempted(status=204)
    assert listener.connections == 2


async def test_a_connection_serves_again(listener: Listener, sink: WebhookHttp) -> None:
    for _ in range(3):
        await _sent(listener, sink, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert listener.connections == 1


async def test_nothing_is_sent_without_a_secret_to_sign_it(
    listener: Listener, sink: WebhookHttp
) -> None:
    receiver = _receiver(f"http://127.0.0.1:{listener.port}/", ())
    assert await sink(receiver, _parcel()) == Attempted(Failure.MISCONFIGURED)
    assert listener.connections == 0


async def test_nobody_listening_is_unreachable(sink: WebhookHttp) -> None:
    assert await sink(_receiver("http://127.0.0.1:1/"), _parcel()) == Attempted(Failure.UNREACHABLE)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "0177.0.0.1",
        "127.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "169.254.169.254",
        "metadata.google.internal",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_spelling_of_this_machine_is_reached(
    listener: Listener, scheme: str, host: str
) -> None:
    sink = WebhookHttp(AllowedHosts(), timeout_s=TIMEOUT_S)
    url = f"{scheme}://{host}:{listener.port}/"
    assert await sink(_receiver(url), _parcel()) == Attempted(Failure.ADDRESS_REFUSED)
    assert listener.connections == 0
    await sink.aclose()


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["10.1.2.3"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["fe80::1%lo"],
        ["fd00:ec2::254"],
        [ELSEWHERE, "127.0.0.1"],
        ["2606:4700:4700::1111", "::1"],
    ],
)
async def test_a_name_that_leads_home_is_refused_if_only_one_of_its_addresses_does(
    listener: Listener, addresses: list[str]
) -> None:
    names = Names(addresses)
    sink = WebhookHttp(AllowedHosts(), lookup=names, timeout_s=TIMEOUT_S)
    url = f"https://rebind.example.com:{listener.port}/"
    assert await sink(_receiver(url), _parcel()) == Attempted(Failure.ADDRESS_REFUSED)
    assert listener.connections == 0
    await sink.aclose()


async def test_a_name_is_resolved_once_and_the_judged_address_is_the_one_spoken_to(
    listener: Listener,
) -> None:
    names = Names([ELSEWHERE], ["127.0.0.1"])
    sink = WebhookHttp(AllowedHosts(), lookup=names, timeout_s=TIMEOUT_S)
    attempted = await sink(_receiver(f"https://rebind.example.com:{listener.port}/"), _parcel())
    assert attempted.failure in {Failure.UNREACHABLE, Failure.TIMEOUT}
    assert names.asked == ["rebind.example.com"]
    again = await sink(_receiver(f"https://rebind.example.com:{listener.port}/"), _parcel())
    assert again == Attempted(Failure.ADDRESS_REFUSED)
    assert listener.connections == 0
    await sink.aclose()


@pytest.mark.parametrize(
    ("error", "failure"),
    [(UnresolvedError("unknown"), Failure.UNRESOLVED), (BusyError("no room"), Failure.BUSY)],
)
async def test_a_name_without_an_address_is_told_as_what_it_is(
    error: OSError, failure: Failure
) -> None:
    async def unknown(_host: str, _port: int) -> Sequence[str]:
        raise error

    sink = WebhookHttp(AllowedHosts(), lookup=unknown, timeout_s=TIMEOUT_S)
    attempted = await sink(_receiver("https://nowhere.example.com/"), _parcel())
    assert attempted == Attempted(failure)
    await sink.aclose()


async def test_an_allowed_name_may_lead_home(listener: Listener) -> None:
    allowed = AllowedHosts(frozenset({f"product.test:{listener.port}"}))
    sink = WebhookHttp(allowed, lookup=Names(["127.0.0.1"]), timeout_s=TIMEOUT_S)
    answered = await sink(_receiver(f"http://product.test:{listener.port}/"), _parcel())
    assert answered == Attempted(status=204)
    await sink.aclose()


async def test_an_allowed_ipv6_host_is_reached(sink: WebhookHttp) -> None:
    try:
        async with listening(Listener(), host="::1") as home:
            answered = await sink(_receiver(f"http://[::1]:{home.port}/"), _parcel())
    except OSError:
        pytest.skip("no IPv6 on this machine")
    assert answered == Attempted(status=204)


async def test_a_certificate_nobody_vouches_for_is_refused(
    listener: Listener, tmp_path: Path
) -> None:
    tls = _self_signed(tmp_path)
    allowed = AllowedHosts(frozenset({"product.test"}))
    async with listening(Listener(), tls=tls) as secure:
        sink = WebhookHttp(allowed, lookup=Names(["127.0.0.1"]), timeout_s=5)
        attempted = await sink(_receiver(f"https://product.test:{secure.port}/"), _parcel())
        await sink.aclose()
        assert attempted == Attempted(Failure.TLS)
        assert secure.requests == []
        trusting = _trusting(tmp_path)
        for name, expected in (
            ("product.test", Attempted(status=204)),
            ("other.test", Attempted(Failure.TLS)),
        ):
            sink = WebhookHttp(
                AllowedHosts(frozenset({name})), lookup=Names(["127.0.0.1"]), tls=trusting
            )
            answered = await sink(_receiver(f"https://{name}:{secure.port}/"), _parcel())
            assert answered == expected
            await sink.aclose()


def _self_signed(folder: Path) -> ssl.SSLContext:

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "product.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("product.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def _trusting(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(folder / "cert.pem"))
