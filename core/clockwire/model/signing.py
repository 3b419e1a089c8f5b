"""How a receiver can know that a webhook is ours, and unchanged: two signatures under one secret.

* ``X-ST-Webhook-Signature: sha256=<hex>``: HMAC-SHA256 of the body, keyed with the UTF-8 text of the secret.
* Standard Webhooks 1.0.0 (https://www.standardwebhooks.com): ``webhook-signature: v1,<base64>``, the HMAC-SHA256 of
  ``<webhook-id>.<webhook-timestamp>.<body>``, keyed with the bytes behind ``whsec_``. It covers id and time, so an old
  webhook cannot be sent again.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from clockwire.model.errors import FieldInvalid
from clockwire.model.instants import SECOND, Instant

BODY_SIGNATURE = "X-ST-Webhook-Signature"
ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
SIGNATURE = "webhook-signature"
TOLERANCE = 300 * SECOND

_PREFIX = "whsec_"
_PRINTABLE = re.compile(r"[ -~]{16,256}")


class SignatureInvalid(ValueError):
    """The signature does not show that the body came from a holder of the secret."""


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A signing secret; its text is never shown by repr, str or a format."""

    text: str
    key: bytes = field(init=False, compare=False)
    """The key of Standard Webhooks: the base64 part after ``whsec_`` if there is one, else the text in UTF-8."""
    text_key: bytes = field(init=False, compare=False)
    """The key of X-ST-Webhook-Signature: the text in UTF-8."""
    # Keyed once and copied for each signature. A copy is cheaper than `hmac.digest`, and keeps the interpreter's lock,
    # which that hands to another thread each time and then has to wait for.
    mac: hmac.HMAC = field(init=False, compare=False)
    text_mac: hmac.HMAC = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text_key", self.text.encode())
        object.__setattr__(self, "key", _key_of(self.text))
        object.__setattr__(self, "mac", hmac.new(self.key, digestmod="sha256"))
        object.__setattr__(self, "text_mac", hmac.new(self.text_key, digestmod="sha256"))

    def __repr__(self) -> str:
        return "Secret('***')"


def _key_of(text: str) -> bytes:
    if not text.startswith(_PREFIX):
        return text.encode()
    encoded = text.removeprefix(_PREFIX).rstrip("=")
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:  # binascii.Error is one; base64 outside ASCII is another
        raise ValueError(f"what follows {_PREFIX} is not base64") from None


def generate_secret() -> Secret:
    """A new secret: ``whsec_`` and the base64 of 32 random bytes."""
    return Secret(_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode())


def check_secret(text: str, *, field: str = "secret") -> Secret:
    """The secret a caller provides: 16 to 256 printable ASCII characters, holding 16 bytes after a ``whsec_``."""
    if _PRINTABLE.fullmatch(text) is None:
        raise FieldInvalid.of(field, "must have 16 to 256 printable ASCII characters")
    try:
        secret = Secret(text)
    except ValueError as problem:
        raise FieldInvalid.of(field, str(problem)) from None
    if len(secret.key) < 16:
        raise FieldInvalid.of(field, f"what follows {_PREFIX} must be the base64 of at least 16 bytes")
    return secret


def fingerprint(secret: Secret) -> str:
    """The first 8 hex digits of the SHA-256 of the secret's text: tells two secrets apart and reveals neither."""
    return hashlib.sha256(secret.text_key).hexdigest()[:8]


def signature_headers(
    event_id: str, attempt_time: Instant, *, body: bytes, current: Secret | None, retiring: Secret | None = None
) -> list[tuple[str, str]]:
    """The headers that identify and sign one attempt; id and time alone where there is no secret.

    While a secret retires, it goes on signing X-ST-Webhook-Signature, whose receivers know one secret, and
    webhook-signature carries both, new one first.
    """
    timestamp = str(attempt_time // SECOND)
    headers = [(ID, event_id), (TIMESTAMP, timestamp)]
    valid = [secret for secret in (current, retiring) if secret is not None]
    if valid:
        signed = f"{event_id}.{timestamp}.".encode() + body
        headers.append((SIGNATURE, " ".join(_standard_signature(signed, secret) for secret in valid)))
        headers.append((BODY_SIGNATURE, _body_signature(body, valid[-1])))
    return headers


def _body_signature(body: bytes, secret: Secret) -> str:
    mac = secret.text_mac.copy()
    mac.update(body)
    return "sha256=" + mac.hexdigest()


def _standard_signature(signed: bytes, secret: Secret) -> str:
    mac = secret.mac.copy()
    mac.update(signed)
    return "v1," + binascii.b2a_base64(mac.digest(), newline=False).decode()


def verify(headers: Mapping[str, str], body: bytes, *, valid: Sequence[Secret], now: Instant) -> None:
    """Raise SignatureInvalid unless one of the secrets signed this webhook, within 300 s of now where a time is signed.

    Names of headers are compared without case. Standard Webhooks counts where its signature is present; only without
    it is X-ST-Webhook-Signature looked at.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    if SIGNATURE in lowered:
        verify_standard(lowered, body, valid=valid, now=now)
    elif BODY_SIGNATURE.lower() in lowered:
        verify_body(lowered[BODY_SIGNATURE.lower()], body, valid=valid)
    else:
        raise SignatureInvalid(f"there is neither {SIGNATURE} nor {BODY_SIGNATURE}")


def verify_body(signature: str, body: bytes, *, valid: Sequence[Secret]) -> None:
    """Raise SignatureInvalid unless *signature* is the X-ST-Webhook-Signature of the body under one of the secrets."""
    if not any(_same(signature, _body_signature(body, secret)) for secret in valid):
        raise SignatureInvalid(f"{BODY_SIGNATURE} does not match the body and the secret")


def verify_standard(headers: Mapping[str, str], body: bytes, *, valid: Sequence[Secret], now: Instant) -> None:
    """Raise SignatureInvalid unless the Standard Webhooks headers (names in lower case) hold for the body."""
    missing = [name for name in (ID, TIMESTAMP, SIGNATURE) if not headers.get(name)]
    if missing:
        raise SignatureInvalid(f"missing: {', '.join(missing)}")
    _check_time(headers[TIMESTAMP], now)
    signed = f"{headers[ID]}.{headers[TIMESTAMP]}.".encode() + body
    expected = [_standard_signature(signed, secret) for secret in valid]
    given = [entry for entry in headers[SIGNATURE].split(" ") if entry.startswith("v1,")]
    if not any(_same(entry, signature) for entry in given for signature in expected):
        raise SignatureInvalid(f"no v1 entry of {SIGNATURE} matches the id, the timestamp, the body and the secret")


def _check_time(timestamp: str, now: Instant) -> None:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise SignatureInvalid(f"{TIMESTAMP} is not a number of seconds")
    age = now - int(timestamp) * SECOND
    if abs(age) > TOLERANCE:
        raise SignatureInvalid(
            f"{TIMESTAMP} is {abs(age) // SECOND} s {'old' if age > 0 else 'ahead'}, 300 s are allowed"
        )


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode())
