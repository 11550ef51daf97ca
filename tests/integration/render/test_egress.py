"""A checked address over real TLS: the certificate is still asked for, and judged, by the name."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from render.egress import PinnedTransport

pytestmark = pytest.mark.anyio

NAME = "outputs.example"


class Store:
    """A server of files with a certificate for one name; keeps the names it was asked by."""

    def __init__(self) -> None:
        self.port = 0
        self.asked_by: list[str | None] = []
        self.hosts: list[bytes] = []


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return the path of a certificate for the name, with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
async def store(certificate: Path) -> AsyncIterator[Store]:
    store = Store()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _socket, name, _context: store.asked_by.append(name)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        store.hosts.extend(
            line[6:] for line in head.split(b"\r\n") if line.lower().startswith(b"host: ")
        )
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfile")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", ssl=context) as server:
        store.port = server.sockets[0].getsockname()[1]
        yield store


def pinned(certificate: Path) -> httpx.AsyncClient:
    """Return a client for which every name has been checked and lies on this machine."""
    trusting = ssl.create_default_context(cafile=str(certificate))

    async def look(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    return httpx.AsyncClient(
        transport=PinnedTransport(httpx.AsyncHTTPTransport(verify=trusting), lookup=look)
    )


async def test_the_store_is_asked_by_its_name_at_the_address_that_was_checked(
    store: Store, certificate: Path
) -> None:
    async with pinned(certificate) as client:
        answer = await client.get(f"https://{NAME}:{store.port}/file")
    assert answer.content == b"file"
    assert store.asked_by == [NAME]
    assert store.hosts == [f"{NAME}:{store.port}".encode()]


async def test_a_certificate_for_another_name_is_not_taken(store: Store, certificate: Path) -> None:
    async with pinned(certificate) as client:
        with pytest.raises(
            httpx.ConnectError, match=r"Hostname mismatch|certificate verify failed"
        ):
            await client.get(f"https://elsewhere.example:{store.port}/file")
    assert store.hosts == []
