"""Did Slack, or GitHub, send this? Their signatures, each keyed with a secret that only they and the hook's owner know.

* Slack (https://docs.slack.dev/authentication/verifying-requests-from-slack): `X-Slack-Signature: v0=<hex>` over
  `v0:<timestamp>:<body>`, where the timestamp is at most five minutes off.
* GitHub (https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries): `X-Hub-Signature-256:
  sha256=<hex>` over the body.
"""

import hashlib
import hmac
from collections.abc import Mapping

from clockwire.model.instants import SECOND, Instant
from clockwire.model.signing import TOLERANCE, Secret, SignatureInvalid

_SLACK_SIGNATURE, _SLACK_TIMESTAMP = "x-slack-signature", "x-slack-request-timestamp"
_GITHUB_SIGNATURE = "x-hub-signature-256"


def verify_slack(headers: Mapping[str, str], body: bytes, *, secret: Secret, now: Instant) -> None:
    """Raise SignatureInvalid unless Slack signed this lately. Names of *headers* are in lower case."""
    timestamp = headers.get(_SLACK_TIMESTAMP, "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise SignatureInvalid(f"{_SLACK_TIMESTAMP} is missing, or not a number of seconds")
    signed = b"v0:" + timestamp.encode() + b":" + body
    _check(headers, _SLACK_SIGNATURE, "v0=" + _digest(secret, signed))
    if abs(now - int(timestamp) * SECOND) > TOLERANCE:
        raise SignatureInvalid(f"{_SLACK_TIMESTAMP} is more than five minutes off")


def verify_github(headers: Mapping[str, str], body: bytes, *, secret: Secret) -> None:
    """Raise SignatureInvalid unless GitHub signed this. Names of *headers* are in lower case."""
    _check(headers, _GITHUB_SIGNATURE, "sha256=" + _digest(secret, body))


def _digest(secret: Secret, signed: bytes) -> str:
    return hmac.new(secret.text_key, signed, hashlib.sha256).hexdigest()


def _check(headers: Mapping[str, str], name: str, expected: str) -> None:
    given = headers.get(name, "")
    if not given:
        raise SignatureInvalid(f"{name} is missing")
    if not hmac.compare_digest(given.encode(errors="replace"), expected.encode()):
        raise SignatureInvalid(f"{name} does not match the body and the secret")
