"""A reader costs nothing while it does not read, and nothing it does holds up another."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from clockwire.cli.databases import opened
from clockwire.client.errors import KeyInvalid, QuotaExceeded
from clockwire.client.records import record_of
from clockwire.model.api_key import SCOPES
from clockwire.model.instants import system_clock
from clockwire.v1.account_service_pb2 import GetCallerRequest
from clockwire.v1.api_key_service_pb2 import RevokeApiKeyRequest
from clockwire.v1.event_service_pb2 import WatchEventsRequest, WatchEventsResponse
from clockwire.v1.events_pb2 import EventStart
from clockwire.v1.record_service_pb2 import BatchMutateRecordsRequest, CreateRecordRequest, RecordMutation
from tests.support.contract import BY_NAME, metadata_of
from tests.support.processes import ServerProcess, server_processes
from tests.support.server import ON_SQLITE, Served, new_key, new_workspace, served

EARLIEST = WatchEventsRequest(start=EventStart(position=EventStart.POSITION_EARLIEST), max_events=500)
LATEST = WatchEventsRequest(start=EventStart(position=EventStart.POSITION_LATEST))
STALLED = 8
MIB = 1024 * 1024
PER_MIB = 70


@pytest.fixture
def api_key(database_url: str) -> str:
    """Of a workspace in the database, before a server runs on it."""
    with opened(database_url) as database:
        return new_key(database, system_clock, new_workspace(database, system_clock, "Slow"), SCOPES)


@pytest.fixture
async def process(database_url: str, api_key: str, tmp_path: Path) -> AsyncIterator[ServerProcess]:
    with server_processes(database_url, tmp_path, 1, "--no-dispatch") as [process]:
        yield process


@ON_SQLITE
async def test_watchers_that_stop_reading_cost_little_memory_and_hold_up_nobody(process: ServerProcess, api_key: str):
    async with process.client(api_key, timeout=30) as client:
        await _write_megabytes(client, 32)  # what the database keeps in memory is full, and will not grow any more
        stalled = [_stalled_watch(process.target, api_key) for _ in range(STALLED)]
        firsts = [await stream.read() for _, stream in stalled]
        before = process.memory
        await _write_megabytes(client, 24)
        grown = process.memory - before

        seen, began = 0, time.monotonic()
        async for response in client.events.WatchEvents(EARLIEST, timeout=30):
            seen += len(response.events)
            if response.caught_up:
                break
        assert seen == 56 * PER_MIB
        assert time.monotonic() - began < 15
        assert grown < 64 * MIB, f"{grown / MIB:.0f} MiB for {STALLED} readers of 24 MiB"

        [(_, resumed), *_] = stalled
        sequences = [event.sequence for event in firsts[0].events]
        while len(sequences) < seen:
            response = await asyncio.wait_for(resumed.read(), 15)
            sequences += [event.sequence for event in response.events]
        assert sequences == list(range(1, seen + 1))
        for channel, stream in stalled:
            stream.cancel()
            await channel.close()


@ON_SQLITE
async def test_200_idle_watchers_hear_of_the_next_change_at_once(database_url: str, clock):
    async with served(database_url, clock, max_streams_per_key=200) as server, server.client(timeout=30) as client:
        opened_ = [asyncio.Event() for _ in range(200)]
        watching = [asyncio.create_task(_next_event(client, each)) for each in opened_]
        async with asyncio.timeout(30):
            await asyncio.gather(*(each.wait() for each in opened_))
            made = await client.create("client", client_name="news")
            began = time.monotonic()
            heard = await asyncio.gather(*watching)
        assert set(heard) == {made.mutation.event_ids[0]}
        assert time.monotonic() - began < 5


async def test_a_revoked_key_ends_its_streams_within_5_seconds_and_no_others(server: Served):
    async with server.client() as admin, server.client(server.new_key()) as guest:
        guest_id = (await guest.account.GetCaller(GetCallerRequest())).api_key.id
        streams = {"admin": admin.events.WatchEvents(LATEST), "guest": guest.events.WatchEvents(LATEST)}
        for stream in streams.values():
            await anext(aiter(stream))
        await admin.api_keys.RevokeApiKey(RevokeApiKeyRequest(api_key_id=guest_id))
        began = time.monotonic()
        with pytest.raises(KeyInvalid):
            await asyncio.wait_for(_to_the_end(streams["guest"]), 10)
        assert time.monotonic() - began < 5
        made = await admin.create("client", client_name="still watched")
        async with asyncio.timeout(10):
            response = await anext(aiter(streams["admin"]))
        assert [event.id for event in response.events] == list(made.mutation.event_ids)


@ON_SQLITE
async def test_streams_that_open_while_keys_are_looked_up_stay_open(server: Served):
    async with server.client(timeout=20) as client:
        anchor = client.events.WatchEvents(LATEST)
        await anext(aiter(anchor))
        for _ in range(20):
            async with server.client(server.new_key(), timeout=20) as newcomer:
                opened_ = asyncio.Event()
                watching = asyncio.create_task(_next_event(newcomer, opened_))
                while not opened_.is_set() and not watching.done():
                    await server.server.streams.check_keys()
                made = await client.create("client", client_name="news")
                assert await watching == made.mutation.event_ids[0]


@ON_SQLITE
async def test_a_key_has_so_many_streams_and_another_key_its_own(database_url: str, clock):
    async with (
        served(database_url, clock, max_streams_per_key=3) as server,
        server.client() as client,
        server.client(server.new_key()) as other,
    ):
        streams = [client.events.WatchEvents(LATEST) for _ in range(3)]
        for stream in streams:
            await anext(aiter(stream))
        with pytest.raises(QuotaExceeded):
            await anext(aiter(client.events.WatchEvents(LATEST)))
        await anext(aiter(other.events.WatchEvents(LATEST)))


async def _write_megabytes(client: Any, count: int) -> None:
    """So many MiB of events, `PER_MIB` of them to the MiB."""
    record = record_of("client", {"client_name": "A", "custom_fields": {"text": "x" * (MIB // PER_MIB - 500)}})
    mutations = [RecordMutation(create=CreateRecordRequest(record=record))] * PER_MIB
    for _ in range(count):
        await client.records.BatchMutateRecords(BatchMutateRecordsRequest(mutations=mutations))


def _stalled_watch(target: str, api_key: str) -> tuple[grpc.aio.Channel, Any]:
    """A stream on a connection of its own, which nobody reads unless a test does."""
    channel = grpc.aio.insecure_channel(target, options=[("grpc.use_local_subchannel_pool", 1)])
    watch: Any = channel.unary_stream(
        BY_NAME["WatchEvents"].path,
        request_serializer=WatchEventsRequest.SerializeToString,
        response_deserializer=WatchEventsResponse.FromString,
    )
    return channel, watch(EARLIEST, metadata=tuple(metadata_of(api_key)))


async def _to_the_end(stream: Any) -> None:
    async for _ in stream:
        continue


async def _next_event(client: Any, opened_: asyncio.Event) -> str:
    """The id of the first event after the stream was opened."""
    async for response in client.events.WatchEvents(LATEST, timeout=30):
        opened_.set()
        for event in response.events:
            return str(event.id)
    raise AssertionError("the stream ended")
