"""When streams and long polls end that would go on for ever."""

import asyncio
from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from clockwire.api.authentication import Authenticator
from clockwire.api.draining import Drain
from clockwire.client.errors import KeyInvalid, QuotaExceeded, ServerDraining
from clockwire.client.statuses import error_of
from clockwire.model.instants import MINUTE
from clockwire.rpc.streams import Streams
from clockwire.v1.account_service_pb2 import GetCallerRequest
from clockwire.v1.api_key_service_pb2 import RevokeApiKeyRequest
from clockwire.v1.event_service_pb2 import PullEventsRequest, WatchEventsRequest
from clockwire.v1.events_pb2 import EventStart
from tests.support.server import ON_SQLITE, served

LATEST = EventStart(position=EventStart.POSITION_LATEST)
WATCH = "/clockwire.v1.EventService/WatchEvents"
PULL = "/clockwire.v1.EventService/PullEvents"


async def test_a_drain_ends_every_stream_and_asks_to_come_back(database_url, clock):
    async with served(database_url, clock) as server:
        channel = server.channel()
        streams = [await watching(channel, server.api_key) for _ in range(20)]
    ends = await asyncio.gather(*(end_of(stream) for stream in streams))
    await channel.close()
    assert {type(end) for end in ends} == {ServerDraining}
    assert {end.retry_after for end in ends} == {1.0}


@ON_SQLITE
async def test_a_drain_tells_the_library_itself_how_long_to_wait(database_url, clock):
    async with served(database_url, clock) as server:
        channel = server.channel()
        stream = await watching(channel, server.api_key)
    await end_of(stream)
    assert dict(await stream.trailing_metadata())["grpc-retry-pushback-ms"] == "1000"
    await channel.close()


@ON_SQLITE
async def test_a_drain_ends_long_polls(database_url, clock):
    async with served(database_url, clock) as server:
        channel = server.channel()
        request = PullEventsRequest(start=LATEST, wait_timeout=Duration(seconds=60))
        poll: Any = channel.unary_unary(PULL)
        answer = poll(request.SerializeToString(), metadata=bearer(server.api_key), timeout=60)
        other = await watching(channel, server.api_key)  # the poll came before it on the same connection
    assert isinstance(await end_of_call(answer), ServerDraining)
    assert isinstance(await end_of(other), ServerDraining)
    await channel.close()


@ON_SQLITE
async def test_while_it_drains_a_server_says_that_it_does_not_serve(database_url, clock):
    async with served(database_url, clock) as server:
        channel = server.channel()
        health = HealthStub(channel).Watch(HealthCheckRequest(service="clockwire.v1.RecordService"))
        assert (await health.read()).status == HealthCheckResponse.SERVING
    states, end = await rest_of(health)
    assert states == [HealthCheckResponse.NOT_SERVING]
    assert isinstance(end, ServerDraining)
    await channel.close()


async def test_a_revoked_key_s_streams_end(server):
    key = server.new_key("events.read")
    async with server.channel() as channel, server.client() as client:
        theirs, ours = await watching(channel, key), await watching(channel, server.api_key)
        async with server.client(key) as holder:
            key_id = (await holder.account.GetCaller(GetCallerRequest())).api_key.id
        await client.api_keys.RevokeApiKey(RevokeApiKeyRequest(api_key_id=key_id))
        await server.server.streams.check_keys()
        assert isinstance(await end_of(theirs), KeyInvalid)
        assert server.server.streams.open_count == 1
        ours.cancel()


@ON_SQLITE
async def test_an_expired_key_s_streams_end(server):
    key = server.new_key("events.read")
    with server.database.writing() as connection:
        end = server.clock() + MINUTE
        connection.exec_driver_sql(f"UPDATE api_key SET expire_time = {end} WHERE scopes = 'events.read'")
    async with server.channel() as channel:
        stream = await watching(channel, key)
        await server.server.streams.check_keys()
        assert server.server.streams.open_count == 1
        server.clock.now += MINUTE
        await server.server.streams.check_keys()
        assert isinstance(await end_of(stream), KeyInvalid)


@ON_SQLITE
async def test_open_streams_are_limited_for_each_key(database_url, clock):
    async with served(database_url, clock, max_streams_per_key=2) as server, server.channel() as channel:
        open_ones = [await watching(channel, server.api_key) for _ in range(2)]
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await watching(channel, server.api_key)
        assert isinstance(error_of(caught.value), QuotaExceeded)
        open_ones.append(await watching(channel, server.new_key("events.read")))
        for stream in open_ones:
            stream.cancel()


async def test_a_stream_that_was_left_makes_room_for_another(database):
    streams = Streams(Authenticator(database, lambda: 0), Drain(), limit=1)
    first = streams.guard(numbers(), "key", b"")
    assert await anext(first) == 0
    with pytest.raises(Exception, match="at most 1"):
        await anext(streams.guard(numbers(), "key", b""))
    await first.aclose()
    assert [number async for number in streams.guard(numbers(), "key", b"")] == [0, 1, 2]


async def test_a_stream_that_has_grown_old_ends_and_asks_to_come_back(database):
    streams = Streams(Authenticator(database, lambda: 0), Drain(), limit=1, age=timedelta(milliseconds=10))
    with pytest.raises(Exception, match="reconnect"):
        await anext(streams.guard(never(), "key", b""))
    assert streams.open_count == 0


async def test_the_source_of_a_stream_that_ends_is_closed(database):
    closed, drain = asyncio.Event(), Drain()
    streams = Streams(Authenticator(database, lambda: 0), drain, limit=1)

    async def source():
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            closed.set()

    stream = streams.guard(source(), "key", b"")
    assert await anext(stream) == 1
    streams.drain()
    with pytest.raises(Exception, match="reconnect"):
        await anext(stream)
    assert closed.is_set()


async def test_calls_in_flight_finish_and_what_was_refused_was_not_done(database_url, clock, database):
    async with served(database_url, clock) as server:
        client = server.client()
        calls = [asyncio.ensure_future(client.create("client", client_name=f"c{number}")) for number in range(50)]
        await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    ends = await asyncio.gather(*calls, return_exceptions=True)
    await client.close()
    refused = [end for end in ends if isinstance(end, BaseException)]
    assert {type(end) for end in refused} <= {ServerDraining}
    with database.reading() as connection:
        stored = connection.exec_driver_sql("SELECT count(*) FROM record").scalar_one()
    assert stored == len(ends) - len(refused) > 0


async def never():
    """A source that never gives anything."""
    await asyncio.Event().wait()
    yield


async def numbers():
    """A source that ends by itself."""
    for number in range(3):
        yield number


async def watching(channel, key):
    """A watch that has begun."""
    request = WatchEventsRequest(start=LATEST)
    stream = channel.unary_stream(WATCH)(request.SerializeToString(), metadata=bearer(key))
    await stream.read()
    return stream


async def end_of(stream):
    """What a stream ends with."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await asyncio.wait_for(stream.read(), 10)
    return error_of(caught.value)


async def rest_of(health):
    """The states that a watch of health still tells, and what it ends with."""
    states = []
    while True:
        try:
            states.append((await asyncio.wait_for(health.read(), 10)).status)
        except grpc.aio.AioRpcError as error:
            return states, error_of(error)


async def end_of_call(call):
    """What a unary call ends with."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await asyncio.wait_for(call, 10)
    return error_of(caught.value)


def bearer(key):
    """The metadata that shows a key."""
    return (("authorization", f"Bearer {key}"),)
