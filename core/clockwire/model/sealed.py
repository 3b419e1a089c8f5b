"""How a subscription's secrets are kept and used: sealed wherever they rest, open only in the hands of who signs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from clockwire.model.instants import Instant
from clockwire.model.signing import Secret
from clockwire.model.subscription import Subscription
from clockwire.model.vault import Vault


@dataclass(frozen=True, slots=True, repr=False)
class OpenSecrets:
    """What a subscription's webhooks are signed with now."""

    current: Secret | None
    #: The one before, during an overlap.
    retiring: Secret | None


def seal_secret(vault: Vault, subscription_id: str, secret: Secret) -> bytes:
    """The secret as it is stored, of use for this subscription alone."""
    return vault.seal(secret.text.encode(), _secret_of(subscription_id))


def open_secrets(vault: Vault, subscription: Subscription, now: Instant) -> OpenSecrets:
    """The secrets that are valid now."""
    overlap = subscription.rotation_end_time is not None and subscription.rotation_end_time > now
    return OpenSecrets(
        current=_opened(vault, subscription.id, subscription.secret),
        retiring=_opened(vault, subscription.id, subscription.retiring_secret) if overlap else None,
    )


def seal_headers(vault: Vault, subscription_id: str, headers: Mapping[str, str]) -> bytes | None:
    """The subscriber's own headers as they are stored."""
    if not headers:
        return None
    return vault.seal(json.dumps(dict(headers)).encode(), _headers_of(subscription_id))


def open_headers(vault: Vault, subscription: Subscription) -> dict[str, str]:
    """The subscriber's own headers, as they are sent."""
    if subscription.headers is None:
        return {}
    opened: dict[str, str] = json.loads(vault.open(subscription.headers, _headers_of(subscription.id)))
    return opened


def _opened(vault: Vault, subscription_id: str, sealed: bytes | None) -> Secret | None:
    return Secret(vault.open(sealed, _secret_of(subscription_id)).decode()) if sealed else None


def _secret_of(subscription_id: str) -> str:
    return f"subscription {subscription_id} secret"


def _headers_of(subscription_id: str) -> str:
    return f"subscription {subscription_id} headers"
