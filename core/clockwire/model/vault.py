"""How secrets are kept: AES-256-GCM under a key that is not in the database.

A sealed value begins with a version byte and the id of its key, so that keys can be changed: the first of several
seals, all of them open.
"""

import secrets
from collections.abc import Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32

_VERSION = b"\x01"
_ID_BYTES = 4
_NONCE_BYTES = 12


class WrongKeyError(Exception):
    """A value was sealed with a key that is not here: the server runs with another secret key than before."""


class Vault:
    """Seals and opens with the given keys of 32 bytes, the current one first."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            message = f"a secret key has {KEY_BYTES} bytes"
            raise ValueError(message)
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._current = _key_id(keys[0])

    def __repr__(self) -> str:
        return f"Vault({len(self._ciphers)} keys)"

    def seal(self, value: bytes, context: str) -> bytes:
        """The value, readable only with the key and for the same *context*."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, value, context.encode())
        return _VERSION + self._current + nonce + sealed

    def open(self, sealed: bytes, context: str) -> bytes:
        """The value that was sealed. Raises WrongKeyError if its key is not here or *context* is another."""
        key_id, rest = sealed[1 : 1 + _ID_BYTES], sealed[1 + _ID_BYTES :]
        cipher = self._ciphers.get(key_id)
        if sealed[:1] != _VERSION or cipher is None:
            raise WrongKeyError
        try:
            return cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], context.encode())
        except InvalidTag as error:
            raise WrongKeyError from error


def _key_id(key: bytes) -> bytes:
    return sha256(b"clockwire key id" + key).digest()[:_ID_BYTES]
