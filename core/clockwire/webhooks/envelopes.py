"""What goes around a body: the headers of one attempt, signed now."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from clockwire import __version__
from clockwire.model.delivery import ClaimedDelivery
from clockwire.model.instants import Instant
from clockwire.model.payloads import content_type
from clockwire.model.sealed import OpenSecrets, open_headers, open_secrets
from clockwire.model.signing import signature_headers
from clockwire.model.subscription import Subscription
from clockwire.model.vault import Vault

MASK = "***"

_USER_AGENT = f"clockwire/{__version__}"
_MOST_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Headers:
    """The headers of one attempt."""

    sent: list[tuple[str, str]]
    #: As the log may show them: signatures in full, values of the subscription's own headers masked.
    logged: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What is the same for all webhooks of one version of a subscription. It holds secrets: it is never shown."""

    version: int
    #: When the retiring secret stops signing.
    rotation_end_time: Instant | None
    secrets: OpenSecrets = field(repr=False)
    own: Mapping[str, str] = field(repr=False)

    def headers_of(self, claimed: ClaimedDelivery, now: Instant) -> Headers:
        """The headers of an attempt that is made now."""
        secrets = self.secrets
        overlaps = self.rotation_end_time is not None and self.rotation_end_time > now
        ours = _headers_of_delivery(claimed) + signature_headers(
            claimed.delivery.event_id,
            now,
            body=claimed.body,
            current=secrets.current,
            retiring=secrets.retiring if overlaps else None,
        )
        if not self.own:
            return Headers(ours, dict(ours))
        return Headers([*ours, *self.own.items()], {**dict.fromkeys(self.own, MASK), **dict(ours)})


class Envelopes:
    """The envelopes in use, so that no secret is decrypted for each webhook. Belongs to one thread."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._kept: dict[str, Envelope] = {}

    def of(self, subscription: Subscription) -> Envelope:
        """The envelope of a subscription as it is."""
        envelope = self._kept.get(subscription.id)
        if envelope is None or envelope.version != subscription.version:
            envelope = self._opened(subscription)
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[subscription.id] = envelope
        return envelope

    def _opened(self, subscription: Subscription) -> Envelope:
        return Envelope(
            version=subscription.version,
            rotation_end_time=subscription.rotation_end_time,
            secrets=open_secrets(self._vault, subscription, now=0),  # the retiring one too, as long as there is one
            own=open_headers(self._vault, subscription),
        )


def _headers_of_delivery(claimed: ClaimedDelivery) -> list[tuple[str, str]]:
    delivery = claimed.delivery
    headers = [
        ("Content-Type", content_type(claimed.shape)),
        ("User-Agent", _USER_AGENT),
        ("clockwire-event", delivery.event_type),
        ("clockwire-delivery", delivery.id),
        ("clockwire-attempt", str(claimed.attempt_number)),
        ("clockwire-sequence", str(delivery.event_sequence)),
        ("clockwire-version", str(delivery.event_version)),
        ("clockwire-subscription", delivery.subscription_id),
    ]
    if claimed.test:
        headers.append(("clockwire-test", "true"))
    if claimed.redelivery:
        headers.append(("clockwire-redelivery", "true"))
    return headers
