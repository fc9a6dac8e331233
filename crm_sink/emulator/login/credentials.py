"""Who the org is and who may log in: made once for each org folder and kept there.

`org.json` holds the ids, the client secret and the key that signs sessions; `jwt_key.pem` is the
private key of the registered client. Both are readable by their owner only.

Not imitated: several external client apps, IP ranges, profiles, multi-factor login.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from crm_sink.emulator.ids import with_checksum

if TYPE_CHECKING:
    from pathlib import Path

FILE = "org.json"
KEY_FILE = "jwt_key.pem"
PUBLIC_FILE = "jwt_public.pem"


@dataclass(frozen=True, slots=True)
class Credentials:
    """The org's identity, its one registered client and its one default user."""

    org_id: str
    user_id: str
    username: str
    password: str
    security_token: str
    client_id: str
    client_secret: str
    session_key: str
    public_key: str
    private_key_file: str


def load_or_make(folder: Path) -> Credentials:
    """Read the org's credentials, or make them when the folder has none."""
    path = folder / FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_private(folder / KEY_FILE, _make_keys(folder))
        write_private(path, json.dumps(_make(), indent=2).encode())
    stored = json.loads(path.read_text())
    return Credentials(
        **stored,
        public_key=(folder / PUBLIC_FILE).read_text(),
        private_key_file=str(folder / KEY_FILE),
    )


def public_part(credentials: Credentials) -> dict[str, str]:
    """Give what a person needs for logging in: no key that signs sessions."""
    return {key: text for key, text in asdict(credentials).items() if key != "session_key"}


def _make() -> dict[str, str]:
    pod = "5g" + secrets.choice("0123456789")
    return {
        "org_id": with_checksum(f"00D{pod}000004Lq2"),
        "user_id": with_checksum(f"005{pod}000009Tz7"),
        "username": "rep@local-org.example",
        "password": secrets.token_urlsafe(12),
        "security_token": secrets.token_hex(12),
        "client_id": "3MVG9" + secrets.token_hex(38),
        "client_secret": secrets.token_hex(32).upper(),
        "session_key": secrets.token_hex(32),
    }


def _make_keys(folder: Path) -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (folder / PUBLIC_FILE).write_bytes(public)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def write_private(path: Path, content: bytes) -> None:
    """Write a file that nobody else could read at any moment."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
