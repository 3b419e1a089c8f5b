"""A server that is killed, or told to end, loses nothing and does nothing twice."""

import asyncio
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from google.protobuf.duration_pb2 import Duration
from sqlalchemy import update

from clockwire.cli.databases import opened
from clockwire.client import AsyncClient
from clockwire.client.errors import Unavailable
from clockwire.model.api_key import SCOPES
from clockwire.model.delivery import LEASE
from clockwire.model.instants import system_clock
from clockwire.storage.tables import delivery
from clockwire.v1.deliveries_pb2 import Delivery
from clockwire.v1.delivery_service_pb2 import GetDeliveryRequest, ListDeliveriesRequest
from clockwire.v1.event_service_pb2 import WatchEventsRequest
from clockwire.v1.events_pb2 import EventFilter, EventStart
from clockwire.v1.record_service_pb2 import CreateRecordResponse
from clockwire.v1.subscription_service_pb2 import CreateSubscriptionRequest
from clockwire.v1.subscriptions_pb2 import RetryPolicy, Subscription
from tests.support.intact import intact
from tests.support.processes import ServerProcess, server_processes
from tests.support.receivers import Answer, Receiver
from tests.support.server import new_key, new_workspace
from tests.support.verifying import Delivered

# Several processes start in each test, and perhaps on a busy machine.
pytestmark = pytest.mark.timeout(150)

KILLS = 3
WRITERS = 4
WRITES_BETWEEN = 25
PATIENCE = 80


@dataclass
class Ground:
    """One server that may be killed, its database, and a key for a workspace in it."""

    server: ServerProcess
    database_url: str
    api_key: str
    receiver: Receiver

    def client(self) -> AsyncClient:
        """A client that never asks twice by itself."""
        return self.server.client(self.api_key, timeout=10)

    @property
    def on_postgresql(self) -> bool:
        """Whether others may hold leases in this database."""
        return self.database_url.startswith("postgresql")

    def let_leases_end(self) -> None:
        """As if their time had passed: what a dead dispatcher held is due."""
        with opened(self.database_url) as database, database.writing() as connection:
            past = update(delivery).where(delivery.c.lease != "").values(due_time=delivery.c.due_time - LEASE)
            connection.execute(past)


@pytest.fixture
def ground(database_url: str, tmp_path: Path) -> Iterator[Ground]:
    with opened(database_url) as database:
        api_key = new_key(database, system_clock, new_workspace(database, system_clock, "Kill"), SCOPES)
    with (
        Receiver() as receiver,
        server_processes(database_url, tmp_path, 1, "--allow-target", "127.0.0.0/8") as [server],
    ):
        yield Ground(server, database_url, api_key, receiver)


@dataclass
class Writing:
    """Writers who ask again, with the same request id, until they are answered."""

    ground: Ground
    answers: dict[str, CreateRecordResponse] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _progress: asyncio.Condition = field(default_factory=asyncio.Condition)

    @asynccontextmanager
    async def going_on(self):
        """The writers write until the block is left, and until each has its last answer."""
        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as writers:
            for number in range(WRITERS):
                writers.create_task(self._write(number))
            yield self
            self._stopping.set()

    async def more(self, count: int) -> None:
        """Returns when so many more writes have been answered."""
        enough = len(self.answers) + count
        async with self._progress:
            await self._progress.wait_for(lambda: len(self.answers) >= enough)

    async def _write(self, number: int) -> None:
        async with self.ground.client() as client:
            each = 0
            while not self._stopping.is_set():
                each += 1
                await self._until_answered(client, f"{number}-{each}")

    async def _until_answered(self, client: AsyncClient, name: str) -> None:
        while name not in self.answers:
            try:
                self.answers[name] = await client.create("client", external_id=name, **_write_of(name))
            except Unavailable as error:
                self.failures[error.reason] += 1
                # The server is away: there is nothing to wait for but time, as much as it asked for.
                await asyncio.sleep(error.retry_after or 0.05)
        async with self._progress:
            self._progress.notify_all()


def _write_of(name: str) -> dict[str, str]:
    return {"client_name": name, "request_id": str(uuid.uuid5(uuid.NAMESPACE_URL, name))}


async def test_what_was_answered_is_kept_once_and_delivered_through_one_kill_after_another(ground: Ground):
    delivered = Delivered(ground.receiver, await _subscribe(ground))
    async with Writing(ground).going_on() as writing:
        for _ in range(KILLS):
            ground.receiver.always(Answer(held=threading.Event()))  # so that each kill meets deliveries under way
            await writing.more(WRITES_BETWEEN)
            await asyncio.to_thread(ground.server.kill)
            ground.receiver.always(Answer())
            await asyncio.to_thread(ground.server.start)
        await writing.more(WRITES_BETWEEN)
    assert writing.failures, "no writer noticed a kill"
    if ground.on_postgresql:
        await asyncio.to_thread(ground.let_leases_end)

    async with ground.client() as client:
        story = await intact(client)
        await _check_repeats(client, writing)
        await _check_deliveries(client)
    logged = {event.id: event for event in story.events}
    assert Counter(event.record.external_id for event in story.events) == Counter(list(writing.answers))
    for name, answer in writing.answers.items():
        [event_id] = answer.mutation.event_ids
        assert logged[event_id].record.external_id == name
        assert story.records[answer.record.id] == answer.record

    bodies = await asyncio.to_thread(delivered.wait_for, set(logged), seconds=15)
    assert {id_: body["id"] for id_, body in bodies.items()} == {id_: logged[id_].record_id for id_ in logged}


async def test_a_server_that_is_told_to_end_ends_streams_finishes_calls_and_loses_nothing(ground: Ground):
    async with ground.client() as client:
        watching = asyncio.create_task(_watch(client))
        async with Writing(ground).going_on() as writing:
            for _ in range(2):
                await writing.more(WRITES_BETWEEN)
                assert await asyncio.to_thread(ground.server.stop) == 0
                await asyncio.to_thread(ground.server.start)
            await writing.more(WRITES_BETWEEN)
        await client.create("client", client_name="the end", external_id="the end")
        seen, reasons = await asyncio.wait_for(watching, PATIENCE)
        story = await intact(client)
    assert seen == [event.id for event in story.events]
    assert reasons["SERVER_DRAINING"] >= 1
    assert writing.failures.keys() <= {"SERVER_DRAINING", ""}  # "": nobody listened
    assert Counter(event.record.external_id for event in story.events) == Counter([*writing.answers, "the end"])


async def _watch(client: AsyncClient) -> tuple[list[str], Counter[str]]:
    """The ids of all events up to the last one, and why streams ended; each is resumed from its last cursor."""
    seen: list[str] = []
    reasons: Counter[str] = Counter()
    start, ended = EventStart(position=EventStart.POSITION_EARLIEST), False
    while not ended:
        try:
            async for response in client.events.WatchEvents(WatchEventsRequest(start=start), timeout=PATIENCE):
                seen.extend(event.id for event in response.events)
                start = EventStart(cursor=response.cursor)
                if any(event.record.external_id == "the end" for event in response.events):
                    ended = True
                    break
        except Unavailable as error:
            reasons[error.reason] += 1
            await asyncio.sleep(0.05)  # as above
    return seen, reasons


async def _check_repeats(client: AsyncClient, writing: Writing) -> None:
    """Each write, asked for once more, gives the record that it gave."""
    for name, answer in list(writing.answers.items())[::7]:
        again = await client.create("client", external_id=name, **_write_of(name))
        assert again.mutation.replayed
        assert again.record == answer.record


async def _check_deliveries(client: AsyncClient) -> None:
    """Each delivery succeeds, and soon: nobody waits for leases of the dead to run out."""
    listing = ListDeliveriesRequest(page_size=1_000)
    for found in (await client.deliveries.ListDeliveries(listing)).deliveries:
        if found.state != Delivery.STATE_SUCCEEDED:
            waiting = GetDeliveryRequest(delivery_id=found.id, wait_timeout=Duration(seconds=8))
            ended = await client.deliveries.GetDelivery(waiting)
            assert ended.delivery.state == Delivery.STATE_SUCCEEDED


async def _subscribe(ground: Ground) -> str:
    """The secret of a new subscription to everything."""
    subscription = Subscription(
        target_url=ground.receiver.url(),
        filter=EventFilter(event_types=["*"]),
        retry_policy=RetryPolicy(delays=[Duration(seconds=1)] * 20),
        max_in_flight=64,
    )
    async with ground.client() as client:
        answer = await client.subscriptions.CreateSubscription(CreateSubscriptionRequest(subscription=subscription))
    return answer.secret
