"""What an API key is: a random text that only its owner has, and what may be done with it.

The text is never stored. Its 32 random bytes cannot be guessed, so a plain SHA-256 is enough to know it by.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from clockwire.model.instants import DAY, Instant

SCOPES: Sequence[str] = (
    "records.read",
    "records.write",
    "timers.read",
    "timers.write",
    "events.read",
    "subscriptions.read",
    "subscriptions.write",
    "deliveries.read",
    "deliveries.write",
    "hooks.read",
    "hooks.write",
    "keys.admin",
    "workspace.admin",
)
#: Everything, in every workspace. Never part of "all", and made by the command line only.
OPERATOR = "operator"

USUAL_OVERLAP = DAY
LONGEST_OVERLAP = 7 * DAY

_PREFIX = "cw_live_"
_SHOWN = 12
_RANDOM_BYTES = 32
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LENGTH = 43  # 62 ** 43 > 256 ** 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key of a workspace, or of an operator if `workspace_id` is empty."""

    id: str
    workspace_id: str
    name: str
    prefix: str
    hash: bytes = field(repr=False)
    scopes: frozenset[str]
    version: int = 1
    #: Of the text before a rotation, which works until `rotation_end_time`.
    retiring_hash: bytes | None = field(default=None, repr=False)
    rotation_end_time: Instant | None = None
    expire_time: Instant | None = None
    revoke_time: Instant | None = None
    last_use_time: Instant | None = None
    create_time: Instant = 0
    #: The key that made it; empty if the command line did.
    create_api_key_id: str = ""

    @property
    def is_operator(self) -> bool:
        """Whether it may do everything, in every workspace."""
        return OPERATOR in self.scopes

    def ended(self, now: Instant) -> bool:
        """Whether it has been revoked or has expired."""
        return self.revoke_time is not None or (self.expire_time is not None and self.expire_time <= now)

    def accepts(self, hash_: bytes, now: Instant) -> bool:
        """Whether the text with this hash opens the door now."""
        if self.ended(now):
            return False
        return secrets.compare_digest(hash_, self.hash) or self._retires(hash_, now)

    def rotated(self, text: str, overlap: int, now: Instant) -> "ApiKey":
        """The key once it has a new text, while the present one works for *overlap* microseconds more."""
        return replace(
            self,
            prefix=shown_part(text),
            hash=hash_of(text),
            retiring_hash=self.hash if overlap else None,
            rotation_end_time=now + overlap if overlap else None,
            version=self.version + 1,
        )

    def revoked(self, now: Instant) -> "ApiKey":
        """The key once it is ended for good; the first time counts."""
        if self.revoke_time is not None:
            return self
        return replace(self, revoke_time=now, retiring_hash=None, rotation_end_time=None, version=self.version + 1)

    def _retires(self, hash_: bytes, now: Instant) -> bool:
        if self.retiring_hash is None or self.rotation_end_time is None or self.rotation_end_time <= now:
            return False
        return secrets.compare_digest(hash_, self.retiring_hash)


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key with its text, the one time that the text is known."""

    api_key: ApiKey
    text: str = field(repr=False)


def new_text() -> str:
    """The text of a new key: "cw_live_" and 32 random bytes in letters and digits, which a double click marks whole."""
    number = int.from_bytes(secrets.token_bytes(_RANDOM_BYTES))
    digits = []
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return _PREFIX + "".join(digits)


def hash_of(text: str) -> bytes:
    """What is stored of a key's text."""
    return sha256(text.encode()).digest()


def shown_part(text: str) -> str:
    """The first characters of a key's text, to know it by."""
    return text[:_SHOWN]
