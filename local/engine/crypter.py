"""Encryption in the format of Pulumi's passphrase secrets provider.

AES-256-GCM under a key derived by PBKDF2-SHA256 with 1,000,000 iterations; a value is `v1:<nonce>:<ciphertext>` and
the salt `v1:<salt>:<encrypted "pulumi">`, all base64
(https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/config/crypt.go).
"""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from local.engine.errors import EngineError

ITERATIONS: Final = 1_000_000
_PROOF: Final = "pulumi"


def passphrase(home: Path) -> str:
    """The passphrase: PULUMI_CONFIG_PASSPHRASE, else the file PULUMI_CONFIG_PASSPHRASE_FILE, else one made in `home`.

    Raises EngineError when the named file can't be read.
    """
    if (given := os.environ.get("PULUMI_CONFIG_PASSPHRASE")) is not None:
        return given
    if named := os.environ.get("PULUMI_CONFIG_PASSPHRASE_FILE"):
        try:
            return Path(named).read_text().strip()
        except OSError as error:
            raise EngineError(f"PULUMI_CONFIG_PASSPHRASE_FILE={named}: {error.strerror}") from error
    file = home / "passphrase"
    home.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text().strip()
    with os.fdopen(descriptor, "w") as out:
        out.write(made := secrets.token_urlsafe(32))
    return made


class Crypter:
    """Encrypts and decrypts under one salt. The key is derived when the first value needs it: that takes a second."""

    def __init__(self, phrase: Callable[[], str], salt: str = "") -> None:
        self._phrase = phrase
        self._salt = salt
        self._cipher: AESGCM | None = None
        self._lock = threading.Lock()

    @property
    def salt(self) -> str:
        """The salt as the state and the stack's settings hold it; empty until something was encrypted."""
        return self._salt

    def encrypt(self, text: str) -> str:
        """Encrypt under a fresh nonce."""
        return _seal(self._ready(), text)

    def decrypt(self, value: str) -> str:
        """Decrypt a `v1:…` value. Raises EngineError when it was encrypted under another passphrase."""
        try:
            return _unseal(self._ready(), value)
        except (InvalidTag, ValueError) as error:
            raise EngineError(
                "an encrypted value can't be read: it was made under another passphrase or salt"
            ) from error

    def _ready(self) -> AESGCM:
        with self._lock:
            if self._cipher is None:
                self._cipher = self._open() if self._salt else self._create()
            return self._cipher

    def _open(self) -> AESGCM:
        version, salt, proof = self._salt.split(":", 2)
        if version != "v1":
            raise EngineError(f"the encryption salt has the version {version!r}; only v1 is known")
        cipher = _derive(self._phrase(), b64decode(salt))
        try:
            _unseal(cipher, proof)
        except (InvalidTag, ValueError) as error:
            raise EngineError(
                "incorrect passphrase: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the one "
                "under which this stack's secrets were encrypted"
            ) from error
        return cipher

    def _create(self) -> AESGCM:
        salt = os.urandom(8)
        cipher = _derive(self._phrase(), salt)
        self._salt = f"v1:{_text(salt)}:{_seal(cipher, _PROOF)}"
        return cipher


def _derive(phrase: str, salt: bytes) -> AESGCM:
    return AESGCM(hashlib.pbkdf2_hmac("sha256", phrase.encode(), salt, ITERATIONS, 32))


def _seal(cipher: AESGCM, text: str) -> str:
    nonce = os.urandom(12)
    return f"v1:{_text(nonce)}:{_text(cipher.encrypt(nonce, text.encode(), None))}"


def _unseal(cipher: AESGCM, value: str) -> str:
    version, nonce, ciphertext = value.split(":")
    if version != "v1":
        raise ValueError(f"unknown version {version!r} of an encrypted value")
    return cipher.decrypt(b64decode(nonce), b64decode(ciphertext), None).decode()


def _text(data: bytes) -> str:
    return b64encode(data).decode()
