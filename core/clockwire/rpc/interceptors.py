"""What stands around every call: who calls and may it, what an error looks like, and one line in the log."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import grpc
from google.protobuf.message import Message

from clockwire.model.errors import ServerDraining
from clockwire.rpc.authentication import Authenticator
from clockwire.rpc.call_line import CallLine
from clockwire.rpc.callers import Admitted, admit, caller, set_caller
from clockwire.rpc.decoding import decoded
from clockwire.rpc.errors import message_of, of_exception, status_of, trailers_of
from clockwire.rpc.scopes import ACCESS, OPEN_SERVICES, OPERATOR, Access
from clockwire.rpc.streams import Drain, Streams

__all__ = ["Frame", "caller"]

_MOMENT_SECONDS = 0.05
_MOST_MOMENTS = 20

Context = grpc.aio.ServicerContext[Any, Any]
#: A servicer's method, or what stands around one: request and context in, response or responses out.
Behavior = Callable[[Any, Context], Any]


class Frame(grpc.aio.ServerInterceptor):
    """Lets callers in by the table of scopes, turns errors into statuses, logs each call when it ends.

    A method that the table does not know is open to operators only; health and reflection are left alone. A call that
    may wait for something (a long poll) ends when the server drains, as streams do.
    """

    def __init__(self, authenticator: Authenticator, streams: Streams, drain: Drain) -> None:
        self._authenticator = authenticator
        self._streams = streams
        self._drain = drain
        self._arrivals = 0

    async def quiet(self) -> None:
        """Returns when no call has come for a moment, or after a second of waiting for that.

        The library drops calls that have come in and wait to be taken when it stops, and their callers are told
        CANCELLED, which says nothing. So they are taken first, and told that the server drains.
        """
        for _ in range(_MOST_MOMENTS):
            arrivals = self._arrivals
            await asyncio.sleep(_MOMENT_SECONDS)
            if arrivals == self._arrivals:
                return

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:  # noqa: ANN401 - a handler of whichever cardinality
        """The method's handler inside its frame."""
        handler, name = await continuation(handler_call_details), handler_call_details.method
        if handler is None or name.split("/")[1] in OPEN_SERVICES:
            return handler
        access = ACCESS.get(name, Access(scope=OPERATOR))
        read, write = handler.request_deserializer, handler.response_serializer
        one, many = _Method(name, access, read), _Method(name, access)
        match handler.request_streaming, handler.response_streaming:
            case False, False:
                return grpc.unary_unary_rpc_method_handler(self._once(handler.unary_unary, one), None, write)
            case False, True:
                return grpc.unary_stream_rpc_method_handler(self._many(handler.unary_stream, one), None, write)
            case True, False:
                return grpc.stream_unary_rpc_method_handler(self._once(handler.stream_unary, many), read, write)
            case _:
                return grpc.stream_stream_rpc_method_handler(self._many(handler.stream_stream, many), read, write)

    def _once(self, behavior: Behavior, method: "_Method") -> Behavior:
        async def answer(sent: object, context: Context) -> object:
            async with self._framed(sent, context, method) as call:
                answering = behavior(call.request, context)
                return await (self._drain.before(answering) if call.may_wait else answering)

        return answer

    def _many(self, behavior: Behavior, method: "_Method") -> Behavior:
        async def answer(sent: object, context: Context) -> AsyncIterator[object]:
            async with self._framed(sent, context, method) as call:
                responses, who = behavior(call.request, context), call.admitted
                async for each in self._streams.guard(responses, who.caller.api_key_id, who.key_hash):
                    yield each

        return answer

    @asynccontextmanager
    async def _framed(self, sent: object, context: Context, method: "_Method") -> AsyncIterator["_Call"]:
        """The call, from letting the caller in to the line in the log."""
        self._arrivals += 1
        line = CallLine(method.name)
        try:
            admitted = await self._admitted(context, method.access)
            line.made_by(admitted.caller)
            request = method.request(sent)
            line.asked(request)
            yield _Call(admitted, request)
        except (grpc.aio.AbortError, asyncio.CancelledError):
            line.end("CANCELLED")
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets a status and the log a line
            refusal = of_exception(error)
            line.end(status_of(refusal).name, reason=refusal.reason, error=message_of(refusal))
            await context.abort(status_of(refusal), message_of(refusal), trailers_of(refusal))
        else:
            line.end("OK")

    async def _admitted(self, context: Context, access: Access) -> Admitted:
        if self._drain.over:
            raise ServerDraining
        admitted = await admit(context.invocation_metadata() or (), access, self._authenticator)
        set_caller(admitted)
        return admitted


@dataclass(frozen=True, slots=True)
class _Method:
    """A method of a service."""

    name: str
    access: Access
    #: Reads a request from its bytes; None for a stream of requests, which the library reads.
    read: Callable[[bytes], Message] | None = None

    def request(self, sent: object) -> object:
        """What was sent, read."""
        return sent if self.read is None else decoded(cast("bytes", sent), self.read)


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that was let in."""

    admitted: Admitted
    request: object

    @property
    def may_wait(self) -> bool:
        """Whether it can ask to wait for something."""
        return isinstance(self.request, Message) and "wait_timeout" in self.request.DESCRIPTOR.fields_by_name
