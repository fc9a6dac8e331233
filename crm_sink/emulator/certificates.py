"""Makes the certificates that a local org serves https with: its own authority, and one for it.

They are made once for each org folder, in `tls/`. `ca.pem` is the authority; `bundle.pem` holds it
and the authorities that the machine trusts, for clients that take one file for all of them
(`REQUESTS_CA_BUNDLE`). The authority's key is not kept: nobody can sign anything else with it.

Not imitated: Salesforce's own chain, mutual TLS.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from crm_sink.emulator.login.credentials import write_private

FOLDER = "tls"
NAMES = ("localhost",)
ADDRESSES = ("127.0.0.1",)
YEARS = timedelta(days=825)  # Apple's systems refuse a longer life


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files to serve https with, and what a client must trust."""

    certificate: Path
    key: Path
    authority: Path
    bundle: Path


def load_or_make(folder: Path) -> Tls:
    """Give the certificates of an org's folder; make them when there are none, or they expire."""
    place = folder / FOLDER
    found = Tls(*(place / file for file in ("org.pem", "org.key", "ca.pem", "bundle.pem")))
    if not _is_good(found):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make(found, datetime.now(UTC))
    return found


def _is_good(tls: Tls) -> bool:
    if not all(path.exists() for path in (tls.key, tls.authority, tls.bundle, tls.certificate)):
        return False
    made = x509.load_pem_x509_certificate(tls.certificate.read_bytes())
    return made.not_valid_after_utc > datetime.now(UTC) + timedelta(days=1)


def _make(tls: Tls, now: datetime) -> None:
    signer, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = _name("crm_sink local org CA")
    authority = (
        _begin(issuer, issuer, signer, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(signer, hashes.SHA256())
    )
    names = [x509.DNSName(name) for name in NAMES]
    addresses = [x509.IPAddress(ip_address(address)) for address in ADDRESSES]
    identifier = x509.SubjectKeyIdentifier.from_public_key(signer.public_key())
    certificate = (
        _begin(_name("crm_sink local org"), issuer, key, now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([*names, *addresses]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
            critical=False,
        )
        .sign(signer, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    write_private(
        tls.key,
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
    own = authority.public_bytes(pem)
    tls.authority.write_bytes(own)
    tls.bundle.write_bytes(_trusted() + b"\n" + own)
    tls.certificate.write_bytes(certificate.public_bytes(pem))


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + YEARS)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _trusted() -> bytes:
    """Give the authorities that Python programs of this machine trust."""
    return Path(os.environ.get("REQUESTS_CA_BUNDLE") or certifi.where()).read_bytes()
