"""The triggers, in an event loop like the triggerer's, against a real server."""

import asyncio
import json
import time
import uuid
from contextlib import aclosing, asynccontextmanager, suppress

import pytest

from clockwire.client.errors import NotFound
from clockwire.v1.consumer_service_pb2 import DeleteConsumerRequest, GetConsumerRequest
from clockwire.v1.record_service_pb2 import BatchMutateRecordsRequest
from clockwire_provider.triggers.events import ClockwireDoorbellTrigger, ClockwireEventTrigger
from tests.airflow_provider.conftest import connection_json
from tests.support.serving import running_server

pytestmark = pytest.mark.usefixtures("connection")


@pytest.fixture
def consumer():
    """A name that no other test has."""
    return f"bell-{uuid.uuid4()}"


def doorbell(consumer, **given):
    return ClockwireDoorbellTrigger(consumer=consumer, start=given.pop("start", "latest"), **given)


def test_a_trigger_can_be_made_again_elsewhere():
    for trigger in (
        ClockwireEventTrigger(
            clockwire_conn_id="c", start="earliest", event_types=["project.*"], filter={"user_ids": ["u"]}, deadline=1.5
        ),
        doorbell("payroll", event_types=("project.*",), filter={"user_ids": ["u"]}, first_rering_seconds=5),
    ):
        path, kwargs = trigger.serialize()
        again = type(trigger)(**json.loads(json.dumps(kwargs)))

        assert again.serialize() == (path, kwargs)


def test_two_consumers_have_two_triggers():
    """Airflow runs event triggers that are described alike as one."""
    one, other = doorbell("one").serialize(), doorbell("other").serialize()

    assert ClockwireDoorbellTrigger.hash(*one) != ClockwireDoorbellTrigger.hash(*other)


async def test_the_event_trigger_fires_for_what_comes_later(client):
    start = client.pull("latest").cursor
    trigger = ClockwireEventTrigger(clockwire_conn_id="clockwire_default", start=start, event_types=["project.*"])
    firing = asyncio.ensure_future(anext(trigger.run()))

    project = await asyncio.to_thread(client.create, "project", project_name="Website")

    event = await asyncio.wait_for(firing, 10)
    assert event.payload == {
        "status": "found",
        "event_id": project.mutation.event_ids[0],
        "cursor": project.mutation.cursor,
        "deadline": None,
    }


@pytest.mark.parametrize("seconds", [0.3, -3600], ids=["while it waits", "before it began"])
async def test_the_event_trigger_keeps_its_deadline(client, seconds):
    deadline = time.time() + seconds
    trigger = ClockwireEventTrigger(
        clockwire_conn_id="clockwire_default", start="earliest", event_types=["invoice.*"], deadline=deadline
    )

    assert [event.payload async for event in trigger.run()] == [{"status": "timeout", "deadline": deadline}]
    assert time.time() >= deadline


async def test_an_event_that_is_there_is_found_however_late_the_triggerer_begins(client):
    start = client.pull("latest").cursor
    project = client.create("project", project_name="In time").mutation.event_ids[0]
    trigger = ClockwireEventTrigger(clockwire_conn_id="clockwire_default", start=start, deadline=time.time() - 3600)

    (event,) = [event async for event in trigger.run()]

    assert (event.payload["status"], event.payload["event_id"]) == ("found", project)


async def test_a_missing_connection_is_an_answer_and_not_a_crash():
    trigger = ClockwireEventTrigger(clockwire_conn_id="nowhere", start="earliest")

    (event,) = [event async for event in trigger.run()]

    assert event.payload["status"] == "error"
    assert "nowhere" in event.payload["message"]


async def test_the_bell_rings_for_news_and_falls_silent_when_they_are_fetched(client, consumer):
    async with ringing(doorbell(consumer, event_types=["project.*"])) as ring:
        await created(client, consumer)
        first = await asyncio.to_thread(client.create, "project", project_name="First")
        assert await ring() == {"consumer": consumer, "reason": "new", "head": first.mutation.cursor}

        client.commit(consumer, first.mutation.cursor)
        second = await asyncio.to_thread(client.create, "project", project_name="Second")
        assert await ring() == {"consumer": consumer, "reason": "new", "head": second.mutation.cursor}


async def test_the_bell_rings_for_timers(client, consumer):
    user = client.create("user", user_name="Ada").record.id
    async with ringing(doorbell(consumer, event_types=["timer.*"])) as ring:
        await created(client, consumer)
        started = await asyncio.to_thread(client.start_timer, user)
        assert await ring() == {"consumer": consumer, "reason": "new", "head": started.mutation.cursor}


async def test_the_bell_rings_again_while_nobody_comes(client, consumer):
    async with ringing(doorbell(consumer, first_rering_seconds=0.1, longest_rering_seconds=0.2)) as ring:
        await created(client, consumer)
        await asyncio.to_thread(client.create, "project", project_name="First")

        assert [(await ring())["reason"] for _ in range(3)] == ["new", "behind", "behind"]


async def test_a_new_triggerer_rings_for_what_was_waiting(client, consumer):
    """Nothing of the trigger survives: the consumer's place is all there is."""
    place = client.open_consumer(consumer, "latest").cursor
    client.create("project", project_name="While nobody watched")

    async with ringing(doorbell(consumer)) as ring:
        assert (await ring())["reason"] == "new"

    assert place_of(client, consumer) == place


async def test_many_events_at_once_are_one_ring(client, consumer):
    async with ringing(doorbell(consumer)) as ring:
        await created(client, consumer)
        batch = BatchMutateRecordsRequest()
        for number in range(10):
            batch.mutations.add().create.record.project.project_name = str(number)
        head = (await asyncio.to_thread(client.records.BatchMutateRecords, batch)).mutation.cursor

        assert (await ring())["head"] == head


async def test_an_idle_consumer_moves_past_what_its_filter_leaves_out(client, consumer):
    """Otherwise it would fall out of retention while nothing happens that concerns it."""
    client.open_consumer(consumer, "latest")
    unwanted = client.create("project", project_name="Not wanted").mutation.cursor

    async with ringing(doorbell(consumer, event_types=["client.*"])) as ring:
        wanted = await asyncio.to_thread(client.create, "client", client_name="Acme")
        await ring()
        client.commit(consumer, wanted.mutation.cursor)
        later = await asyncio.to_thread(client.create, "project", project_name="Nor this")
        await _until(lambda: place_of(client, consumer) == later.mutation.cursor)

    assert later.mutation.cursor != unwanted


@pytest.mark.timeout(180)  # it starts a server twice
async def test_a_server_that_is_away_is_waited_for(consumer, tmp_path, monkeypatch):
    with running_server(tmp_path) as server, server.client() as client:
        monkeypatch.setenv("AIRFLOW_CONN_CLOCKWIRE_DEFAULT", connection_json(server))
        async with ringing(doorbell(consumer)) as ring:
            await created(client, consumer)
            server.kill()
            await asyncio.to_thread(server.start)
            await asyncio.to_thread(client.create, "project", project_name="After the crash")

            assert (await ring())["reason"] == "new"


async def test_an_error_that_stays_is_rung_for(consumer, server, monkeypatch):
    """So that a drain meets it and fails where people look: what a watcher logs is on no page of Airflow."""
    stored = {**json.loads(connection_json(server)), "password": "cw_live_wrong"}
    monkeypatch.setenv("AIRFLOW_CONN_CLOCKWIRE_DEFAULT", json.dumps(stored))

    async with ringing(doorbell(consumer, first_rering_seconds=0.1, longest_rering_seconds=0.2)) as ring:
        assert [(await ring())["reason"] for _ in range(3)] == ["error"] * 3


async def test_a_consumer_that_was_deleted_is_made_again(client, consumer):
    async with ringing(doorbell(consumer, first_rering_seconds=0.1)) as ring:
        await created(client, consumer)
        client.consumers.DeleteConsumer(DeleteConsumerRequest(name=consumer))
        await asyncio.to_thread(client.create, "project", project_name="Unseen")

        assert (await ring())["reason"] == "error"
        await created(client, consumer)


@asynccontextmanager
async def ringing(trigger):
    """The trigger runs, as it would in the triggerer; what is yielded waits for its next ring."""
    rings: asyncio.Queue[dict[str, str]] = asyncio.Queue()

    async def run():
        async with aclosing(trigger.run()) as events:
            async for event in events:
                rings.put_nowait(event.payload)

    async def next_ring():
        return await asyncio.wait_for(rings.get(), 40)

    running = asyncio.create_task(run())
    try:
        yield next_ring
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def place_of(client, consumer):
    return client.consumers.GetConsumer(GetConsumerRequest(name=consumer)).consumer.cursor


async def created(client, consumer):
    """Wait until the trigger has made its consumer, so that what is written then comes after it."""
    await _until(lambda: place_of(client, consumer))


async def _until(holds):
    """Airflow and the server tell nobody when this holds: one has to look."""
    async with asyncio.timeout(30):
        while True:
            with suppress(NotFound):
                if await asyncio.to_thread(holds):
                    return
            await asyncio.sleep(0.02)
