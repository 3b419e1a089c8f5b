"""What arrives at a port of this machine: a small HTTP server that keeps each request as it came.

It is made for one person who looks on, not for the open internet: one thread a request, and no connection is kept.
"""

import re
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from typing import Any, Self

from clockwire.model.instants import Instant, system_clock
from clockwire.settings import Address

LARGEST_BODY = 4 * 1024 * 1024
_SECONDS_TO_READ = 10
_LONGEST_LINE = 1024
_MOST_TRAILERS = 100
_LENGTH = re.compile(r"[0-9]{1,20}", re.ASCII)
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(;[^\r\n]*)?\r\n")


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


class _Refused(Exception):
    """What comes is answered with this status, and not shown."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status)
        self.status = status


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
        try:
            body = self._body()
        except _Refused as refused:
            self._say(Reply(refused.status))
        except EOFError:
            return  # the sender went away
        else:
            caught, reply = self.server.catcher.take(self.command, self.path, self.headers.items(), body)
            self._say(reply)
            self.server.catcher.keep(caught, reply)

    do_GET = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = do_POST  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's signature
        """Nothing is said of each request: who listens does that."""

    def _body(self) -> bytes:
        """The body, by its length or in chunks. Raises _Refused, and EOFError if it ends before its time."""
        coding, length = self.headers.get("Transfer-Encoding"), self.headers.get("Content-Length")
        if coding is not None and (coding.lower() != "chunked" or length is not None):
            raise _Refused(HTTPStatus.BAD_REQUEST)
        if coding is not None:
            return b"".join(self._chunks())
        if not _LENGTH.fullmatch(length or "0"):
            raise _Refused(HTTPStatus.LENGTH_REQUIRED)
        return self._read(int(length or "0"))

    def _chunks(self) -> Iterator[bytes]:
        """The chunks of a body, as https://www.rfc-editor.org/rfc/rfc9112#section-7.1 has them."""
        left = LARGEST_BODY
        while size := self._chunk_size():
            yield self._read(size, most=left)
            left -= size
            if self.rfile.readline(_LONGEST_LINE) != b"\r\n":
                raise _Refused(HTTPStatus.BAD_REQUEST)
        for _ in range(_MOST_TRAILERS):
            if self.rfile.readline(_LONGEST_LINE) in {b"\r\n", b""}:
                return
        raise _Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def _chunk_size(self) -> int:
        line = self.rfile.readline(_LONGEST_LINE)
        if not line:
            raise EOFError
        if not (size := _CHUNK_SIZE.match(line)):
            raise _Refused(HTTPStatus.BAD_REQUEST)
        return int(size[1], 16)

    def _read(self, size: int, *, most: int = LARGEST_BODY) -> bytes:
        if size > most:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        read = self.rfile.read(size)
        if len(read) < size:
            raise EOFError
        return read

    def _say(self, reply: Reply) -> None:
        self.send_response(reply.status)
        if reply.content_type:
            self.send_header("Content-Type", reply.content_type)
        if reply.status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD" and reply.status != HTTPStatus.NO_CONTENT:
            self.wfile.write(reply.body)
