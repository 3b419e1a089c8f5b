"""What stands around every call: who calls and may it, what an error looks like, and one line in the log."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import grpc
import structlog
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from clockwire.model.errors import ServerDraining
from clockwire.rpc.authentication import Authenticator
from clockwire.rpc.callers import Admitted, admit, caller, set_caller
from clockwire.rpc.errors import message_of, of_exception, status_of, trailers_of
from clockwire.rpc.scopes import ACCESS, OPEN_SERVICES, OPERATOR, Access
from clockwire.rpc.streams import Drain, Streams

__all__ = ["Frame", "caller", "logged_fields"]

_LONGEST_LOGGED = 100
_MOMENT_SECONDS = 0.05
_MOST_MOMENTS = 20
_LOGGED_TYPES = frozenset(
    {
        FieldDescriptor.CPPTYPE_STRING,
        FieldDescriptor.CPPTYPE_BOOL,
        FieldDescriptor.CPPTYPE_INT32,
        FieldDescriptor.CPPTYPE_INT64,
        FieldDescriptor.CPPTYPE_ENUM,
    }
)

Context = grpc.aio.ServicerContext[Any, Any]

log = structlog.get_logger(__name__)


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
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or method.split("/")[1] in OPEN_SERVICES:
            return handler
        access = ACCESS.get(method, Access(scope=OPERATOR))
        coded = {
            "request_deserializer": handler.request_deserializer,
            "response_serializer": handler.response_serializer,
        }
        match handler.request_streaming, handler.response_streaming:
            case False, False:
                return grpc.unary_unary_rpc_method_handler(self._once(handler.unary_unary, method, access), **coded)
            case False, True:
                return grpc.unary_stream_rpc_method_handler(self._many(handler.unary_stream, method, access), **coded)
            case True, False:
                return grpc.stream_unary_rpc_method_handler(self._once(handler.stream_unary, method, access), **coded)
            case _:
                return grpc.stream_stream_rpc_method_handler(self._many(handler.stream_stream, method, access), **coded)

    def _once(self, behavior: Any, method: str, access: Access) -> Any:  # noqa: ANN401
        async def answer(request: Any, context: Context) -> Any:  # noqa: ANN401
            async with self._framed(request, context, method=method, access=access):
                answering = behavior(request, context)
                return await (self._drain.before(answering) if _may_wait(request) else answering)

        return answer

    def _many(self, behavior: Any, method: str, access: Access) -> Any:  # noqa: ANN401
        async def answer(request: Any, context: Context) -> AsyncIterator[Any]:  # noqa: ANN401
            async with self._framed(request, context, method=method, access=access) as admitted:
                responses = behavior(request, context)
                async for each in self._streams.guard(responses, admitted.caller.api_key_id, admitted.key_hash):
                    yield each

        return answer

    @asynccontextmanager
    async def _framed(
        self,
        request: object,
        context: Context,
        *,
        method: str,
        access: Access,
    ) -> AsyncIterator[Admitted]:
        """The call, from letting the caller in to the line in the log."""
        begin = time.perf_counter()
        self._arrivals += 1
        line: dict[str, object] = {"method": method.removeprefix("/clockwire.v1."), **logged_fields(request)}
        try:
            admitted = await self._admitted(context, access)
            line |= {"workspace_id": admitted.caller.workspace_id, "api_key_id": admitted.caller.api_key_id}
            yield admitted
        except (grpc.aio.AbortError, asyncio.CancelledError):
            _log_end(line, "CANCELLED", begin)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets a status and the log a line
            refusal = of_exception(error)
            status = status_of(refusal)
            _log_end(line | {"reason": refusal.reason, "error": str(refusal)[:_LONGEST_LOGGED]}, status.name, begin)
            await context.abort(status, message_of(refusal), trailers_of(refusal))
        else:
            _log_end(line, "OK", begin)

    async def _admitted(self, context: Context, access: Access) -> Admitted:
        if self._drain.over:
            raise ServerDraining
        admitted = await admit(context.invocation_metadata() or (), access, self._authenticator)
        set_caller(admitted)
        return admitted


def logged_fields(request: object) -> Mapping[str, object]:
    """What the log may show of a request: its plain fields, shortened. Never a secret, and no contents of records."""
    if not isinstance(request, Message):
        return {}
    return {
        field.name: _shown(field, value)
        for field, value in request.ListFields()
        if field.cpp_type in _LOGGED_TYPES and isinstance(value, str | int | bool)
    }


def _may_wait(request: object) -> bool:
    return isinstance(request, Message) and "wait_timeout" in request.DESCRIPTOR.fields_by_name


def _shown(field: FieldDescriptor, value: str | int | bool) -> object:  # noqa: FBT001
    if field.GetOptions().debug_redact:
        return "***"
    return value[:_LONGEST_LOGGED] if isinstance(value, str) else value


def _log_end(line: Mapping[str, object], code: str, begin: float) -> None:
    log.info("call", code=code, milliseconds=round((time.perf_counter() - begin) * 1000, 1), **line)
