"""What a video is signed with: a certificate and its private key, one's own or made here.

Without one's own, a pair for development is made at first use and kept: a root
that vouches for the signer and is forgotten at once, and the signer's key, which
never leaves its folder. Whoever reads such a video sees that it is unaltered and
that nobody known vouches for the signer. The certificate follows the profile of
C2PA 2.x, section 14.5.
"""

import os
import secrets
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from render.errors import CompositionError
from render.files import disk_error

_ORGANISATION = "Reelwright development"
_LIFETIME = timedelta(days=3650)
_CLOCKS_DIFFER = timedelta(days=1)


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Where certificate and key lie, both as PEM."""

    certificate: Path
    """The signer's certificate first, then whoever vouches for it."""
    key: Path
    """The signer's private key, as PKCS #8 and not encrypted."""
    timestamps: str = ""
    """The address of an authority for time stamps after RFC 3161; empty for none: it costs a
    connection with every video."""

    def load(self) -> tuple[str, bytes, bytes]:
        """Return the algorithm, as C2PA names it, the certificates and the key.

        Raises `CompositionError` where they cannot be read or C2PA has no use for them.
        """
        try:
            chain, secret = self.certificate.read_bytes(), self.key.read_bytes()
            key = serialization.load_pem_private_key(secret, password=None)
            signer = x509.load_pem_x509_certificates(chain)[0]
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise CompositionError("The credentials to sign videos with cannot be read.") from error
        if signer.public_key() != key.public_key():
            raise CompositionError("The key to sign videos with is not the certificate's.")
        match key:
            case ec.EllipticCurvePrivateKey() if key.curve.key_size in _ECDSA:
                return _ECDSA[key.curve.key_size], chain, secret
            case ed25519.Ed25519PrivateKey():
                return "ed25519", chain, secret
            case rsa.RSAPrivateKey():
                return "ps256", chain, secret
            case _:
                raise CompositionError("The key to sign videos with is of a kind C2PA lacks.")


_ECDSA = {256: "es256", 384: "es384", 521: "es512"}


def development(folder: Path) -> Credentials:
    """Return the credentials kept in a folder, made there unless they exist.

    Two processes at once end up with the same ones. Raises `CompositionError`
    where the folder cannot be written.
    """
    credentials = Credentials(certificate=folder / "certificate.pem", key=folder / "key.pem")
    if not folder.exists():
        part = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.part")
        try:
            part.mkdir(mode=0o700, parents=True)
            _write(part)
            part.rename(folder)
        except OSError as error:
            if not folder.exists():
                raise disk_error(error, folder) from error
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return credentials


def _write(folder: Path) -> None:
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, name = _name("Root"), _name("Signer")
    root = (
        _certificate(root_name, root_name, root_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    signer = (
        _certificate(name, root_name, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
        .add_extension(issuer, critical=False)
        .sign(root_key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    chain = b"".join(
        certificate.public_bytes(serialization.Encoding.PEM) for certificate in (signer, root)
    )
    _store(folder / "key.pem", secret)
    _store(folder / "certificate.pem", chain)


def _name(role: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, role),
        ]
    )


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCKS_DIFFER)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _store(place: Path, content: bytes) -> None:
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
