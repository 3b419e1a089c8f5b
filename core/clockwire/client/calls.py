"""How one call is made.

Both classes stand where the generated stubs expect a channel, so every method of every stub has the terms of the
session: key, deadline, repetition on a fresh channel, and `clockwire.client.errors` instead of statuses.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import Message

from clockwire.client.attempts import Attempts, identified, repeatable
from clockwire.client.channels import Channels, this_loop, this_process
from clockwire.client.errors import Unavailable
from clockwire.client.session import Session
from clockwire.client.statuses import error_of

Metadata = Sequence[tuple[str, str]]
Codec = Callable[[Any], Any]


class BlockingCalls:
    """Calls that return when the answer is there."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._channels = Channels(session.open_channel, this_process)

    def close(self) -> None:
        """End what is running and close the connection."""
        if (channel := self._channels.take()) is not None:
            channel.close()

    def unary_unary(
        self, path: str, request_serializer: Codec, response_deserializer: Codec, **_: object
    ) -> Callable[..., Any]:
        """A method with one answer."""
        codecs = (request_serializer, response_deserializer)

        def call(request: Message, timeout: float | None = None, metadata: Metadata = ()) -> object:
            request = identified(request)
            attempts = _attempts(self._session, path, timeout)
            while True:
                channel = self._channels.current()
                try:
                    return channel.unary_unary(path, *codecs)(
                        request, timeout=attempts.seconds_left(), metadata=(*self._session.metadata, *metadata)
                    )
                except grpc.RpcError as failure:
                    error = error_of(failure)
                    self._forget(channel, error)
                    if (delay := attempts.delay_after(error)) is None:
                        raise error from failure
                time.sleep(delay)

        return call

    def unary_stream(
        self, path: str, request_serializer: Codec, response_deserializer: Codec, **_: object
    ) -> Callable[..., Iterator[Any]]:
        """A method with a stream of answers; without a deadline unless one is given, and never repeated."""
        codecs = (request_serializer, response_deserializer)

        def call(request: Message, timeout: float | None = None, metadata: Metadata = ()) -> Iterator[object]:
            channel = self._channels.current()
            stream = channel.unary_stream(path, *codecs)(
                request, timeout=timeout, metadata=(*self._session.metadata, *metadata)
            )
            try:
                yield from stream
            except grpc.RpcError as failure:
                error = error_of(failure)
                self._forget(channel, error)
                raise error from failure
            finally:
                stream.cancel()

        return call

    def _forget(self, channel: grpc.Channel, error: Exception) -> None:
        if isinstance(error, Unavailable):
            self._channels.discard(channel)


class AsyncCalls:
    """Calls that are awaited, in one event loop at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._channels = Channels(session.open_async_channel, this_loop)

    async def close(self) -> None:
        """End what is running and close the connection."""
        if (channel := self._channels.take()) is not None:
            await channel.close()

    def unary_unary(
        self, path: str, request_serializer: Codec, response_deserializer: Codec, **_: object
    ) -> Callable[..., Awaitable[Any]]:
        """A method with one answer."""
        codecs = (request_serializer, response_deserializer)

        async def call(request: Message, timeout: float | None = None, metadata: Metadata = ()) -> object:  # noqa: ASYNC109 - as gRPC names it
            request = identified(request)
            attempts = _attempts(self._session, path, timeout)
            while True:
                channel = self._channels.current()
                try:
                    return await channel.unary_unary(path, *codecs)(
                        request, timeout=attempts.seconds_left(), metadata=(*self._session.metadata, *metadata)
                    )
                except grpc.aio.AioRpcError as failure:
                    error = error_of(failure)
                    self._forget(channel, error)
                    if (delay := attempts.delay_after(error)) is None:
                        raise error from failure
                await asyncio.sleep(delay)

        return call

    def unary_stream(
        self, path: str, request_serializer: Codec, response_deserializer: Codec, **_: object
    ) -> Callable[..., AsyncIterator[Any]]:
        """A method with a stream of answers; without a deadline unless one is given, and never repeated."""
        codecs = (request_serializer, response_deserializer)

        async def call(
            request: Message,
            timeout: float | None = None,  # noqa: ASYNC109 - as gRPC names it
            metadata: Metadata = (),
        ) -> AsyncIterator[object]:
            channel = self._channels.current()
            stream = channel.unary_stream(path, *codecs)(
                request, timeout=timeout, metadata=(*self._session.metadata, *metadata)
            )
            try:
                async for response in stream:
                    yield response
            except grpc.aio.AioRpcError as failure:
                error = error_of(failure)
                self._forget(channel, error)
                raise error from failure
            finally:
                # grpc.aio goes on reading an abandoned stream for ever (grpc/grpc#43462).
                stream.cancel()

        return call

    def _forget(self, channel: grpc.aio.Channel, error: Exception) -> None:
        if isinstance(error, Unavailable):
            self._channels.discard(channel)


def _attempts(session: Session, path: str, timeout: float | None) -> Attempts:
    return Attempts(
        timeout=session.timeout if timeout is None else timeout, retries=session.retries if repeatable(path) else 0
    )
