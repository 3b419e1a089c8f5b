"""What arrives at a port of this machine: a small HTTP server that keeps each request as it came.

It is made for one person who looks on, not for the open internet: one thread a request, and no connection is kept.
"""

import socket
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from typing import Any, Self

from clockwire.model.instants import Instant, system_clock
from clockwire.settings import Address

LARGEST_BODY = 4 * 1024 * 1024
_SECONDS_TO_READ = 10


@dataclass(frozen=True, slots=True)
class Caught:
    """One request, as it came."""

    number: int
    time: Instant
    method: str
    path: str
    headers: Sequence[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        """The value of a header, whatever the case of its name; empty if there is none."""
        return next((value for each, value in self.headers if each.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True)
class Reply:
    """What it is answered with."""

    status: int
    body: bytes = b""
    content_type: str = ""
    #: Where else it went, and what came of that; for people.
    note: str = ""


class Catcher:
    """Keeps what comes, in the order in which it was answered. *answer* is called in a thread of each request."""

    def __init__(self, address: Address, answer: Callable[[Caught], Reply]) -> None:
        self._answer = answer
        self._numbers = 0
        self._lock = threading.Lock()
        self._came: SimpleQueue[tuple[Caught, Reply]] = SimpleQueue()
        self._server = _Server(address, self)
        host = f"[{address.host}]" if ":" in address.host else address.host
        self.url = f"http://{host}:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def next(self, seconds: float | None = None) -> tuple[Caught, Reply] | None:
        """The next request and its answer, awaited so long, without end if nothing is said; None if none came."""
        try:
            return self._came.get(timeout=seconds)
        except Empty:
            return None

    def take(self, method: str, path: str, headers: Sequence[tuple[str, str]], body: bytes) -> tuple[Caught, Reply]:
        """The request with its number, and the answer to it."""
        with self._lock:
            self._numbers += 1
            caught = Caught(self._numbers, system_clock(), method, path, headers, body)
        return caught, self._answer(caught)

    def keep(self, caught: Caught, reply: Reply) -> None:
        """It has been answered."""
        self._came.put((caught, reply))


class _Server(ThreadingHTTPServer):
    def __init__(self, address: Address, catcher: Catcher) -> None:
        self.catcher = catcher
        self.address_family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        super().__init__((address.host, address.port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's signature
        """A sender that goes away is no news; anything else is a fault, and shows where it happened."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """HTTP/1.0: the connection ends with the answer, so that nobody holds one."""

    timeout = _SECONDS_TO_READ
    server: _Server

    def do_POST(self) -> None:
        """Take in one request, whatever its method."""
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()) or self.headers.get("Transfer-Encoding"):
            self._say(Reply(HTTPStatus.LENGTH_REQUIRED))
            return
        if int(length[:20]) > LARGEST_BODY:
            self._say(Reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
            return
        body = self.rfile.read(int(length))
        if len(body) == int(length):  # else the sender went away
            caught, reply = self.server.catcher.take(self.command, self.path, self.headers.items(), body)
            self._say(reply)
            self.server.catcher.keep(caught, reply)

    do_GET = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = do_POST  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's signature
        """Nothing is said of each request: who listens does that."""

    def _say(self, reply: Reply) -> None:
        self.send_response(reply.status)
        if reply.content_type:
            self.send_header("Content-Type", reply.content_type)
        if reply.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD" and reply.status != HTTPStatus.NO_CONTENT:
            self.wfile.write(reply.body)
