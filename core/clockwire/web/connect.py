"""Every unary call of the contract over HTTP: POST /clockwire.v1.RecordService/GetRecord, in the Connect protocol.

The protocol is https://connectrpc.com/docs/protocol/#unary-rpcs; what is optional there and left out is GET.
"""

import asyncio
import gzip
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, ParamSpec, TypeVar

from google.protobuf.message import Message
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from clockwire.api.calls import Call, Calls
from clockwire.api.errors import TransportRefusal
from clockwire.api.procedures import Procedure
from clockwire.model.errors import FieldInvalid
from clockwire.web.errors import HttpRefusal, refusal
from clockwire.web.framing import keyed
from clockwire.web.messages import FORMS, Form
from clockwire.web.parts import Parts
from clockwire.web.requests import read_body, while_there

P = ParamSpec("P")
T = TypeVar("T")

#: Smaller answers are not worth packing.
SMALLEST_PACKED: Final = 1_024
#: From so many bytes on, reading and writing a message takes a while.
LARGE: Final = 128 * 1024
_FASTEST = 1
_NOT_TAKEN = re.compile(r";q=0(\.0*)?$")
_TIMEOUT = re.compile(r"[0-9]{1,10}")


def routes(parts: Parts) -> Sequence[BaseRoute]:
    """One pattern for all calls of the contract."""
    return [Route("/{service}/{method}", _Contract(parts.calls, parts.procedures))]


class _Contract:
    """The calls of the contract, by their paths."""

    def __init__(self, calls: Calls, procedures: Mapping[str, Procedure]) -> None:
        self._endpoints = {
            path: keyed(calls, procedure.method, _Unary(procedure).answer)
            for path, procedure in procedures.items()
            if not procedure.streams
        }
        self._streams = {path for path, procedure in procedures.items() if procedure.streams}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The request is answered."""
        request = Request(scope, receive)
        response = await self._respond(request)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        path = request.scope["path"]
        if path in self._streams:
            sentence = f"{path} is a stream: call it over gRPC"
            return refusal(HttpRefusal(HTTPStatus.NOT_IMPLEMENTED, "UNIMPLEMENTED", sentence))
        endpoint = self._endpoints.get(path)
        if endpoint is None:
            return refusal(HttpRefusal(HTTPStatus.NOT_FOUND, "UNIMPLEMENTED", "there is nothing at this address"))
        if request.method != "POST":
            sentence = f"{request.method} is not possible here, but POST"
            return refusal(HttpRefusal(HTTPStatus.METHOD_NOT_ALLOWED, "UNIMPLEMENTED", sentence, allow="POST"))
        return await endpoint(request)


class _Unary:
    """One call of the contract."""

    def __init__(self, procedure: Procedure) -> None:
        self._procedure = procedure

    async def answer(self, request: Request, call: Call) -> Response:
        """The response in the form that the request has."""
        deadline = _deadline(request)
        form = _form(request)
        body = await deadline.keep(read_body(request))
        message = call.asked(await _worked(len(body), form.read, body, self._procedure.request))
        answering = call.answer(self._procedure.answer(message, deadline))
        if call.may_wait:
            answering = while_there(request, answering)
        answer = await deadline.keep(answering)
        size = len(answer) if isinstance(answer, bytes) else answer.ByteSize()
        return await _worked(size, self._response, request, form, answer)

    def _response(self, request: Request, form: Form, answer: Message | bytes) -> Response:
        message = self._procedure.response.FromString(answer) if isinstance(answer, bytes) else answer
        body, headers = form.write(message), {"vary": "accept-encoding"}
        if len(body) >= SMALLEST_PACKED and _takes_gzip(request):
            body = gzip.compress(body, _FASTEST, mtime=0)
            headers["content-encoding"] = "gzip"
        return Response(body, headers=headers, media_type=form.media_type)


@dataclass(frozen=True, slots=True)
class _Deadline:
    """Until when the caller waits, by the clock of the event loop; None: for ever."""

    at: float | None

    def time_remaining(self) -> float | None:
        """The seconds until then."""
        return None if self.at is None else max(0.0, self.at - time.monotonic())

    async def keep(self, waiting: Awaitable[T]) -> T:
        """What *waiting* gives, if that comes in time."""
        limit = asyncio.timeout(self.time_remaining())
        try:
            async with limit:
                return await waiting
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise TransportRefusal("DEADLINE_EXCEEDED", "the time that the caller gave has passed") from error


def _deadline(request: Request) -> _Deadline:
    """FieldInvalid for a protocol version or a time that is none."""
    version = request.headers.get("connect-protocol-version", "1")
    if version != "1":
        raise FieldInvalid.of("connect-protocol-version", "must be 1")
    text = request.headers.get("connect-timeout-ms")
    if text is None:
        return _Deadline(None)
    if not _TIMEOUT.fullmatch(text):
        raise FieldInvalid.of("connect-timeout-ms", "must be a number of milliseconds with at most 10 digits")
    return _Deadline(time.monotonic() + int(text) / 1_000)


def _form(request: Request) -> Form:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if form := FORMS.get(media_type):
        return form
    sentence = f"the content-type must be {' or '.join(FORMS)}"
    raise HttpRefusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UNIMPLEMENTED", sentence, accept_post=", ".join(FORMS))


def _takes_gzip(request: Request) -> bool:
    """Whether an answer may be packed; "gzip;q=0" says that it may not."""
    taken = request.headers.get("accept-encoding", "").replace(" ", "").lower().split(",")
    return any(each.partition(";")[0] == "gzip" and not _NOT_TAKEN.search(each) for each in taken)


async def _worked(size: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What *work* gives. A large piece of it is done beside the event loop, so that other calls go on meanwhile."""
    if size < LARGE:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)
