"""Certificates for servers on this machine, by an authority that is made up for a run of tests."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = timedelta(days=1)


class Trust(NamedTuple):
    """An authority, and a server that it vouches for; both in PEM."""

    authority: Path
    """What clients are told to trust."""
    certificate: Path
    """What the server of 127.0.0.1 shows, with its key."""


def made_up_trust(directory: Path) -> Trust:
    """Make an authority, and a certificate by it."""
    authority_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    name = _name("Reelwright's tests")
    authority = _certificate(
        name, authority_key, issuer=name, by=authority_key, extension=x509.BasicConstraints(True, 0)
    )
    server = _certificate(
        _name("127.0.0.1"),
        server_key,
        issuer=name,
        by=authority_key,
        extension=x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
    )
    trust = Trust(directory / "authority.pem", directory / "server.pem")
    trust.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    trust.certificate.write_bytes(
        server_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + server.public_bytes(serialization.Encoding.PEM)
    )
    return trust


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    *,
    issuer: x509.Name,
    by: ec.EllipticCurvePrivateKey,
    extension: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + _DAY)
        .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        .sign(by, hashes.SHA256())
    )
