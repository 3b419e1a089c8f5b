"""A subscriber's endpoint: gets webhooks on loopback, and verifies each in two independent ways.

Once by Standard Webhooks, with the library of that name; once by the recipe Standard Time publishes: HMAC-SHA256 over
the raw body, in hex. Whatever does not verify is answered with 401, and kept as such.
"""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One POST, and what the checks of its signatures said."""

    headers: Mapping[str, str]
    body: bytes
    #: When its last byte had come, in seconds since 1970.
    time: float
    by_standard_webhooks: bool
    by_standard_time: bool

    @property
    def payload(self) -> dict[str, Any]:
        """The body, read."""
        payload: dict[str, Any] = json.loads(self.body)
        return payload

    @property
    def verified(self) -> bool:
        """Whether both checks said yes."""
        return self.by_standard_webhooks and self.by_standard_time


@dataclass(slots=True)
class Inbox:
    """What came, and the secret it is verified with."""

    secret: str = ""
    received: list[Received] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def keep(self, headers: Mapping[str, str], body: bytes) -> Received:
        """The POST is verified and kept."""
        received = Received(
            headers=headers,
            body=body,
            time=time.time(),
            by_standard_webhooks=_by_standard_webhooks(self.secret, headers, body),
            by_standard_time=_by_standard_time(self.secret, headers, body),
        )
        with self.changed:
            self.received.append(received)
            self.changed.notify_all()
        return received

    def wait_for(self, count: int, seconds: float) -> list[Received]:
        """The first POSTs, once so many have come, or as many as came in time."""
        with self.changed:
            self.changed.wait_for(lambda: len(self.received) >= count, seconds)
            return list(self.received)


@contextmanager
def running_receiver(inbox: Inbox) -> Iterator[str]:
    """The URL of an endpoint that fills the inbox, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received = inbox.keep({name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(204 if received.verified else 401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing: the demonstration shows what came."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/webhooks"
        finally:
            server.shutdown()
            thread.join()


def _by_standard_webhooks(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, dict(headers))
    except WebhookVerificationError:
        return False
    return True


def _by_standard_time(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, headers.get("x-st-webhook-signature", ""))
