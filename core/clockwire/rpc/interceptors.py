"""How does a gRPC call get into its frame? By an interceptor around every method of the contract."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn, cast

import grpc
from google.protobuf.message import Message

from clockwire.api.calls import Calls, Method
from clockwire.api.decoding import decoded
from clockwire.api.errors import message_of
from clockwire.api.scopes import OPEN_SERVICES
from clockwire.model.errors import ClockwireError
from clockwire.rpc.errors import status_of, trailers_of
from clockwire.rpc.streams import Streams

_MOMENT_SECONDS = 0.05
_MOST_MOMENTS = 20

Context = grpc.aio.ServicerContext[Any, Any]
#: A servicer's method, or what stands around one: request and context in, response or responses out.
Behavior = Callable[[Any, Context], Any]


class Frame(grpc.aio.ServerInterceptor):
    """Puts each method into the frame of calls and turns refusals into statuses; leaves health and reflection alone."""

    def __init__(self, calls: Calls, streams: Streams) -> None:
        self._calls = calls
        self._streams = streams
        self._arrivals = 0
        self._under_way: set[asyncio.Task[Any]] = set()

    async def settled(self, within: timedelta) -> None:
        """Returns when the calls under way have been answered, or that time is over, and none has come for a moment.

        Whoever calls just then is told that the server drains, and not merely that the connection has ended. Those who
        call again at once, whatever they are told, are waited for no longer than a second.
        """
        if self._under_way:
            await asyncio.wait(self._under_way.copy(), timeout=within.total_seconds())
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
        read, write = handler.request_deserializer, handler.response_serializer
        one, many = _Reading(Method.named(name), read), _Reading(Method.named(name))
        match handler.request_streaming, handler.response_streaming:
            case False, False:
                return grpc.unary_unary_rpc_method_handler(self._once(handler.unary_unary, one), None, write)
            case False, True:
                return grpc.unary_stream_rpc_method_handler(self._many(handler.unary_stream, one), None, write)
            case True, False:
                return grpc.stream_unary_rpc_method_handler(self._once(handler.stream_unary, many), read, write)
            case _:
                return grpc.stream_stream_rpc_method_handler(self._many(handler.stream_stream, many), read, write)

    def _once(self, behavior: Behavior, reading: "_Reading") -> Behavior:
        async def answer(sent: object, context: Context) -> object:
            self._arrived()
            try:
                async with self._calls.framed(reading.method, context.invocation_metadata() or ()) as call:
                    request = call.asked(reading.request(sent))
                    return await call.answer(behavior(request, context))
            except ClockwireError as refusal:
                await _refuse(context, refusal)

        return answer

    def _many(self, behavior: Behavior, reading: "_Reading") -> Behavior:
        async def answer(sent: object, context: Context) -> AsyncIterator[object]:
            self._arrived()
            try:
                async with self._calls.framed(reading.method, context.invocation_metadata() or ()) as call:
                    request, who = call.asked(reading.request(sent)), call.admitted
                    responses = behavior(request, context)
                    async for each in self._streams.guard(responses, who.caller.api_key_id, who.key_hash):
                        yield each
            except ClockwireError as refusal:
                await _refuse(context, refusal)

        return answer

    def _arrived(self) -> None:
        """A call is under way until the library's task for it ends: then its answer has been sent."""
        self._arrivals += 1
        if task := asyncio.current_task():
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A method, and how its request is read from bytes; None for a stream of requests, which the library reads."""

    method: Method
    read: Callable[[bytes], Message] | None = None

    def request(self, sent: object) -> object:
        """What was sent, read."""
        return sent if self.read is None else decoded(cast("bytes", sent), self.read)


async def _refuse(context: Context, refusal: ClockwireError) -> NoReturn:
    await context.abort(status_of(refusal), message_of(refusal), trailers_of(refusal))
