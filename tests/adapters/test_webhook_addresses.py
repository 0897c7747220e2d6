"""Webhooks over HTTP: where none may go, whatever a name answers, and whom TLS vouches for."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared.adapters.sinks.name_lookups import BusyError, UnresolvedError
from shared.adapters.sinks.webhook import WebhookHttp
from shared.domain.events.addresses import AllowedHosts
from shared.domain.events.delivery import Attempted, Failure
from tests.adapters.listener import Listener, listening
from tests.adapters.webhook_parcels import TIMEOUT_S, parcel, receiver

ELSEWHERE = "93.184.216.34"


class Names:
    """A resolver that answers differently every time, as a rebinding one does."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, _port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


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
    assert await sink(receiver(url), parcel()) == Attempted(Failure.ADDRESS_REFUSED)
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
    assert await sink(receiver(url), parcel()) == Attempted(Failure.ADDRESS_REFUSED)
    assert listener.connections == 0
    await sink.aclose()


async def test_a_name_is_resolved_once_and_the_judged_address_is_the_one_spoken_to(
    listener: Listener,
) -> None:
    names = Names([ELSEWHERE], ["127.0.0.1"])
    sink = WebhookHttp(AllowedHosts(), lookup=names, timeout_s=TIMEOUT_S)
    attempted = await sink(receiver(f"https://rebind.example.com:{listener.port}/"), parcel())
    assert attempted.failure in {Failure.UNREACHABLE, Failure.TIMEOUT}
    assert names.asked == ["rebind.example.com"]
    again = await sink(receiver(f"https://rebind.example.com:{listener.port}/"), parcel())
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
    attempted = await sink(receiver("https://nowhere.example.com/"), parcel())
    assert attempted == Attempted(failure)
    await sink.aclose()


async def test_an_allowed_name_may_lead_home(listener: Listener) -> None:
    allowed = AllowedHosts(frozenset({f"product.test:{listener.port}"}))
    sink = WebhookHttp(allowed, lookup=Names(["127.0.0.1"]), timeout_s=TIMEOUT_S)
    answered = await sink(receiver(f"http://product.test:{listener.port}/"), parcel())
    assert answered == Attempted(status=204)
    await sink.aclose()


async def test_an_allowed_ipv6_host_is_reached(sink: WebhookHttp) -> None:
    try:
        async with listening(Listener(), host="::1") as home:
            answered = await sink(receiver(f"http://[::1]:{home.port}/"), parcel())
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
        attempted = await sink(receiver(f"https://product.test:{secure.port}/"), parcel())
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
            answered = await sink(receiver(f"https://{name}:{secure.port}/"), parcel())
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
