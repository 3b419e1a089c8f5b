"""What callers hear whose server ends just then."""

import asyncio
import socket
from collections import Counter
from contextlib import asynccontextmanager
from datetime import timedelta

import grpc
import pytest

from clockwire.api.authentication import Authenticator
from clockwire.api.calls import Calls
from clockwire.api.draining import Drain
from clockwire.client.errors import ServerDraining
from clockwire.client.statuses import error_of
from clockwire.model.api_key import SCOPES
from clockwire.rpc.hanging_up import hang_up
from clockwire.rpc.interceptors import Frame
from clockwire.rpc.listening import bind, new_server
from clockwire.rpc.streams import Streams
from clockwire.v1.account_service_pb2 import GetCallerRequest, GetCallerResponse
from clockwire.v1.event_service_pb2 import WatchEventsRequest
from clockwire.v1.events_pb2 import EventStart
from tests.support.server import ON_SQLITE, new_key, new_workspace, served

CALLER = "/clockwire.v1.AccountService/GetCaller"
WATCH = "/clockwire.v1.EventService/WatchEvents"
LATEST = EventStart(position=EventStart.POSITION_LATEST)
IMPATIENT = 6


@ON_SQLITE
async def test_who_calls_again_at_once_hears_unavailable_and_nothing_else(database_url, clock):
    callers = Impatient()
    async with asyncio.TaskGroup() as calling:
        async with served(database_url, clock) as server:
            for number in range(IMPATIENT):
                calling.create_task(callers.call(server, WATCH if number % 2 else CALLER))
            await callers.have_all_been_answered()
        callers.leave()
    assert callers.heard.keys() == {grpc.StatusCode.UNAVAILABLE}
    assert callers.reasons[ServerDraining.reason]


@ON_SQLITE
async def test_a_call_under_way_is_answered_before_its_connection_ends(database, clock):
    async with holding(database, clock) as held:
        answer = held.call()
        await held.arrived.wait()
        ending = asyncio.create_task(held.end(within=timedelta(seconds=30)))
        await held.frame.settled(timedelta(0))  # as long as one would wait if nothing were under way
        held.release.set()
        assert (await answer).workspace.name == "held"
        await ending


@ON_SQLITE
async def test_a_call_that_takes_too_long_hears_unavailable(database, clock):
    async with holding(database, clock) as held:
        answer = held.call()
        await held.arrived.wait()
        await held.end(within=timedelta(0))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await answer
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE


def test_a_port_that_is_hung_up_is_free_and_what_was_sent_before_arrives():
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_server(("127.0.0.1", 0)) as other:
        address, elsewhere = listener.getsockname(), other.getsockname()
        with socket.create_connection(address) as caller, socket.create_connection(elsewhere) as bystander:
            ours, theirs = listener.accept()[0], other.accept()[0]
            with ours, theirs:
                ours.sendall(b"before")

                hang_up(address[1])

                assert [caller.recv(100), caller.recv(100)] == [b"before", b""]
                caller.sendall(b"still read")
                assert ours.recv(100) == b"still read"
                theirs.sendall(b"not ours")
                assert bystander.recv(100) == b"not ours"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)
        socket.create_connection(elsewhere).close()


class Impatient:
    """Callers who call again at once, whatever they hear, until they leave."""

    def __init__(self):
        self.heard: Counter[grpc.StatusCode] = Counter()
        self.reasons: Counter[str] = Counter()
        self._answered = asyncio.Barrier(IMPATIENT + 1)
        self._left = False

    async def have_all_been_answered(self):
        """Each has had one good answer."""
        await self._answered.wait()

    def leave(self):
        """None calls again."""
        self._left = True

    async def call(self, server, method):
        """One of them, over a connection of its own."""
        credentials = (("authorization", f"Bearer {server.api_key}"),)
        async with server.channel() as channel:
            await self._once(channel, method, credentials)
            await self._answered.wait()
            while not self._left:
                try:
                    await self._once(channel, method, credentials)
                except grpc.aio.AioRpcError as failure:
                    self.heard[failure.code()] += 1
                    self.reasons[error_of(failure).reason] += 1
                await asyncio.sleep(0)  # an error that is known without asking anybody lets nobody else run

    async def _once(self, channel, method, credentials):
        if method == CALLER:
            await channel.unary_unary(CALLER)(GetCallerRequest().SerializeToString(), metadata=credentials)
        else:
            stream = channel.unary_stream(WATCH)(
                WatchEventsRequest(start=LATEST).SerializeToString(), metadata=credentials
            )
            await stream.read()
            stream.cancel()


class Held:
    """A server with one method, which answers when it is told to."""

    def __init__(self, frame, drain, api_key):
        self.arrived, self.release = asyncio.Event(), asyncio.Event()
        self.frame, self._drain, self._api_key = frame, drain, api_key
        self._server = new_server(frame)
        service, method = CALLER.strip("/").split("/")
        handler = grpc.unary_unary_rpc_method_handler(
            self._answer, GetCallerRequest.FromString, GetCallerResponse.SerializeToString
        )
        self._server.add_registered_method_handlers(service, {method: handler})
        self.port = bind(self._server, "127.0.0.1:0", None)

    async def start(self):
        """It answers."""
        await self._server.start()
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{self.port}")

    def call(self):
        """A call of its method."""
        calling = self._channel.unary_unary(CALLER, GetCallerRequest.SerializeToString, GetCallerResponse.FromString)
        return calling(GetCallerRequest(), metadata=(("authorization", f"Bearer {self._api_key}"),))

    async def end(self, within):
        """It drains for so long, and has ended."""
        self._drain.begin()
        await self.frame.settled(within)
        hang_up(self.port)
        await self._server.stop(None)

    async def close(self):
        """Nothing of it is left."""
        await self._channel.close()
        await self._server.stop(None)

    async def _answer(self, _request, _context):
        self.arrived.set()
        await self.release.wait()
        answer = GetCallerResponse()
        answer.workspace.name = "held"
        return answer


@asynccontextmanager
async def holding(database, clock):
    """A server that holds its calls."""
    api_key = new_key(database, clock, new_workspace(database, clock, "held"), SCOPES)
    authenticator, drain = Authenticator(database, clock), Drain()
    frame = Frame(Calls(authenticator, drain), Streams(authenticator, drain, limit=1))
    held = Held(frame, drain, api_key)
    await held.start()
    try:
        yield held
    finally:
        await held.close()
