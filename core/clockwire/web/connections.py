"""What may a connection do? Send a head and a body in time and within limits, and take its answers; else it is cut."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, cast

import orjson
import structlog
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from clockwire.web.requests import request_id

LARGEST_HEAD: Final = 16 * 1024
MOST_HEADERS: Final = 100
#: How long a connection that was cut may take to fetch what it was told.
_LINGER_SECONDS = 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long connections may take for what, and how many there may be."""

    #: From its first byte, or from the beginning of the connection, until a head is there.
    head_seconds: float = 10.0
    #: From the head until the body is there.
    body_seconds: float = 30.0
    #: While a client takes nothing of an answer that is ready for it.
    stall_seconds: float = 30.0
    #: Between two requests: longer than load balancers keep theirs open, so that it is they who close.
    idle_seconds: int = 75
    #: One more is closed unheard.
    most_connections: int = 10_000


class Connection(HttpToolsProtocol):
    """A connection of uvicorn's, with the limits that it lacks. Who is too slow is told 408, who says too much 431."""

    #: Set before the connection is made.
    limits = Limits()

    _timer: asyncio.TimerHandle | None = None
    _stall: asyncio.TimerHandle | None = None
    _in_head = False
    _head_bytes = 0
    _cut = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """The clock of the first head runs."""
        super().connection_made(transport)
        if len(self.connections) > self.limits.most_connections:
            self._cut = True
            transport.abort()
            return
        self._expect("request", self.limits.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """No clock runs."""
        self._nothing_expected()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """The bytes are read unless they are too many for a head."""
        if self._cut or self.transport.is_closing():
            return
        if self._timer is None and self._all_answered():
            self._expect("request", self.limits.head_seconds)  # also for empty lines, which begin none
        super().data_received(data)
        if self._in_head and not self._cut:
            self._head_bytes += len(data)
            if self._head_bytes > LARGEST_HEAD:
                self._refuse_head()

    def on_message_begin(self) -> None:
        """The clock of a head runs."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        if self._timer is None and not self._cut:
            self._expect("request", self.limits.head_seconds)

    def on_headers_complete(self) -> None:
        """The request is answered unless its head is too large; the clock of the body runs."""
        if self._cut:
            return
        self._nothing_expected()
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > LARGEST_HEAD or len(self.headers) > MOST_HEADERS:
            self._refuse_head()
            return
        self._in_head = False
        super().on_headers_complete()
        self._expect("body", self.limits.body_seconds)

    def on_body(self, body: bytes) -> None:
        """The bytes are kept for whoever answers."""
        if not self._cut:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """All has come."""
        if not self._cut:
            self._nothing_expected()
            super().on_message_complete()

    def pause_writing(self) -> None:
        """The client takes nothing at present; it may not go on so for ever."""
        super().pause_writing()
        self._stall = self.loop.call_later(self.limits.stall_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The client takes its answer again."""
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP is told so, in the form of every error."""
        self._refuse(HTTPStatus.BAD_REQUEST, "invalid_argument", f"{msg.rstrip('.')}: this is not HTTP/1.1")

    def _refuse_head(self) -> None:
        sentence = f"the request line and the headers may have {LARGEST_HEAD} bytes, and {MOST_HEADERS} headers"
        self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "resource_exhausted", sentence)

    def _expect(self, what: str, seconds: float) -> None:
        self._nothing_expected()
        self._timer = self.loop.call_later(seconds, self._too_late, what, seconds)

    def _nothing_expected(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_late(self, what: str, seconds: float) -> None:
        sentence = f"the {what} has not come within {seconds:g} s"
        self._refuse(HTTPStatus.REQUEST_TIMEOUT, "deadline_exceeded", sentence)

    def _refuse(self, status: HTTPStatus, code: str, sentence: str) -> None:
        """The connection ends, after an answer unless another one is due before it, or was begun."""
        self._cut = True
        self._nothing_expected()
        if self._owes_this_one():
            id_ = self._request_id()
            self.transport.write(_last_answer(status, code, sentence, id_))
            log.debug("http request refused", status=int(status), error=sentence, request_id=id_)
        for cycle in self._cycles():
            cycle.disconnected = True  # whoever answers it is told so, and is not heard any more
            cycle.message_event.set()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        # What still comes is read and dropped for a moment: closed with bytes unread, the answer would be lost.
        self.flow.resume_reading()
        self.loop.call_later(_LINGER_SECONDS, self.transport.abort)

    def _request_id(self) -> str:
        """That of the request which is cut; one of its own if its head has not come."""
        if self._in_head or not self._cycles():
            return str(uuid.uuid4())
        return request_id(cast(Scope, self.cycle.scope))

    def _owes_this_one(self) -> bool:
        if self._in_head or not self._cycles():
            return self._all_answered()
        return not self.cycle.response_started and not self.pipeline

    def _all_answered(self) -> bool:
        return all(cycle.response_complete for cycle in self._cycles())

    def _cycles(self) -> Sequence[RequestResponseCycle]:
        """The latest request; none before the first."""
        latest: RequestResponseCycle | None = self.cycle
        return [] if latest is None else [latest]


def _last_answer(status: HTTPStatus, code: str, sentence: str, id_: str) -> bytes:
    body = orjson.dumps({"code": code, "message": sentence})
    head = f"content-type: application/json\r\ncontent-length: {len(body)}\r\nx-request-id: {id_}\r\n"
    return STATUS_LINE[status] + head.encode() + b"cache-control: no-store\r\nconnection: close\r\n\r\n" + body
