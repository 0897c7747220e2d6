"""TLS before the emulated Google, in a process of its own: what the wire adds on our side."""

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from infra.local.environment import HOST
from infra.local.functions import ROOT
from shared.adapters.google.http_client import ExactTransport
from tests.harness.ports import free_ports

CHUNK = 64 * 1024


@asynccontextmanager
async def before(url: str, directory: Path) -> AsyncIterator[tuple[str, httpx.AsyncClient]]:
    """Put TLS before `url`; answer the new address, and a client as ours that trusts it."""
    certificate, key = _written(directory)
    (port,) = free_ports(1)
    target = url.rpartition(":")[2]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.tls"),
        *(str(port), target, str(certificate), str(key)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    await process.stdout.readline()
    trusting = ssl.create_default_context(cafile=str(certificate))
    client = httpx.AsyncClient(transport=ExactTransport(trusting))
    try:
        yield f"https://{HOST}:{port}", client
    finally:
        process.terminate()
        await process.wait()


def _written(directory: Path) -> tuple[Path, Path]:
    """Write a certificate of our own for the loopback address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bench")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(HOST))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = directory / "certificate.pem", directory / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


async def _serve(port: int, target: int, certificate: str, key: str) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection(HOST, target)
        await asyncio.gather(_pass(reader, outer), _pass(inner, writer))

    server = await asyncio.start_server(accept, HOST, port, ssl=context)
    print("ready", flush=True)
    await server.serve_forever()


async def _pass(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await source.read(CHUNK):
            sink.write(chunk)
            await sink.drain()
    sink.close()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]))
