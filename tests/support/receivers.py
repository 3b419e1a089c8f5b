"""A subscriber's endpoint on loopback: keeps what it gets, and answers as a test tells it to, well or badly.

with Receiver() as receiver:                      # answers 200
    receiver.plan(Answer(503), rudeness.silence)  # the next two connections' requests, in order
    ...
    [first, second] = receiver.wait_for(2)
"""

import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

import trustme


@dataclass(frozen=True, slots=True)
class Received:
    """One request, as it came."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    time: float
    """By the clock of time.time, when its last byte had come."""
    connection: int
    """Number of the connection it came by, from 0."""


class Behaviour(Protocol):
    """What is done about one request; the connection stays open if it returns True."""

    def __call__(self, connection: socket.socket, received: Received, closing: threading.Event) -> bool:
        """Answer, or do worse."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A proper response, after *delay* seconds and once *held* is set."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    delay: float = 0.0
    held: threading.Event | None = None

    def __call__(self, connection: socket.socket, received: Received, closing: threading.Event) -> bool:
        """Send it, and keep the connection."""
        closing.wait(self.delay)
        while self.held is not None and not self.held.wait(0.01) and not closing.is_set():
            pass
        lines = [f"HTTP/1.1 {self.status} Some", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + self.body)
        return True


@dataclass(slots=True)
class Authority:
    """A certificate authority of this test, with contexts for servers it vouches for."""

    _ca: trustme.CA = field(default_factory=trustme.CA)

    @property
    def pem(self) -> str:
        """The certificate to trust."""
        return self._ca.cert_pem.bytes().decode()

    def server_context(self, *names: str) -> ssl.SSLContext:
        """A context for a server with these names or addresses."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(*names).configure_cert(context)
        return context


class Receiver:
    """An HTTP server (HTTPS with *tls*) on a free port of 127.0.0.1, with a thread for each connection."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, stall_handshake: bool = False) -> None:
        self._tls = tls
        self._stall_handshake = stall_handshake
        self._plan: deque[Behaviour] = deque()
        self._otherwise: Behaviour = Answer()
        self._received: list[Received] = []
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]

    def url(self, path: str = "/hook", *, host: str = "127.0.0.1") -> str:
        """Where to send to."""
        return f"{'https' if self._tls or self._stall_handshake else 'http'}://{host}:{self.port}{path}"

    def plan(self, *behaviours: Behaviour) -> None:
        """What is done about the next requests, one each; after them `always` again."""
        with self._changed:
            self._plan.extend(behaviours)

    def always(self, behaviour: Behaviour) -> None:
        """What is done about a request for which nothing is planned: until now, Answer(200)."""
        with self._changed:
            self._otherwise = behaviour

    @property
    def received(self) -> list[Received]:
        """What came so far."""
        with self._changed:
            return list(self._received)

    @property
    def connection_count(self) -> int:
        """How many connections were made so far."""
        with self._changed:
            return len(self._connections)

    def wait_for(self, count: int, *, seconds: float = 10.0) -> list[Received]:
        """The first requests, as soon as so many have come; an AssertionError if they do not come in time."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self._received) >= count, seconds)
            assert came, f"{len(self._received)} of {count} requests came within {seconds} s"
            return list(self._received)

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends every connection, in the middle of an answer if need be."""
        self._closing.set()
        _shut(self._listener)
        for connection in self._connections:
            _shut(connection)
        for thread in self._threads:
            thread.join()

    def _start(self, run: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=run, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with self._listener:
            while not self._closing.is_set():
                try:
                    connection, _ = self._listener.accept()
                except OSError:
                    return
                with self._changed:
                    number = len(self._connections)
                    self._connections.append(connection)
                self._start(self._serve, connection, number)

    def _serve(self, connection: socket.socket, number: int) -> None:
        if self._tls:
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            self._connections[number] = connection
        with connection:
            if self._stall_handshake:
                self._closing.wait()
                return
            try:
                if isinstance(connection, ssl.SSLSocket):
                    connection.do_handshake()
                self._answer_all(connection, number)
            except OSError:  # the client went away, or did not like the certificate: ssl.SSLError is one
                return

    def _answer_all(self, connection: socket.socket, number: int) -> None:
        kept = b""
        while request := _read(connection, kept, number):
            received, kept = request
            if not self._keep(received)(connection, received, self._closing):
                return

    def _keep(self, received: Received) -> Behaviour:
        with self._changed:
            self._received.append(received)
            self._changed.notify_all()
            return self._plan.popleft() if self._plan else self._otherwise


def _read(connection: socket.socket, kept: bytes, number: int) -> tuple[Received, bytes] | None:
    """The next request and what came after it, or None once the client has closed."""
    while b"\r\n\r\n" not in kept:
        if not (more := connection.recv(65536)):
            return None
        kept += more
        if not kept[:1].isalpha():  # a TLS handshake, say
            return None
    head, _, rest = kept.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", "0"))
    while len(rest) < length:
        if not (more := connection.recv(65536)):
            return None
        rest += more
    return Received(method, path, headers, rest[:length], time.time(), number), rest[length:]


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:  # it is closed already
        return
