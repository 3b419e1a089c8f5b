"""How are webhooks received and verified? A subscriber on one page, with the library of Standard Webhooks.

    pip install standardwebhooks
    CLOCKWIRE_SIGNING_SECRET=whsec_... python examples/subscriber.py 8400

It does what every subscriber should: reads the body as bytes, with a limit; verifies before it looks inside; knows an
event again by its webhook-id; and answers at once, leaving the work to somebody else.
"""

import os
import sys
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

LARGEST_BODY = 1024 * 1024
SECONDS_TO_READ = 10

work: Queue[tuple[str, dict[str, Any]]] = Queue()


class Subscriber(BaseHTTPRequestHandler):
    """Answers 204 to what is signed, 401 to what is not."""

    timeout = SECONDS_TO_READ
    webhook = Webhook(os.environ["CLOCKWIRE_SIGNING_SECRET"])

    def do_POST(self) -> None:
        """Take in one webhook."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            self._answer(413)
            return
        body = self.rfile.read(int(length))
        try:
            event = self.webhook.verify(body, dict(self.headers.items()))
        except (WebhookVerificationError, ValueError):  # ValueError: headers that are not even well formed
            self._answer(401)
            return
        work.put((self.headers["webhook-id"], event))
        self._answer(204)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's signature
        """Say nothing of each request."""

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


def handle(events: "Queue[tuple[str, dict[str, Any]]]") -> None:
    """Do the work, each event once; a real subscriber keeps both the queue and the ids in its database."""
    seen: set[str] = set()
    while True:
        webhook_id, event = events.get()
        if webhook_id not in seen:
            seen.add(webhook_id)
            print(describe(event), flush=True)


def describe(event: Mapping[str, Any]) -> str:
    """One line for a person; the fields are those of the flat body."""
    name = event.get("ProjectName") or event["id"]
    hours = f", {event['Duration']} h" if event.get("Duration") else ""
    return f"{event['event']}: {name}{hours}"


def main(port: str = "8400") -> None:
    """Receive webhooks until Ctrl-C."""
    Thread(target=handle, args=(work,), daemon=True).start()
    with ThreadingHTTPServer(("127.0.0.1", int(port)), Subscriber) as server:
        print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
