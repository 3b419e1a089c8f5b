"""A receiver that believes nothing which is not signed, and three ways to verify, none of them ours."""

import hashlib
import hmac
import threading
from collections.abc import Mapping

import svix.webhooks
from standardwebhooks import Webhook

from tests.support.receivers import Received, Receiver


def verify(received: Received, secret: str) -> dict[str, object]:
    """The body, which all three believe: `standardwebhooks`, `svix` and the recipe of Standard Time."""
    verify_flat(received, secret)
    return verify_standard(received, secret)


def verify_standard(received: Received, secret: str) -> dict[str, object]:
    """The body, which both libraries for Standard Webhooks believe."""
    headers = dict(received.headers)
    svix.webhooks.Webhook(secret).verify(received.body, headers)
    body: dict[str, object] = Webhook(secret).verify(received.body, headers)
    return body


def verify_flat(received: Received, secret: str) -> None:
    """X-ST-Webhook-Signature is the HMAC of the raw body with the text of the secret."""
    expected = "sha256=" + hmac.new(secret.encode(), received.body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(received.headers["x-st-webhook-signature"], expected)


class Delivered:
    """What came by verified webhooks, by the id of the event; whatever else came is an error."""

    def __init__(self, receiver: Receiver, secret: str) -> None:
        self._receiver = receiver
        self._secret = secret
        self._seen = 0
        self._bodies: dict[str, dict[str, object]] = {}
        self._lock = threading.Lock()

    def bodies(self) -> Mapping[str, dict[str, object]]:
        """All bodies so far. Every copy of an event has the same."""
        with self._lock:
            for received in self._receiver.received[self._seen :]:
                body = verify(received, self._secret)
                assert self._bodies.setdefault(received.headers["webhook-id"], body) == body
                self._seen += 1
            return dict(self._bodies)

    def wait_for(self, event_ids: set[str], *, seconds: float) -> Mapping[str, dict[str, object]]:
        """All bodies, once each of these events has come; an AssertionError if that takes longer."""
        while event_ids - self.bodies().keys():
            self._receiver.wait_for(self._seen + 1, seconds=seconds)
        return self.bodies()
