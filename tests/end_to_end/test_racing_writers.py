"""However many write at once, through however many servers, every reader sees one log."""

import asyncio
import random
from dataclasses import dataclass, field

import pytest
from google.protobuf.duration_pb2 import Duration

from clockwire.client import AsyncClient
from clockwire.client.errors import EtagMismatch, NotFound
from clockwire.client.records import record_of
from clockwire.v1.event_service_pb2 import PullEventsRequest, WatchEventsRequest
from clockwire.v1.events_pb2 import Event, EventStart
from clockwire.v1.record_service_pb2 import BatchMutateRecordsRequest, CreateRecordRequest, RecordMutation
from clockwire.v1.records_pb2 import Record
from tests.support.intact import intact

# Several processes start, and perhaps on a busy machine.
pytestmark = pytest.mark.timeout(400)

WRITERS = 6
ROUNDS = 12
EARLIEST = EventStart(position=EventStart.POSITION_EARLIEST)
PATIENCE = 80


@dataclass
class Seen:
    """What one reader saw."""

    events: list[Event] = field(default_factory=list)
    watermark: int = 0

    def take(self, response) -> None:
        """A response of a watch or a pull; its promises are held to at once."""
        for event in response.events:
            assert event.sequence == len(self.events) + 1, "a hole, or an event twice"
            assert event.commit_time.ToMicroseconds() >= self.watermark, "an event after a time that was closed"
            self.events.append(event)
        self.watermark = max(self.watermark, response.watermark_time.ToMicroseconds())


async def test_every_reader_sees_each_event_once_in_order_and_the_same_as_all_others(clients: list[AsyncClient]):
    counter = (await clients[0].create("category", category_name="0")).record
    readers = [asyncio.create_task(read(client)) for client in clients for read in (_watch, _pull)]
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as writing:
        writers = [
            writing.create_task(_write(clients[number % len(clients)], number, counter)) for number in range(WRITERS)
        ]
    await clients[0].create("client", client_name="the end")
    logs = await asyncio.wait_for(asyncio.gather(*readers), PATIENCE)

    assert len({tuple(event.SerializeToString(deterministic=True) for event in seen.events) for seen in logs}) == 1
    story = await intact(clients[-1])
    assert story.events == logs[0].events
    answered = [id_ for writer in writers for id_ in writer.result().event_ids]
    assert len(answered) == len(set(answered))
    assert set(answered) == {event.id for event in story.events[1:-1]}
    assert story.records[counter.id].category.category_name == str(sum(writer.result().counted for writer in writers))


async def test_streams_that_open_while_others_write_send_each_event_once(clients: list[AsyncClient]):
    async with asyncio.timeout(PATIENCE):
        watching = []
        for number in range(40):
            watching.append(asyncio.create_task(_sequences(clients[number % len(clients)])))
            await asyncio.gather(*(clients[0].create("client", client_name=f"{number}-{each}") for each in range(3)))
        await clients[0].create("client", client_name="the end")
        for sequences in await asyncio.gather(*watching):
            assert sequences == list(range(sequences[0], sequences[-1] + 1))


@dataclass
class Wrote:
    """What a writer was told."""

    event_ids: list[str] = field(default_factory=list)
    counted: int = 0


async def _write(client: AsyncClient, number: int, counter: Record) -> Wrote:
    """Creates, changes and deletes its own records, counts in one that all share, and writes batches."""
    wrote, own = Wrote(), random.Random(number)
    for each in range(ROUNDS):
        made = await client.create("client", client_name=f"{number}-{each}")
        changed = await client.update("client", id=made.record.id, client_name="changed", etag=made.record.etag)
        with pytest.raises(EtagMismatch):
            await client.update("client", id=made.record.id, client_name="late", etag=made.record.etag)
        wrote.event_ids += [*made.mutation.event_ids, *changed.mutation.event_ids]
        if own.random() < 0.5:
            wrote.event_ids += (await client.delete("client", made.record.id)).mutation.event_ids
            with pytest.raises(NotFound):
                await client.update("client", id=made.record.id, client_name="gone")
        wrote.event_ids += (await client.records.BatchMutateRecords(_batch(f"{number}-{each}"))).mutation.event_ids
        await _count(client, counter, wrote)
    return wrote


async def _count(client: AsyncClient, counter: Record, wrote: Wrote) -> None:
    """One more in the counter, unless somebody else counted meanwhile."""
    now = await client.get("category", counter.id)
    name = str(int(now.category.category_name) + 1)
    try:
        changed = await client.update("category", id=counter.id, category_name=name, etag=now.etag)
    except EtagMismatch:
        return
    wrote.event_ids += changed.mutation.event_ids
    wrote.counted += 1


def _batch(name: str) -> BatchMutateRecordsRequest:
    records = [record_of("category", {"category_name": f"{name} {each}"}) for each in range(3)]
    return BatchMutateRecordsRequest(
        mutations=[RecordMutation(create=CreateRecordRequest(record=record)) for record in records]
    )


async def _watch(client: AsyncClient) -> Seen:
    seen = Seen()
    request = WatchEventsRequest(start=EARLIEST, heartbeat_interval=Duration(seconds=1), max_events=7)
    async for response in client.events.WatchEvents(request, timeout=PATIENCE):
        seen.take(response)
        if _ended(seen):
            return seen
    raise AssertionError("the stream ended")


async def _sequences(client: AsyncClient) -> list[int]:
    """The sequences of what comes from now on, up to the end."""
    sequences: list[int] = []
    request = WatchEventsRequest(start=EventStart(position=EventStart.POSITION_LATEST))
    async for response in client.events.WatchEvents(request, timeout=PATIENCE):
        sequences.extend(event.sequence for event in response.events)
        if any(event.record.client.client_name == "the end" for event in response.events):
            break
    return sequences


async def _pull(client: AsyncClient) -> Seen:
    seen, start = Seen(), EARLIEST
    while not _ended(seen):
        request = PullEventsRequest(start=start, wait_timeout=Duration(seconds=1), max_events=5)
        response = await client.events.PullEvents(request)
        seen.take(response)
        start = EventStart(cursor=response.cursor)
    return seen


def _ended(seen: Seen) -> bool:
    return bool(seen.events) and seen.events[-1].record.client.client_name == "the end"
